"""The blocking shell: sockets, locks, and nothing that decides."""
