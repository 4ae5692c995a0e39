"""The web page: the same operations as the command line, to look at. Read-only, for this machine's browser alone."""
