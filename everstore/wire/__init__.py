"""The wire protocol, pure: bytes in, tuples out, and back. See PROTOCOL.md."""
