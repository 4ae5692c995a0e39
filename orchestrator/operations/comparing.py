"""Many runs side by side: what differs in spec, packages, code, data, parameters and metrics."""

from __future__ import annotations

import itertools
import json
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.compare.table import Section, section
from orchestrator.compare.unified import Code, CodeDiff, Effort, compare_code
from orchestrator.digest import Digest, canonical
from orchestrator.errors import UsageError
from orchestrator.index.filter import names
from orchestrator.index.port import Row
from orchestrator.lock.model import Lock
from orchestrator.operations import runs
from orchestrator.operations.rows import Rows
from orchestrator.plan import Plan
from orchestrator.run import Run
from orchestrator.workspace import Workspace

MOST = 50
"""Runs that are compared at once."""
_ELSEWHERE = frozenset({"format", "image", "code", "data", "params", "agent", "interposer"})
"""Fields of a plan that have a section of their own, or say nothing to a person."""


@dataclass(frozen=True)
class Comparison:
    """What differs among runs; what is the same for all of them is counted, and left out."""

    runs: tuple[Run, ...]
    """In the order they were named; a column of each section."""
    rows: tuple[Row, ...]
    """What the index keeps of each: last metrics, parameters, tags."""
    sections: tuple[Section, ...]
    code: tuple[CodeDiff, ...]

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        from orchestrator.report.fragments import comparison

        return comparison([run.id for run in self.runs], self.sections, self.code)


@dataclass(frozen=True)
class _Side:
    """A run, and what it names."""

    run: Run
    plan: Plan
    row: Row
    lock: Lock | None


def compare(workspace: Workspace, ids: Sequence[str]) -> Comparison:
    """Lay runs side by side. Code is compared with that of the first.

    Raises:
        NotFound: there is no such run, or its plan is gone.
        UsageError: these are not between two and :data:`MOST` runs.
        Corruption: something in the store is damaged.
    """
    found = list({run.id: run for run in (runs.find(workspace, text) for text in ids)}.values())
    if not 2 <= len(found) <= MOST:
        few = "a run is compared with others"
        many = f"{len(found)} runs are too many to compare"
        raise UsageError(few if len(found) < 2 else many, hint=f"name two different runs, or up to {MOST}")
    rows = Rows(workspace.blobs, workspace.records)
    sides = [_side(workspace, run, rows) for run in found]
    sections = (
        section("run", [_run(side.row) for side in sides]),
        section("spec", [_spec(side.plan) for side in sides]),
        section("packages", _packages(sides)),
        section("code", [_code(side) for side in sides]),
        section("data", [_texts(side.row.data) for side in sides]),
        section("parameters", [_texts(side.row.params) for side in sides]),
        section("metrics", [side.row.metrics for side in sides]),
    )
    return Comparison(tuple(found), tuple(side.row for side in sides), sections, tuple(_diffs(workspace, sides)))


def _side(workspace: Workspace, run: Run, rows: Rows) -> _Side:
    plan = runs.plan_of(workspace, run)
    return _Side(run, plan, rows.of(run), runs.lock_of(workspace, plan))


def packages_of(workspace: Workspace, plan: Plan) -> dict[str, str]:
    """Name -> version of what a plan's image is made from."""
    return {name: version for name, (version, _) in _made_from(plan, runs.lock_of(workspace, plan)).items()}


def _run(row: Row) -> dict[str, str]:
    shown = {"name": row.name, "status": row.status, "kind": row.kind, "created": row.created, "result": row.outcome}
    shown["duration"] = None if row.duration is None else f"{row.duration:.1f} s"
    shown["note"] = row.tags.get(names.NOTE)
    theirs = {name: value for name, value in row.tags.items() if not name.startswith(names.OURS)}
    return _texts({**shown, **{f"tag {name}": value for name, value in sorted(theirs.items())}})


def _spec(plan: Plan) -> dict[str, str]:
    """What is left of a plan, each value by its dotted name."""
    given = {name: value for name, value in plan.model_dump(mode="json").items() if name not in _ELSEWHERE}
    given["command"] = shlex.join(plan.command)
    return dict(_flat("", given))


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    elif value not in (None, [], ""):
        yield prefix, _text(value)


def _packages(sides: Sequence[_Side]) -> list[dict[str, str]]:
    """Interpreter, base and versions; which file it is, where a version is the same and its file is not."""
    columns = [_made_from(side.plan, side.lock) for side in sides]
    versions: dict[str, set[str]] = defaultdict(set)
    for column in columns:
        for name, (version, _) in column.items():
            versions[name].add(version)
    return [
        {
            name: version if len(versions[name]) > 1 or not digest else f"{version} ({digest})"
            for name, (version, digest) in one.items()
        }
        for one in columns
    ]


def _made_from(plan: Plan, lock: Lock | None) -> dict[str, tuple[str, str]]:
    """Name -> version and digest of what an image is made from."""
    if lock is None:
        return {"lock": (plan.image.lock, plan.image.lock.short)}
    base = lock.base
    wheels = {wheel.name: (wheel.version, wheel.sha256.short) for wheel in lock.wheels}
    return {"python": (base.python, ""), "base": (base.name, base.layers[-1].diff_id.short), **wheels}


def _code(side: _Side) -> dict[str, str]:
    git = side.run.origin.git
    state = {"commit": git.get("commit"), "branch": git.get("branch")}
    changed = {"uncommitted changes": "yes" if git.get("dirty") else "no"} if git else {}
    return {"tree": str(side.plan.code), **_texts(state), **changed}


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: Any) -> str:
    """A value as a text that no other value has: a text that reads like a number or ``true`` stands in quotes."""
    if not isinstance(value, str):
        return canonical(value).decode() if isinstance(value, list | bool | Mapping) else repr(value)
    return json.dumps(value) if value in ("true", "false") or _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _diffs(workspace: Workspace, sides: list[_Side]) -> Iterator[CodeDiff]:
    """Each other code once, however many runs share it."""
    first, seen, effort = sides[0], set[Digest](), Effort()
    for side in itertools.islice(sides, 1, None):
        if side.plan.code not in seen:
            seen.add(side.plan.code)
            other = Code(side.run.id, side.plan.code)
            yield from compare_code(Code(first.run.id, first.plan.code), other, workspace.blobs, effort)
