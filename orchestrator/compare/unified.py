"""Two trees of code as a unified diff: what a person reads to see what was changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.compare.values import printable, size
from orchestrator.digest import Digest
from orchestrator.store import tree
from orchestrator.store.port import BlobStore
from orchestrator.store.tree import FileEntry, Tree

MAX_BYTES = 1 << 20
"""Of a file that is compared line by line."""
MAX_LINES = 5_000
"""difflib takes its time with more."""


@dataclass(frozen=True)
class FileDiff:
    """One file that differs."""

    path: str
    lines: tuple[str, ...]
    """As ``diff -u`` writes them, without control characters; of a file that is no text one line that says so."""


def compare_code(left: Digest, right: Digest, blobs: BlobStore) -> Iterator[FileDiff]:
    """The files that differ between two code trees, by path.

    Raises:
        NotFound, Corruption: a tree or a file is gone or damaged.
    """
    if left == right:
        return
    before, after = tree.load(blobs, left), tree.load(blobs, right)
    for path in sorted(_differing(before, after)):
        old, new = before.files.get(path), after.files.get(path)
        yield FileDiff(printable(path), tuple(_lines(path, old, new, blobs)))


def _differing(left: Tree, right: Tree) -> set[str]:
    paths = left.files.keys() | right.files.keys()
    return {path for path in paths if left.files.get(path) != right.files.get(path)}


def _lines(path: str, old: FileEntry | None, new: FileEntry | None, blobs: BlobStore) -> Iterator[str]:
    texts = [_text(entry, blobs) for entry in (old, new)]
    before, after = texts
    if before is None or after is None or max(len(before), len(after)) > MAX_LINES:
        yield f"{_described(old)} → {_described(new)}"
        return
    names = (f"a/{path}" if old else "/dev/null", f"b/{path}" if new else "/dev/null")
    diff = difflib.unified_diff(before, after, *names, lineterm="")
    found = [printable(line.expandtabs(4)) for line in diff]
    yield from found or [f"{_described(old)} → {_described(new)}"]  # its mode, or an empty file


def _text(entry: FileEntry | None, blobs: BlobStore) -> list[str] | None:
    """The lines of a text; none of a file that is not there; None where it is no text, or too long."""
    if entry is None:
        return []
    if entry.size > MAX_BYTES:
        return None
    with blobs.get(entry.digest) as stream:
        data = stream.read()
    try:
        return None if b"\0" in data else data.decode().splitlines()
    except UnicodeDecodeError:
        return None


def _described(entry: FileEntry | None) -> str:
    return f"{size(entry.size)}, {entry.digest.short}" if entry else "no file"
