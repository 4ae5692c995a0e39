"""Opening files of the record to write to. The job writes to the same folder, and can put something in their place.

No link is followed, for it leads elsewhere, and nobody waits for the reader of a pipe. (``trail`` opens its file in the
same way by itself: each of a job's Python processes imports it as it starts.)
"""

from __future__ import annotations

import os

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def open_to_write(path: str, more: int = 0) -> int:
    """A descriptor of the file, which is made where there is none. ``more``: further flags.

    Raises:
        OSError: the disk is full, or something else stands there.
    """
    return os.open(path, _FLAGS | more, 0o644)
