"""Opening what a job could have put there itself: it writes to the same folders as the agent."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from orchestrator.agent import wire

_FILES = (wire.STDOUT, wire.STDERR, wire.CONSOLE, wire.EVENTS, wire.SYSTEM, wire.ACCESSES, wire.MLFLOW_NOTES)


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file for reading; no link is followed, and a pipe without a writer does not block.

    Raises:
        OSError: there is none, or it is something else.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is no regular file")
    return os.fdopen(handle, "rb")


def open_below(folder: Path, relative: str) -> IO[bytes]:
    """Open a regular file somewhere below a folder, whose path is no link itself; none on the way is followed.

    Raises:
        OSError: there is none, or it is something else.
    """
    path = folder.resolve() / relative
    if path.parent.resolve() != path.parent:
        raise OSError(f"there is a link on the way to {path}")
    return open_regular(path)


def is_readable(path: Path) -> bool:
    """Whether a regular file stands there that is ours to read: a job can take the rights to it."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and os.access(path, os.R_OK, effective_ids=True)
    except OSError:
        return False


def replaced(record: Path) -> list[str]:
    """What of a record folder is no file, or no folder, any more: what the job did to it, for its reader."""
    folders = [name for name in (wire.MLFLOW, wire.MLFLOW_ARTIFACTS) if _is_replaced(record / name, stat.S_ISDIR)]
    files = [name for name in _FILES if _is_replaced(record / name, stat.S_ISREG)]
    inner = [name for name in (*folders, *files) if not any(name.startswith(f"{above}/") for above in folders)]
    return [f"left out {name} of the record: something else was put in its place" for name in inner]


def _is_replaced(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        return not is_kind(path.lstat().st_mode)
    except OSError:
        return False
