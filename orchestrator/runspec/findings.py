"""Findings: a message about a path, located in the file or at the override that set the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.errors import SpecError
from orchestrator.runspec.position import Mark, Path, Place, Problem, escape

_LAST = Mark(1 << 62, 0)


@dataclass(frozen=True)
class Findings:
    """Collects what is wrong with one file, and says it in the order of the file."""

    name: str
    places: Mapping[Path, Place]
    overrides: dict[Path, str]
    found: set[tuple[Mark, str]] = field(default_factory=set)

    def add(self, path: Path, message: str, *, key: bool = False) -> None:
        """A problem with the value at this path, or its key; shown at the nearest parent that has a place."""
        if override := self._override(path):
            return self.add_override(override, message)
        if path not in self.places:
            return self.add(path[:-1], message)
        place = self.places[path]
        return self.add_problem(Problem(place.key if key and place.key else place.value, message))

    def add_problem(self, problem: Problem) -> None:
        """A problem that has its position."""
        mark = problem.mark
        self.found.add((mark, f"{self.name}:{mark.line}:{mark.column}: {problem.message}"))

    def add_override(self, name: str, message: str) -> None:
        """A problem with ``--set NAME=…``."""
        self.found.add((_LAST, f"--set {escape(name)}: {message}"))

    def _override(self, path: Path) -> str | None:
        """The override that set the value at this path, or made it by setting something inside."""
        made = (name for target, name in self.overrides.items() if target[: len(path)] == path)
        return self.overrides.get(path) or (None if path in self.places else next(made, None))

    def source(self, path: Path) -> str | None:
        """How an unquoted scalar is written."""
        place = None if path in self.overrides else self.places.get(path)
        return place.source if place else None

    def raise_any(self) -> None:
        """Stop here if anything is wrong.

        Raises:
            SpecError: every finding, by position; those of overrides last.
        """
        if self.found:
            raise SpecError([text for _, text in sorted(self.found)])
