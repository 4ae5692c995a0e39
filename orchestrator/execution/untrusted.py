"""Opening what a job could have put there itself: it writes to the same folders as the agent."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO


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


def is_regular(path: Path) -> bool:
    """Whether a regular file stands there."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
