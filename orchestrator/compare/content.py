"""The one place where a comparator for a kind of file is registered: what differs *inside* two files.

A comparator only explains. Whether the files are equal is settled by their bytes before it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestrator.compare.difference import Difference
from orchestrator.store.port import BlobStore
from orchestrator.store.tree import FileEntry


class Comparator(Protocol):
    """Knows one kind of file."""

    def explain(self, left: FileEntry, right: FileEntry, blobs: BlobStore) -> tuple[Difference, ...] | None:
        """What differs between two files of different bytes; None where this is not its kind of file."""
        ...


COMPARATORS: tuple[Comparator, ...] = ()
"""Asked in this order; the first that knows the files explains them."""


def explain(
    left: FileEntry, right: FileEntry, blobs: BlobStore, comparators: Sequence[Comparator]
) -> tuple[Difference, ...]:
    """What the first comparator that knows these files has to say, or nothing."""
    for comparator in comparators:
        found = comparator.explain(left, right, blobs)
        if found is not None:
            return found
    return ()
