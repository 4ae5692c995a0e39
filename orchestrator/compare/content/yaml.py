"""YAML: tags and scalars as they are written. Comments, quotes, anchors and layout say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.compare.content.documents import compare_documents
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, some
from orchestrator.compare.difference import Difference, leaf

_TAGS = "tag:yaml.org,2002:"
_MOST = 1 << 20


def knows(side: Side) -> bool:
    """By its name."""
    return side.ends_with(".yaml", ".yml")


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Document by document, value by value."""
    one, other = _parsed(left), _parsed(right)
    yield from some([leaf("(documents)", len(one.documents), len(other.documents))])
    yield from some([leaf("(directives)", repr(one.versions), repr(other.versions))])
    for number, (before, after) in enumerate(zip(one.documents, other.documents, strict=False)):
        yield from compare_documents(before, after, f"document {number}: " if number else "")


def parsed(side: Side) -> Any:
    """The one document of a file. Nothing is constructed: a scalar is what was written, and its tag.

    Raises:
        Unreadable: it is too large, no YAML, or has another number of documents, or directives.
    """
    found = _parsed(side)
    if len(found.documents) != 1 or any(found.versions):
        raise Unreadable("not one document without directives")
    return found.documents[0]


@dataclass(frozen=True)
class _Parsed:
    documents: list[Any]
    versions: list[tuple[int, int] | None]
    """What ``%YAML`` says, of each document; empty where it cannot be said."""


def _parsed(side: Side) -> _Parsed:
    import yaml

    data = side.whole(_MOST)
    try:
        documents = [_plain(node, {}) for node in yaml.compose_all(data, Loader=yaml.SafeLoader)]
        events = yaml.parse(data, Loader=yaml.SafeLoader) if b"%" in data else ()
        versions = [event.version for event in events if isinstance(event, yaml.DocumentStartEvent)]
    except yaml.YAMLError as error:
        raise Unreadable(str(error).partition("\n")[0]) from error
    return _Parsed(documents, versions if any(versions) else [])


@dataclass(frozen=True)
class Scalar:
    """A scalar that is no text: ``1``, ``true``, ``2026-01-01``."""

    tag: str
    text: str

    def __repr__(self) -> str:
        return self.text


def _plain(node: Any, known: dict[int, Any]) -> Any:
    """A node as lists, dictionaries and scalars; what is referred to twice is converted once."""
    if node is None:
        return None
    if id(node) in known:
        return known[id(node)]
    if node.id == "scalar":
        return node.value if node.tag == f"{_TAGS}str" else Scalar(node.tag, node.value)
    if node.tag not in (f"{_TAGS}seq", f"{_TAGS}map"):
        raise Unreadable(f"the tag {node.tag}")
    if node.id == "sequence":
        items = known[id(node)] = list[Any]()
        items.extend(_plain(item, known) for item in node.value)
        return items
    found = known[id(node)] = dict[Any, Any]()
    for key, value in node.value:
        name = _plain(key, known)
        if not isinstance(name, str | Scalar) or name in found:
            raise Unreadable("a key that is no scalar, or stands twice")
        found[name] = _plain(value, known)
    return found


YAML = Comparator("YAML", knows, compare)
