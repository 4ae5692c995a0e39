"""skops: a zip of a schema in JSON and the arrays it names. Objects are called after addresses: no content."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orchestrator.compare.content import zip as zips
from orchestrator.compare.content.documents import compare_documents
from orchestrator.compare.content.json import parsed
from orchestrator.compare.content.members import Member, compare_members
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference

_SCHEMA = "schema.json"
_MOST_SCHEMA = 32 << 20


def knows(side: Side) -> bool:
    """A zip with a schema in it, by its name."""
    if not (zips.knows(side) and side.ends_with(".skops")):
        return False
    with zips.opened(side) as archive:
        return _SCHEMA in archive.namelist()


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """The schema value by value, then array by array."""
    with zips.opened(left) as one, zips.opened(right) as other:
        yield from zips.outside(one, other, desk)
        before, after = _Renamed(one), _Renamed(other)
        yield from compare_documents(before.schema(desk), after.schema(desk))
        yield from compare_members(before.members(), after.members(), desk)


class _Renamed:
    """One archive, its objects counted as they come."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._files = zips.members(archive)
        self._numbers: dict[int, int] = {}

    def schema(self, desk: Desk) -> Any:
        """The schema. (Reading it counts the objects.)"""
        info = self._archive.getinfo(_SCHEMA)
        if info.file_size > _MOST_SCHEMA:
            raise Unreadable(f"a schema of more than {_MOST_SCHEMA >> 20} MiB")
        desk.budget.spend(info.file_size)
        return self._counted(parsed(self._archive.read(info)))

    def members(self) -> dict[str, Member]:
        """The other members, under their new names."""
        renamed = {self._name(name): member for name, member in self._files.items() if name != _SCHEMA}
        if len(renamed) != len(self._files) - 1:
            raise Unreadable("two members for one object")
        return {name: replace(member, name=name) for name, member in renamed.items()}

    def _counted(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._counted(item) for item in node]
        if not isinstance(node, dict):
            return node
        if type(node.get("__id__")) is int:
            number = self._numbers.setdefault(node["__id__"], len(self._numbers))
            node = {**node, "__id__": number}
        return {key: self._file(value) if key == "file" else self._counted(value) for key, value in node.items()}

    def _file(self, value: Any) -> Any:
        return self._name(value) if isinstance(value, str) and value in self._files else self._counted(value)

    def _name(self, name: str) -> str:
        """``<address>.npy`` → ``object 3.npy``."""
        stem, dot, ending = name.partition(".")
        number = self._numbers.get(int(stem)) if stem.isdecimal() and stem.isascii() else None
        return name if number is None else f"object {number}{dot}{ending}"


SKOPS = Comparator("skops", knows, compare)
