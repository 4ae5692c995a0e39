"""What runs have, by our own names and by MLflow's."""

from __future__ import annotations

import re

from orchestrator.errors import UsageError
from orchestrator.index.query import COLUMNS, GROUPS, Field, Group

OURS = "orchestrator."
"""Tags that begin so are set by this program alone."""

ARCHIVED = "orchestrator.archived"
NOTE = "orchestrator.note"
SWEEP = "orchestrator.sweep"
TRIAL = "orchestrator.trial"

_GROUPS: dict[str, Group] = {
    **{group: group for group in GROUPS},
    **dict.fromkeys(("metric",), "metrics"),
    **dict.fromkeys(("param", "parameter", "parameters"), "params"),
    **dict.fromkeys(("tag",), "tags"),
    **dict.fromkeys(("dataset", "datasets", "input", "inputs"), "data"),
    **dict.fromkeys(("package",), "packages"),
}
_ATTRIBUTES = frozenset({"attribute", "attributes", "attr", "run"})
_SAME = {
    "run_id": "id",
    "run_name": "name",
    "run name": "name",
    "start_time": "started",
    "end_time": "ended",
    "time": "created",
    "result": "outcome",
    "git": "commit",
}
_TAGS = {"archived": ARCHIVED, "note": NOTE, "sweep": SWEEP, "trial": TRIAL}
_AS_WRITTEN = {tag: written for written, tag in _TAGS.items()}
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")
_EACH = re.compile(r"(?:^|,)((?:`[^`]*`|\"[^\"]*\"|[^,])*)")
_MLFLOW_TAGS = {"mlflow.runName": Field("name"), "mlflow.note.content": Field(NOTE, "tags")}


def own_tags(note: str, *, archived: bool) -> dict[str, str]:
    """What is found under a tag of our own, where it is so."""
    return {**({NOTE: note} if note else {}), **({ARCHIVED: "true"} if archived else {})}


def parse(text: str) -> Field:
    """A field that stands alone, to sort by or to show: what is behind the first dot is its name as it is.

    In quotes it is the same name, as in a filter.

    Raises:
        UsageError: runs have none such.
    """
    head, dot, name = text.partition(".")
    if _QUOTED.fullmatch(name):
        name = name[1:-1]
    found = field([head, name] if dot else [head])
    if found is None:
        raise UsageError(f"runs have no {text!r}", hint=advice([head, name] if dot else [head]))
    return found


def parse_many(text: str) -> tuple[Field, ...]:
    """Fields with commas between them; a comma in quotes is part of a name. Raises as :func:`parse` does."""
    return tuple(parse(one.strip()) for one in _EACH.findall(text))


def written(field: Field) -> str:
    """A field as a person writes it: ``metrics.loss``, ``note``."""
    own = _AS_WRITTEN.get(field.name) if field.group == "tags" else None
    return own or field.dotted


def field(path: list[str]) -> Field | None:
    """The field of a dotted name; None where runs have none such."""
    head, rest = path[0], path[1:]
    if rest and head in _ATTRIBUTES:
        head, rest = rest[0], rest[1:]
    if not rest:
        head = _SAME.get(head, head)
        if head in _TAGS:
            return Field(_TAGS[head], "tags")
        return Field(head) if head in COLUMNS else None
    group = _GROUPS.get(head)
    if group is None:
        return None
    name = ".".join(rest)
    if group == "packages":
        name = re.sub(r"[-_.]+", "-", name).lower()  # as PEP 503 has it, and locks
    return _MLFLOW_TAGS.get(name, Field(name, group)) if group == "tags" else Field(name, group)


def advice(path: list[str]) -> str:
    """What may have been meant by a name that runs do not have."""
    from difflib import get_close_matches  # every submit imports this file

    head = path[0] if len(path) > 1 else path[-1]
    known = [*GROUPS] if len(path) > 1 else [*COLUMNS, *_TAGS]
    near = get_close_matches(head[:64], known, n=1)
    if near:
        return f"did you mean `{'.'.join([near[0], *path[1:]])}`?"
    return f"there are {', '.join(COLUMNS)}, {', '.join(_TAGS)}, and {', '.join(f'{group}.NAME' for group in GROUPS)}"
