"""YAML: tags and scalars as they are written. Comments, quotes and layout say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.compare.content.documents import compare_documents
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference

_TAGS = "tag:yaml.org,2002:"
_MOST = 1 << 20


def knows(side: Side) -> bool:
    """By its name."""
    return side.ends_with(".yaml", ".yml")


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Value by value."""
    yield from compare_documents(parsed(left), parsed(right))


def parsed(side: Side) -> Any:
    """The document, or a list of several. Nothing is constructed: a scalar is what was written, and its tag.

    Raises:
        Unreadable: it is too large, or no YAML.
    """
    import yaml

    try:
        nodes = list(yaml.compose_all(side.whole(_MOST), Loader=yaml.SafeLoader))
        documents = [_plain(node, {}) for node in nodes]
    except yaml.YAMLError as error:
        raise Unreadable(str(error).partition("\n")[0]) from error
    return documents[0] if len(documents) == 1 else documents


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
