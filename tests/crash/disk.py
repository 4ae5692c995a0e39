"""A file system of its own, whose power can be cut: what was not flushed to its disk by then is gone.

The disk is a file, mounted through a loop device. The kernel keeps what is written to the file system in its cache and
writes it to the file when it is flushed, or, at the earliest, after half a minute. So a copy of the file, made at any
moment, is what the disk would hold had the power been cut then. (The file system's own commit is put off likewise.)
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import time
from pathlib import Path

COMMIT_SECONDS = 3600


class Disk:
    """An ext4 file system at ``folder``; needs root."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self._image = image

    @classmethod
    def made(cls, folder: Path, gigabytes: int) -> Disk:
        """A new, empty one."""
        image = folder.with_name(folder.name + ".img")
        with image.open("xb") as file:
            file.truncate(gigabytes << 30)
        _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        disk = cls(folder, image)
        disk.mount()
        return disk

    def mount(self) -> None:
        self.folder.mkdir(exist_ok=True)
        _run("mount", "-o", f"loop,commit={COMMIT_SECONDS}", str(self._image), str(self.folder))

    def unmount(self) -> None:
        """A database of this process may still be open there, or a command may be about to end."""
        for _ in range(50):
            gc.collect()
            if subprocess.run(["umount", str(self.folder)], capture_output=True).returncode == 0:
                return
            time.sleep(0.2)
        _run("umount", str(self.folder))

    def flush(self) -> None:
        """All that was written so far survives."""
        _run("sync", "-f", str(self.folder))

    def copied(self, folder: Path) -> Disk:
        """Another one with what this one's disk holds now, flushed or not, mounted at ``folder``."""
        image = folder.with_name(folder.name + ".img")
        _run("cp", "--sparse=always", str(self._image), str(image))
        disk = Disk(folder, image)
        disk.mount()
        return disk

    def cut_power(self) -> None:
        """Lose all that was not flushed; then the disk is mounted again, as after the next start."""
        held = self._image.with_suffix(".cut")
        _run("cp", "--sparse=always", str(self._image), str(held))
        self.unmount()  # flushes: hence the copy
        held.replace(self._image)
        self.mount()

    def remove(self) -> None:
        gc.collect()
        _run("umount", "--lazy", str(self.folder))  # nothing on it is needed any more
        self._image.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)


def another_boot(argv: list[str], boot_id: Path) -> list[str]:
    """A command that sees another boot id than this machine has, as after a start."""
    boot_id.write_text(f"{os.urandom(8).hex()}\n")
    script = f'mount --bind {boot_id} /proc/sys/kernel/random/boot_id && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", *argv]


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
