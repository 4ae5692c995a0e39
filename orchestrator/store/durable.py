"""Durable writing: aside, fsync, rename, fsync the directory. An fsync error is fatal and never retried."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from orchestrator.failpoint import reached


def fsync_directory(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    reached("durable.fsync.folder")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create a private folder and its parents, durably. An existing one is left as it is."""
    if not folder.is_dir():
        make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        reached("durable.folder.made")
        fsync_directory(folder.parent)


def rename(written: Path, place: Path) -> None:
    """Give a file that is on disk its name, durably."""
    reached("durable.rename")
    written.rename(place)
    reached("durable.renamed")
    fsync_directory(place.parent)


@contextlib.contextmanager
def aside(scratch: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in ``scratch`` to write to. Flushed to disk when the block ends well; gone when it does not."""
    path = scratch / f"{os.getpid()}-{secrets.token_hex(8)}"
    with path.open("xb") as sink:
        try:
            yield path, sink
            reached("durable.write")
            sink.flush()
            reached("durable.fsync")
            os.fsync(sink.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file whole: a reader sees the old bytes or the new, never a mixture."""
    with aside(path.parent) as (written, sink):
        sink.write(data)
        os.fchmod(sink.fileno(), mode)
    rename(written, path)
