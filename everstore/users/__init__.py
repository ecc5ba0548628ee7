"""Users in a file: who they are, what they may do, and how their passwords are kept."""
