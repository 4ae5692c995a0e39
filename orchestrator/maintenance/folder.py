"""A store on this disk, seen as files: what lies in it that is none of ours, and what dead processes left there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from orchestrator.maintenance.finding import Finding
from orchestrator.store.port import is_key

DAY = 86400.0
_BLOB = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}")
_OURS = re.compile(r"[0-9]+-[0-9a-f]{16}|(probe|bytecode|import|cold|orchestrator-base)-[a-z0-9_]{8}")
"""Of files that are written aside, and of the folders that ``tempfile`` makes for us."""
_WORK_FILE = re.compile(r"([0-9]+)-[0-9a-f]{16}")


def foreign_files(home: Path) -> Iterator[Finding]:
    """What stands among blobs and records and is neither."""
    blobs, records = home / "blobs" / "sha256", home / "records"
    for path in _files(blobs):
        if not _BLOB.fullmatch(str(path.relative_to(blobs))) or path.is_symlink():
            yield Finding("foreign file", str(path), "is no blob")
    for path in _files(records):
        if path.is_symlink() or not is_key(str(path.relative_to(records))):
            yield Finding("foreign file", str(path), "is no record")


def left_over(home: Path, now: float) -> Iterator[tuple[Path, bool]]:
    """What lies in ``tmp/`` of no process that lives; whether it is old enough to be removed.

    A process id says little by itself: it may be that of a process on another machine that shares the folder, or have
    been given anew. So only what nothing has touched for a day may go, and only what has a name that we give: a home
    may have been somebody's folder before.
    """
    scratch = home / "tmp"
    if scratch.is_symlink():
        return
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(path for path in scratch.iterdir() if _OURS.fullmatch(path.name)):
            touched = _last_touched(path)
            if touched is not None and not _is_at_work(path.name, touched):
                yield path, now - touched > DAY


def remove(path: Path) -> None:
    """Remove a leftover."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_at_work(name: str, touched: float) -> bool:
    """Whether the process that this file is named after lives, and did so when the file was touched."""
    match = _WORK_FILE.fullmatch(name)
    if match is None:
        return False
    started = _started(int(match[1]))
    return started is not None and started <= touched + 1


def _started(pid: int) -> float | None:
    """When a process of this machine began, in seconds since 1970; None where there is none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        booted = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(booted[1] if booted else 0) + int(after_name[19]) / os.sysconf("SC_CLK_TCK")


def _last_touched(path: Path) -> float | None:
    """The latest change of it, or of anything in it."""
    latest = None
    for item in (path, *(_all_in(path) if path.is_dir() and not path.is_symlink() else ())):
        with contextlib.suppress(OSError):
            latest = max(latest or 0.0, item.lstat().st_ctime)
    return latest


def _all_in(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        yield from (Path(root) / name for name in (*folders, *files))


def _files(folder: Path) -> Iterator[Path]:
    """All that is no folder; and folders that have a blob's name."""
    for path in _all_in(folder):
        if path.is_symlink() or not path.is_dir() or len(path.name) == 64:
            yield path
