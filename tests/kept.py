"""What tests keep from one session to the next: downloads, images, interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(os.environ.get("ORCHESTRATOR_TEST_HOME") or Path.home() / ".cache" / "orchestrator-test")


def interpreter(name: str, *requirements: str, options: tuple[str, ...] = ()) -> Path:
    """A Python with these packages: made once. ``options``: of ``pip install``."""
    folder = HOME / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}"
    wanted = "\n".join(requirements)
    made = folder / "packages.txt"
    if not made.is_file() or made.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", *options]
        subprocess.run([*pip, *requirements], check=True, stderr=subprocess.DEVNULL)
        made.write_text(wanted)
    return folder / "bin/python"
