"""A tree out of the store: as a folder to read, linked to the blobs; or as a folder to write, copied.

Every file is verified on its way. Times are fixed: a job that looks at them sees the same in every run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest
from orchestrator.store.port import FileBacked, FileBlobs
from orchestrator.store.tree import FileEntry, LinkEntry, Tree

_FICLONE = 0x40049409


def to_read(tree: Tree, folder: Path, blobs: FileBlobs) -> None:
    """Lay a tree down in a new folder that will be mounted read-only. Files share the blobs' disk space."""
    _lay_down(tree, folder, blobs, writable=False, owner=None)


def to_write(tree: Tree, folder: Path, blobs: FileBlobs, owner: tuple[int, int] | None) -> None:
    """Lay a tree down in a new folder as files of their own, cloned where the file system can."""
    _lay_down(tree, folder, blobs, writable=True, owner=owner)


def file_to_read(digest: Digest, path: Path, blobs: FileBacked) -> None:
    """Lay one file down that will be mounted read-only."""
    _link(blobs.path(digest), path)


def file_to_write(entry: FileEntry, path: Path, blobs: FileBlobs) -> None:
    """Lay one file down as a file of its own."""
    _file(entry, path, blobs, writable=True)
    _settle(path, None)


def _lay_down(tree: Tree, folder: Path, blobs: FileBlobs, *, writable: bool, owner: tuple[int, int] | None) -> None:
    folder.mkdir()
    folders = {folder}
    for entry in tree.entries:
        path = folder / entry.path
        _make_parents(path.parent, folders)
        if isinstance(entry, LinkEntry):
            path.symlink_to(entry.target)
        elif isinstance(entry, FileEntry):
            _file(entry, path, blobs, writable=writable)
        else:
            path.mkdir()
            folders.add(path)
        _settle(path, owner)
    for made in sorted(folders, reverse=True):
        made.chmod(0o755)
        _settle(made, owner)


def _file(entry: FileEntry, path: Path, blobs: FileBlobs, *, writable: bool) -> None:
    blob = blobs.path(entry.digest)
    if writable or entry.executable:
        _clone(blob, path)
        path.chmod((0o755 if entry.executable else 0o644) if writable else 0o555)
    else:
        _link(blob, path)


def _link(blob: Path, path: Path) -> None:
    try:
        os.link(blob, path)
    except OSError:  # another file system, or too many links
        _clone(blob, path)
        path.chmod(0o444)


def _clone(blob: Path, path: Path) -> None:
    with blob.open("rb") as source, path.open("xb") as target:
        try:
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
        except OSError:
            shutil.copyfileobj(source, target, 1 << 20)


def _make_parents(parent: Path, made: set[Path]) -> None:
    missing = []
    while parent not in made:
        missing.append(parent)
        parent = parent.parent
    for folder in reversed(missing):
        folder.mkdir()
        made.add(folder)


def _settle(path: Path, owner: tuple[int, int] | None) -> None:
    if owner is not None:
        os.chown(path, *owner, follow_symlinks=False)
    with contextlib.suppress(PermissionError):  # a link to a blob of another user
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
