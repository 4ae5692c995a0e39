"""Two trees of code as a unified diff: what a person reads to see what was changed."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.compare.values import printable, size
from orchestrator.digest import Digest
from orchestrator.store import tree
from orchestrator.store.port import BlobStore
from orchestrator.store.tree import FileEntry, Tree

MAX_BYTES = 1 << 20
"""Of a file that is compared line by line."""
MAX_EFFORT = 16_000_000
"""Of one comparison: pairs of lines that are no common beginning or end. difflib takes some seconds for as many."""


class Effort:
    """What is left to spend on one comparison, whatever code it is shown."""

    def __init__(self, left: int = MAX_EFFORT) -> None:
        self._left = left

    def spend(self, before: list[str], after: list[str]) -> bool:
        """Whether these lines may be compared."""
        begin = sum(1 for _ in itertools.takewhile(_equal, zip(before, after, strict=False)))
        end = sum(1 for _ in itertools.takewhile(_equal, zip(reversed(before), reversed(after), strict=False)))
        alike = min(begin + end, len(before), len(after))
        price = (len(before) - alike) * (len(after) - alike) + len(before) + len(after)
        if price > self._left:
            return False
        self._left -= price
        return True


def _equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


@dataclass(frozen=True)
class Code:
    """What a run was run with, by the run's name."""

    run: str
    tree: Digest


@dataclass(frozen=True)
class CodeDiff:
    """One file of code that two runs have in different versions."""

    path: str
    left: str
    right: str
    """The runs."""
    lines: tuple[str, ...]
    """As ``diff -u`` writes them, without control characters; of a file that is no text one line that says so."""


def compare_code(left: Code, right: Code, blobs: BlobStore, effort: Effort) -> Iterator[CodeDiff]:
    """The files that differ between two code trees, by path. Where no effort is left, that they do is all that is said.

    Raises:
        NotFound, Corruption: a tree or a file is gone or damaged.
    """
    if left.tree == right.tree:
        return
    before, after = tree.load(blobs, left.tree), tree.load(blobs, right.tree)
    for path in sorted(_differing(before, after)):
        old, new = before.files.get(path), after.files.get(path)
        yield CodeDiff(printable(path), left.run, right.run, tuple(_lines(path, old, new, blobs, effort)))


def _differing(left: Tree, right: Tree) -> set[str]:
    paths = left.files.keys() | right.files.keys()
    return {path for path in paths if left.files.get(path) != right.files.get(path)}


def _lines(path: str, old: FileEntry | None, new: FileEntry | None, blobs: BlobStore, effort: Effort) -> Iterator[str]:
    before, after = _text(old, blobs), _text(new, blobs)
    if before is None or after is None or not effort.spend(before, after):
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
