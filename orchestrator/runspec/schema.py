"""The JSON Schema of a runspec, for editors and other tools: generated from the model."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.runspec.model import RunSpec

_HEAD = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:orchestrator:runspec:1",
    "title": "Orchestrator runspec",
}
_NAMED = frozenset({"properties", "patternProperties", "$defs"})


def json_schema() -> dict[str, Any]:
    """The schema of what a person may write (draft 2020-12)."""
    return _HEAD | {key: value for key, value in _tidy(RunSpec.model_json_schema()).items() if key not in _HEAD}


def schema_text() -> str:
    """The schema as it stands in ``docs/runspec.schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any, *, names: bool = False) -> Any:
    """Without pydantic's titles; with ``anyOf`` for its ``oneOf``, whose branches overlap in ``{}``.

    ``names``: the keys of this mapping are the author's, not the schema's.
    """
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: _tidy(value) for key, value in node.items()}
    kept = {key: value for key, value in node.items() if key != "title"}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return {
        "anyOf" if key == "oneOf" else key: value
        if key in ("default", "const", "enum", "required")
        else _tidy(value, names=key in _NAMED)
        for key, value in kept.items()
    }
