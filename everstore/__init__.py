"""Everstore: an event store whose journals are text files and whose conflicts are decided by event types."""

__version__ = "1.0.0"
