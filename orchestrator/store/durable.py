"""Durable writing: aside, fsync, rename, fsync the directory. An fsync error is fatal and never retried."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def fsync_directory(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create a private folder and its parents, durably. An existing one is left as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        fsync_directory(folder.parent)


@contextlib.contextmanager
def aside(scratch: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in ``scratch`` to write to. Flushed to disk when the block ends well; gone when it does not."""
    path = scratch / f"{os.getpid()}-{secrets.token_hex(8)}"
    with path.open("xb") as sink:
        try:
            yield path, sink
            sink.flush()
            os.fsync(sink.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file whole: a reader sees the old bytes or the new, never a mixture."""
    with aside(path.parent) as (written, sink):
        sink.write(data)
        os.fchmod(sink.fileno(), mode)
    written.rename(path)
    fsync_directory(path.parent)
