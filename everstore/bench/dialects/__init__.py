"""How each contender is talked to: requests as ready bytes, answers recognised by their shape."""
