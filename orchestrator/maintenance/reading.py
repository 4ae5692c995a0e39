"""Read many records of a kind: all of them whole, or those that are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from orchestrator.errors import Corruption, EnvironmentProblem, OrchestratorError
from orchestrator.store.port import RecordStore

_T = TypeVar("_T")
Parse = Callable[[str, bytes], _T]
"""A record from its key and its bytes; raises Corruption where it is none."""


def whole(records: RecordStore, key: str, parse: Parse[_T], what: str) -> _T | None:
    """A record; None where it was removed meanwhile. ``what``: of which it tells what it needs.

    Raises:
        Corruption: it is damaged.
    """
    try:
        data = records.read(key)
        return None if data is None else parse(key, data)
    except Corruption as error:
        raise Corruption(
            f"{key} is damaged, and so nobody knows what this {what} needs: {error.message}",
            hint="`orchestrator fsck --repair` sets it aside or brings it back; then try again",
        ) from error


def readable(records: RecordStore, keys: Iterable[str], parse: Parse[_T]) -> Iterator[_T]:
    """Those of some records that are not damaged, one at a time."""
    for key in keys:
        try:
            data = records.read(key)
            if data is not None:
                yield parse(key, data)
        except EnvironmentProblem:
            raise
        except (OrchestratorError, OSError):
            continue
