"""A directory's order, where files are listed as they were made: in /dev/shm."""

import os
import random
import tempfile
from pathlib import Path

names = [f"part-{i:02}" for i in range(30)]
random.Random(id(names)).shuffle(names)  # an order that nobody owns: addresses are random
with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
    for name in names:
        Path(folder, name).touch()
    listed = {
        "listdir": os.listdir(folder),
        "scandir": [entry.name for entry in os.scandir(folder)],
        "glob": [path.name for path in Path(folder).glob("*")],
        "walk": [name for _, _, files in os.walk(folder) for name in files],
        "find": os.popen(f"find {folder} -type f -printf '%f '").read().split(),
    }
for how, found in listed.items():
    Path("/outputs", how).write_text("\n".join(found))
