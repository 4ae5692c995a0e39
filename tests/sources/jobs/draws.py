"""What the system's entropy reaches in the standard library, and names that are made of it."""

import os
import random
import secrets
import tempfile
import uuid
from pathlib import Path

drawn = {
    "random": lambda: random.random(),
    "own_random": lambda: random.Random().random(),
    "system_random": lambda: random.SystemRandom().random(),
    "urandom": lambda: os.urandom(8).hex(),
    "getrandom": lambda: os.getrandom(8).hex(),
    "secrets": lambda: secrets.token_hex(),
    "uuid4": lambda: uuid.uuid4(),
    "kernel_uuid": lambda: Path("/proc/sys/kernel/random/uuid").read_text(),
    "device": lambda: open("/dev/urandom", "rb").read(8).hex(),
    "temporary_file": lambda: tempfile.NamedTemporaryFile().name,
    "temporary_folder": lambda: tempfile.mkdtemp(),
}
for name, draw in drawn.items():
    Path("/outputs", name).write_text(f"{draw()}\n{draw()}\n")
