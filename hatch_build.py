"""Compiles the interposer when the package is built: hatchling's hook, and a program of its own for the set-up.

    python hatch_build.py      compile it where it lies

No network. Without a C compiler the wheel is a pure one: it works, and `orchestrator doctor` says what it lacks.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # as a program of its own it needs nothing but Python
    BuildHookInterface = object

FOLDER = Path("orchestrator/agent/interpose")
LIBRARY = FOLDER / "libinterpose.so"
OLDEST_GLIBC = (2, 28)
"""What the library may ask for: it is mounted into images that others have made."""

# One source, one library, to the byte: no path of this machine, no build id, nothing of the time.
FLAGS = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-plt", "-fno-math-errno")
WARNINGS = ("-Wall", "-Wextra")
# Before glibc 2.34 dlsym and pthread_create are in libraries of their own, which must be named where they are no more.
LINK = ("-Wl,--build-id=none", "-Wl,-z,defs", "-Wl,--no-as-needed", "-l:libdl.so.2", "-l:libpthread.so.0")


class NotCompiled(Exception):
    """There is no interposer; the text says why."""


class InterposerHook(BuildHookInterface):
    """Puts the library into the wheel, which then is for this kind of machine alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it gathers the files of a wheel, an editable one included."""
        root = Path(self.root)
        try:
            library = compile_interposer(root)
        except NotCompiled as reason:
            self.app.display_warning(f"without the interposer: {reason}")
            return
        build_data["artifacts"].append(f"/{LIBRARY}")  # git ignores it
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(library)}"


def compile_interposer(root: Path, *options: str) -> Path:
    """Compile the library where it lies; what was there is replaced at once.

    Raises:
        NotCompiled: there is no compiler, or it refused.
    """
    library = root / LIBRARY
    aside = library.with_name(f".{library.name}.{os.getpid()}")
    sources = sorted(source.name for source in (root / FOLDER).glob("*.c"))
    here = f"-ffile-prefix-map={root / FOLDER}=."
    command = [os.environ.get("CC", "cc"), *FLAGS, *WARNINGS, *options, here, "-o", aside.name, *sources, *LINK]
    try:
        done = subprocess.run(command, cwd=root / FOLDER, capture_output=True, text=True)
        if done.returncode:
            raise NotCompiled(f"{command[0]} failed:\n{done.stderr}")
        aside.replace(library)
    except FileNotFoundError as error:
        raise NotCompiled(f"there is no C compiler ({error.filename})") from error
    finally:
        aside.unlink(missing_ok=True)
    return library


def glibc_wanted(library: Path) -> tuple[int, int]:
    """The newest version of glibc that a library asks for, told from the names of versions in it; (0, 0): none."""
    found = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", library.read_bytes())
    return max(((int(major), int(minor)) for major, minor in found), default=(0, 0))


def platform_tag(library: Path) -> str:
    """manylinux only where it is true."""
    wanted = glibc_wanted(library)
    system = "manylinux_{}_{}".format(*OLDEST_GLIBC) if (0, 0) < wanted <= OLDEST_GLIBC else "linux"
    return f"{system}_{platform.machine()}"


if __name__ == "__main__":
    try:
        compile_interposer(Path(__file__).parent.resolve())
    except NotCompiled as reason:
        sys.exit(str(reason))
