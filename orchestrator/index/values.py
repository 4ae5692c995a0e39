"""What a row is found by: its columns, the numbers and the texts it has by name. The same for every adapter."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from orchestrator import runid
from orchestrator.index.port import Param, Row
from orchestrator.index.query import COLUMNS, Group

ORDERS: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
"""The operators that compare numbers too."""

_LONGEST = 200
"""Characters: PostgreSQL's trees take no key of more than 2.7 kB, and one of ours holds two texts and an id."""


@dataclass(frozen=True)
class Term:
    """One thing that a run has by name."""

    field: str
    """As :func:`field` writes it."""
    value: str | float
    """Never not-a-number."""


def key(text: str) -> str:
    """A text as it is searched by, in every adapter, on both sides of a comparison.

    Databases refuse half characters, PostgreSQL the character 0 too: they become escapes. Of a long text the
    beginning stands, which it is sorted by, and a digest of all, so that it equals itself alone.
    """
    if len(text) <= _LONGEST and text.isascii() and "\0" not in text:
        return text
    written = plain(text)
    if len(written) <= _LONGEST:
        return written
    return f"{written[: _LONGEST - 64]}{sha256(written.encode()).hexdigest()}"


def plain(text: str) -> str:
    """A text that every database takes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def columns(row: Row) -> dict[str, str | float | None]:
    """The values of :data:`~orchestrator.index.query.COLUMNS`, as they are searched by."""
    return {name: key(value) if isinstance(value := getattr(row, name), str) else value for name in COLUMNS}


def number(row: Row) -> int:
    """Of a run within a run: which one it is; else 0. Newest first means by this, then by id."""
    return runid.in_order(row.id)[1] if row.parent else 0


def field(group: Group, name: str) -> str:
    """A name in a group, as it is searched by."""
    return key(f"{group}.{name}")


def terms(row: Row) -> Iterator[Term]:
    """What a row has by name, packages excepted."""
    for name, text in row.metrics.items():
        if not math.isnan(value := float(text)):
            yield Term(field("metrics", name), value)
    for name, given in row.params.items():
        if (param := _param(given)) is not None:
            yield Term(field("params", name), param)
    for name, text in row.tags.items():
        yield Term(field("tags", name), key(text))
    for name, text in row.data.items():
        yield Term(field("data", name), key(text))


def _param(value: Param) -> str | float | None:
    """Truth values and nothing are texts, as YAML writes them."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return key(value)
    try:
        return None if math.isnan(value) else float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def document(row: Row) -> str:
    """A row as one text without control characters; packages are left out."""
    return json.dumps({name: value for name, value in vars(row).items() if name != "packages"})


def from_document(text: str) -> Row:
    """The row in a text."""
    return Row(**json.loads(text))
