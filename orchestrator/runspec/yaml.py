"""YAML, bounded and positioned: a plain value, where each part of it stands, and every problem at once.

A subset of YAML 1.2: one document, core-schema scalars, text keys; no duplicates, anchors, merge keys, tags.
The pure Python parser's events are read directly, so that a limit is met before any recursion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from orchestrator.runspec.events import MAX_BYTES, MAX_DEPTH, MAX_NODES, Stop, events, start
from orchestrator.runspec.position import Mark, Path, Place, Problem, escape, quote
from orchestrator.runspec.scalars import ScalarProblem, checked, resolve

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "Reading", "read"]

_MERGE = "merge keys (`<<`) are not allowed: write the fields out"


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is known after reading.

    ``value`` means something only where ``complete``; values at the paths in ``broken`` became None.
    """

    value: Any
    places: Mapping[Path, Place]
    problems: tuple[Problem, ...]
    broken: frozenset[Path]
    complete: bool


def read(data: bytes) -> Reading:
    """Read one YAML document. Never raises: the problems are part of the answer."""
    builder = _Builder(data)
    value, complete = None, False
    try:
        value, complete = builder.document(), True
    except Stop as stop:
        builder.problems.append(stop.problem)
    problems = tuple(sorted(builder.problems))
    return Reading(value, builder.places, problems, frozenset(builder.broken), complete)


class _Builder:
    """Turns events into a value. A value without a place, such as a duplicate's, has a path of None."""

    def __init__(self, data: bytes) -> None:
        self.events = events(data)
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self.broken: set[Path] = set()

    def document(self) -> Any:
        next(self.events)  # the stream begins
        if isinstance(first := next(self.events), StreamEndEvent):
            raise Stop(start(first), "the file is empty")
        value = self.node(next(self.events), (), None)
        next(self.events)  # the document ends
        if not isinstance(extra := next(self.events), StreamEndEvent):
            self.report(extra, "a second document; one file holds one")
        return value

    def node(self, event: Event, path: Path | None, key: Mark | None) -> Any:
        if path is not None:
            self.places[path] = Place(key, start(event), _source(event))
        self.refuse_references(event, path)
        if isinstance(event, ScalarEvent):
            return self.scalar(event, path)
        if isinstance(event, MappingStartEvent):
            return self.mapping(path)
        return None if isinstance(event, AliasEvent) else self.sequence(path)

    def refuse_references(self, event: Event, path: Path | None) -> None:
        assert isinstance(event, NodeEvent)  # noqa: S101 - the parser's grammar, for the type checker
        if isinstance(event, AliasEvent):
            self.report(
                event,
                f"aliases ({quote('*' + str(event.anchor))}) are not allowed: write the value out",
                path,
            )
        elif event.anchor is not None:
            self.report(event, f"anchors ({quote('&' + str(event.anchor))}) are not allowed")
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            self.report(event, f"tags ({quote(str(event.tag))}) are not allowed", path)

    def scalar(self, event: ScalarEvent, path: Path | None) -> Any:
        try:
            return checked(event.value) if event.style else resolve(event.value)
        except ScalarProblem as problem:
            self.report(event, str(problem), path)
            return None

    def sequence(self, path: Path | None) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.node(event, _under(path, len(items)), None))
        return items

    def mapping(self, path: Path | None) -> dict[str, Any]:
        result: dict[str, Any] = {}
        marks: dict[str, Mark] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.key(event)
            if key in marks:
                self.report(event, f"duplicate key {quote(str(key))}, first on line {marks[key].line}")
            if key is None or key in marks:
                self.node(next(self.events), None, None)
                continue
            marks[key] = start(event)
            result[key] = self.node(next(self.events), _under(path, key), marks[key])
        return result

    def key(self, event: Event) -> str | None:
        """The key as text, or None where it is refused."""
        known = len(self.problems)
        value = self.node(event, None, None)
        if len(self.problems) > known:
            return None
        if isinstance(event, ScalarEvent) and isinstance(value, str) and (event.style or value != "<<"):
            return value
        self.report(event, _wrong_key(event))
        return None

    def report(self, event: Event, message: str, broken: Path | None = None) -> None:
        self.problems.append(Problem(start(event), message))
        if broken is not None:
            self.broken.add(broken)


def _source(event: Event) -> str | None:
    return event.value if isinstance(event, ScalarEvent) and event.style is None else None


def _wrong_key(event: Event) -> str:
    if not isinstance(event, ScalarEvent):
        return "a key must be text, not a list or mapping"
    if not event.value:
        return "a key must be text, not empty"
    if event.value == "<<":
        return _MERGE
    return f'a key must be text: write it in quotes ("{escape(event.value)}")'


def _under(path: Path | None, part: str | int) -> Path | None:
    return None if path is None else (*path, part)
