"""Who runs it, and where."""

import os
import platform
import socket
import subprocess

print(socket.gethostname(), platform.node(), os.getpid(), os.uname().nodename)
print(subprocess.check_output(["hostname"], text=True))
