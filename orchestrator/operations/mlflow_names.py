"""Names that an MLflow server takes: of metrics, parameters and tags."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

_REFUSED = re.compile(r"[^/\w.\- :]")
_LONGEST = 250


def accepted(names: Iterable[str]) -> dict[str, str]:
    """Name -> the name that stands for it there: itself wherever MLflow takes it.

    MLflow reads names as paths, and takes letters, digits and ``_ - . : /`` and spaces, 250 of them. Whatever else
    there is becomes ``_``; where two names would fall together, the later one (in their order) gets a number.
    """
    ordered = sorted(set(names), key=lambda name: (_fitting(name) != name, name))  # what fits keeps its name
    taken: dict[str, str] = {}
    for name in ordered:
        wanted, number = _fitting(name), 2
        there = wanted
        while there in taken:
            ending = f"_{number}"
            there, number = wanted[: _LONGEST - len(ending)] + ending, number + 1
        taken[there] = name
    return {name: there for there, name in taken.items()}


def _fitting(name: str) -> str:
    there = _REFUSED.sub("_", name)[:_LONGEST]
    is_path = there and posixpath.normpath(there) == there and not there.startswith(("/", "..")) and there != "."
    return there if is_path else there.replace("/", "_").strip(". ") or "_"
