"""A worker process: one plain loop over its own journals, and the channel to the supervisor."""
