"""Which digest a file had when it last looked like this: unchanged files are not read again.

A cache, nothing more: it may be deleted at any time. As git does, it does not trust a file that was modified within
the last moments before it was hashed: a second change could leave the same time stamp.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.errors import UsageError

_RACY_NS = 2_000_000_000
_SCHEMA = "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, looks TEXT NOT NULL, digest TEXT NOT NULL)"


class StatCache:
    """A table path -> (what stat said, digest). ``now_ns`` is the time of this command, in ns since the epoch."""

    def __init__(self, file: Path, now_ns: int) -> None:
        self._now = now_ns
        self._new: dict[str, tuple[str, Digest]] = {}
        self._file = file
        try:
            self._database = _open(file)
        except sqlite3.Error:  # damaged, or cannot be written: this command does without, the next one starts anew
            self._forget()
            self._database = _open(Path(":memory:"))

    def get(self, path: Path, state: os.stat_result) -> Digest | None:
        """The digest, if the file looks as it did."""
        try:
            row = self._database.execute(
                "SELECT digest FROM files WHERE path = ? AND looks = ?", (str(path), _looks(state))
            ).fetchone()
            return Digest(str(row[0])) if row else None
        except (sqlite3.Error, UsageError, UnicodeEncodeError):
            return None

    def put(self, path: Path, state: os.stat_result, digest: Digest) -> None:
        """Remember, from the next :meth:`flush` on."""
        if self._now - max(state.st_mtime_ns, state.st_ctime_ns) > _RACY_NS:
            self._new[str(path)] = (_looks(state), digest)

    def flush(self) -> None:
        """Write what is new."""
        if not self._new:
            return
        rows = [(path, looks, digest) for path, (looks, digest) in self._new.items()]
        self._new.clear()
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows)
        except (sqlite3.OperationalError, UnicodeEncodeError):  # another process writes: a cache can wait
            pass
        except sqlite3.DatabaseError:
            self._forget()

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            self._file.unlink()


def _open(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=5, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    with contextlib.suppress(sqlite3.OperationalError):  # another process writes: a cache can wait
        database.execute(_SCHEMA)
    return database


def _looks(state: os.stat_result) -> str:
    return f"{state.st_dev}:{state.st_ino}:{state.st_size}:{state.st_mtime_ns}:{state.st_ctime_ns}"
