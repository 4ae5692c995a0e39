"""A file that somebody asked for: replaced whole, once all of it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from orchestrator.errors import UsageError
from orchestrator.store import durable


def place(file: Path) -> Path:
    """The file's absolute path.

    Raises:
        UsageError: no file can stand there: its folder is not there, or something else is in its place.
    """
    if not file.absolute().parent.is_dir() or file.is_symlink() or (file.exists() and not file.is_file()):
        raise UsageError(f"{file}: no place for a file", hint="name a file in a folder that is there")
    return file.absolute()


@contextlib.contextmanager
def replaced(file: Path) -> Iterator[IO[bytes]]:
    """What to write to; the file's new content, readable for others, once the block ends well."""
    with durable.aside(file.parent) as (written, sink):
        yield sink
        written.chmod(0o644)
    durable.rename(written, file)
