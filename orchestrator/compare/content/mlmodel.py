"""``MLmodel``, MLflow's description of a model, without what is new in every run: times and ids."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from orchestrator.compare.content import yaml
from orchestrator.compare.content.documents import compare_documents
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference

_VOLATILE = frozenset({"utc_time_created", "model_uuid", "run_id", "model_id"})
_IDS = ("run_id", "model_id", "model_uuid")
_SHORTEST_ID = 8


def knows(side: Side) -> bool:
    """By its name."""
    return posixpath.basename(side.name) == "MLmodel"


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Value by value. A model's own ids are not content either where they stand within a path."""
    yield from compare_documents(_lasting(left), _lasting(right))


def _lasting(side: Side) -> Any:
    document = yaml.parsed(side)
    if not isinstance(document, dict):
        raise Unreadable("no mapping")
    ids = [document[name] for name in _IDS if isinstance(document.get(name), str)]
    kept = {key: value for key, value in document.items() if key not in _VOLATILE}
    return {key: _without(value, [known for known in ids if len(known) >= _SHORTEST_ID]) for key, value in kept.items()}


def _without(value: Any, ids: list[str]) -> Any:
    if not isinstance(value, str):
        return value
    for known in ids:
        value = value.replace(known, "<id>")
    return value


MLMODEL = Comparator("MLmodel", knows, compare)
