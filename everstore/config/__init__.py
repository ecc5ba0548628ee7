"""The server's settings: what they are, where they come from, what they may be."""
