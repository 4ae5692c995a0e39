"""The runspec room: YAML text to a RunSpec, with located errors. No clock, no files, no randomness."""
