"""Every file system call of the server: journal files, commit log, repair, the directory's lock. See FORMAT.md."""
