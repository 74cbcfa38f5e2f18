"""The command line: one file for each command, found by name when it is called."""
