"""The commands: `everstore-server`, and `everstore` with one file for each subcommand."""
