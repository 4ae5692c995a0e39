"""Runs a static program, which says what time it is."""

import subprocess

print(subprocess.check_output(["./static"], text=True))
