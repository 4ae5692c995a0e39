"""A plain value to a RunSpec, or what is wrong with it, path by path."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from orchestrator.runspec.fields import BRANCHES
from orchestrator.runspec.findings import Findings
from orchestrator.runspec.model import RunSpec
from orchestrator.runspec.position import Path, quote
from orchestrator.runspec.wording import dotted, explain, nearest, some


def validate(value: Any, broken: frozenset[Path], findings: Findings) -> RunSpec | None:
    """The RunSpec, or None and findings. Nothing is said about values that could not be read (``broken``)."""
    try:
        return RunSpec.model_validate(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple(part for part in detail["loc"] if part not in BRANCHES)
            if not any(path[: len(prefix)] == prefix for prefix in broken):
                _report(detail, path, findings)
    return None


def _report(detail: Any, path: Path, findings: Findings) -> None:
    if detail["type"] == "missing":
        findings.add(path[:-1], f"{quote(dotted(path))} is missing")
    elif detail["type"] == "extra_forbidden":
        findings.add(path, _unknown(path), key=True)
    elif path[-1:] == ("[key]",):
        findings.add(path[:-1], explain(detail, path[:-1], None), key=True)
    else:
        findings.add(path, explain(detail, path, findings.source(path)))


def _unknown(path: Path) -> str:
    *parents, name = path
    known = list(_fields(tuple(parents)))
    meant = nearest(str(name), known)
    better = f"did you mean {quote(dotted((*parents, meant)))}?" if meant else f"known here: {some(known)}"
    return f"unknown field {quote(dotted(path))}; {better}"


def _fields(path: Path) -> Iterator[str]:
    """The names of the fields that a value at this path may have."""
    annotations: list[Any] = [RunSpec]
    for part in path:
        annotations = [inner for one in annotations for inner in _step(one, part)]
    for one in annotations:
        if _is_model(one):
            yield from one.model_fields


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    if _is_model(annotation) and part in annotation.model_fields:
        yield from _alternatives(annotation.model_fields[part].annotation)
    elif get_origin(annotation) is dict:
        yield from _alternatives(get_args(annotation)[1])


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for choice in get_args(annotation):
            yield from _alternatives(choice)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
