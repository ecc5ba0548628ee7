"""Starting what is measured, and stopping it: each contender's server, on a free port of loopback, with its data in a
directory that goes with it.
"""
