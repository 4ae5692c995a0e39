"""From a runspec to a recorded run, and back bit for bit."""
