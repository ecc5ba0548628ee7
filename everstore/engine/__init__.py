"""The store itself: open journals, request handlers, the group commit. No sockets: what an embedded store would use
too.
"""
