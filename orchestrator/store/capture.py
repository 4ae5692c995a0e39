"""A directory into the store: found, hashed, kept, described as a tree.

Regular files, symbolic links (as text, never followed) and empty folders. Whatever else stands there is left out and
named.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.store.port import BlobStore, FileBlobs
from orchestrator.store.statcache import StatCache
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry

_JOBS = 16
"""Writers at once: their fsyncs share the disk's flushes."""

_MAX_PATH = 3800
"""Bytes: the system takes 4096, and a name of 255 must still fit."""

Entry = FileEntry | LinkEntry | FolderEntry


class ChangedWhileRead(UsageError):
    """A file was written to while it was being stored."""

    default_hint = "let the writer finish, or exclude the file, and try again"


@dataclass
class Found:
    """What stands in a directory: relative paths, by kind."""

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """The empty ones."""
    refused: list[str] = field(default_factory=list)
    """Each with the reason."""


def find(root: Path, leave_out: Callable[[str], bool]) -> Found:
    """Walk a directory. ``leave_out`` is asked with each relative path; a folder's ends with a slash."""
    found = Found()
    waiting = [""]
    while waiting:
        waiting += reversed(_look_into(root, waiting.pop(), leave_out, found))
    return found


def capture(
    root: Path,
    found: Found,
    blobs: BlobStore,
    *,
    cache: StatCache | None = None,
    adopt: FileBlobs | None = None,
) -> list[Entry]:
    """Store the files that were found and describe everything.

    Args:
        root: the directory.
        found: what to take from it.
        blobs: where the files go.
        cache: unchanged files are looked up here and not read.
        adopt: files are not copied but linked into this store: only where nothing writes to them any more.

    Raises:
        ChangedWhileRead: a file was written to meanwhile.
        UsageError: a file cannot be read.
    """

    def store(path: str) -> tuple[FileEntry, os.stat_result]:
        return _store(root, path, blobs, cached.get(path), adopt)

    states = {path: _state(root / path) for path in found.files} if cache else {}
    known = {path: cache.get(root / path, state) for path, state in states.items()} if cache else {}
    cached = {path: (states[path], digest) for path, digest in known.items() if digest}
    with ThreadPoolExecutor(_JOBS) as pool:
        stored = list(pool.map(store, found.files))
    if cache:
        for entry, state in stored:
            cache.put(root / entry.path, state, entry.digest)
        cache.flush()
    links = [LinkEntry(path=path, target=str((root / path).readlink())) for path in found.links]
    return [*(entry for entry, _ in stored), *links, *(FolderEntry(path=path) for path in found.folders)]


def store_file(path: Path, blobs: BlobStore, cache: StatCache | None = None) -> Digest:
    """Store one file and return its digest. Raises as :func:`capture` does."""
    found = Found(files=[path.name])
    (entry,) = capture(path.parent, found, blobs, cache=cache)
    assert isinstance(entry, FileEntry)  # noqa: S101
    return entry.digest


def _look_into(root: Path, prefix: str, leave_out: Callable[[str], bool], found: Found) -> list[str]:
    """Sort a folder's items into ``found``; returns the folders among them."""
    if len(os.fsencode(root / prefix)) > _MAX_PATH:
        found.refused.append(f"{prefix[:80]!r}…: nested too deeply")
        return []
    try:
        items = sorted(os.scandir(root / prefix), key=lambda item: item.name)
    except OSError as error:
        raise _unreadable(root / prefix, error) from error
    if not items and prefix:
        found.folders.append(prefix.rstrip("/"))
    folders = []
    for item in items:
        path = prefix + item.name
        if leave_out(path + "/" if item.is_dir(follow_symlinks=False) else path):
            continue
        if problem := _unspeakable(item):
            found.refused.append(f"{path!r}: {problem}")
        elif item.is_symlink():
            found.links.append(path)
        elif item.is_dir(follow_symlinks=False):
            folders.append(path + "/")
        else:
            found.files.append(path)
    return folders


def _unspeakable(item: os.DirEntry[str]) -> str | None:
    try:
        item.name.encode()
        if item.is_symlink():
            str(Path(item.path).readlink()).encode()
        mode = item.stat(follow_symlinks=False).st_mode
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    except OSError as error:
        return str(error.strerror)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
        return "neither file, folder nor symbolic link"
    return None


def _store(
    root: Path,
    path: str,
    blobs: BlobStore,
    cached: tuple[os.stat_result, Digest] | None,
    adopt: FileBlobs | None,
) -> tuple[FileEntry, os.stat_result]:
    if cached and blobs.has(cached[1]):
        state, digest = cached
    elif adopt:
        digest, state = _adopt(root / path, adopt)
    else:
        digest, state = _read(root / path, blobs.put)
    executable = bool(state.st_mode & 0o111)
    return FileEntry(path=path, digest=digest, size=state.st_size, executable=executable), state


def _adopt(path: Path, blobs: FileBlobs) -> tuple[Digest, os.stat_result]:
    """A file with a second name is copied: writing through that name would damage the blob.

    That name may be the blob's own, of an attempt that came half way: there may be no room for a copy of what is there.
    """
    digest, state = _read(path, Digest.of_stream)
    if state.st_nlink == 1:
        blobs.adopt(path, digest)
    elif not _is_kept(blobs, digest):
        digest, state = _read(path, blobs.put)
    return digest, state


def _is_kept(blobs: FileBlobs, digest: Digest) -> bool:
    try:
        with blobs.get(digest) as stream:
            return Digest.of_stream(stream) == digest
    except (Corruption, NotFound, OSError):
        return False


def _read(path: Path, consume: Callable[[IO[bytes]], Digest]) -> tuple[Digest, os.stat_result]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    with os.fdopen(handle, "rb") as stream:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise UsageError(f"{path}: neither file, folder nor symbolic link", hint="exclude it")
        digest = consume(stream)
        after = os.fstat(handle)
    if _content_marks(before) != _content_marks(after):
        raise ChangedWhileRead(f"{path} changed while it was being read")
    return digest, after


def _content_marks(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _state(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path}: {error.strerror}", hint="make it readable, or exclude it")
