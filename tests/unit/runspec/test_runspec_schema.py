"""The published schema is the generated one, and accepts what the parser accepts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.runspec.fields import DURATION_PATTERN, MEMORY_PATTERN, parse_duration, parse_memory
from orchestrator.runspec.load import parse
from orchestrator.runspec.model import RunSpec
from orchestrator.runspec.schema import json_schema, schema_text

DOCS = Path(__file__).parents[3] / "docs"


def test_the_published_schema_is_the_generated_one():
    assert (DOCS / "runspec.schema.json").read_text() == schema_text(), (
        "regenerate it: python -c 'from orchestrator.runspec.schema import schema_text; "
        'print(schema_text(), end="")\' > docs/runspec.schema.json'
    )


def test_head():
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith("urn:")
    assert schema["title"]
    assert re.findall(r"\w+://[^/\"]+", schema_text()) == ["https://json-schema.org"]


def test_no_unknown_fields_anywhere():
    schema = json_schema()
    for model in (schema, *schema["$defs"].values()):
        assert model["additionalProperties"] is False
    for section in ("params", "data", "env", "secrets"):
        assert schema["properties"][section]["additionalProperties"] is False


def test_every_field_is_described():
    schema = json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, field in model["properties"].items():
            assert field.get("description"), name


def test_every_field_is_in_the_reference():
    reference = (DOCS / "runspec.md").read_text()
    schema = json_schema()
    assert set(schema["properties"]) == set(RunSpec.model_fields)
    for model in (schema, *schema["$defs"].values()):
        for name in model["properties"]:
            assert f"`{name}`" in reference, name


def test_the_examples_of_the_reference_parse():
    first, *others = re.findall(r"```yaml\n(.*?)```", (DOCS / "runspec.md").read_text(), re.DOTALL)
    assert parse(first.encode(), "docs").params == {"lr": 0.001}
    for example in others:
        run = "" if example.startswith("run:") else "run: {command: python train.py}\n"
        parse(f"version: 1\nname: x\nparams: {{lr: 1}}\n{run}{example}".encode(), "docs")


@pytest.mark.parametrize("text", ["4g", "512M", "10 kb", "3GiB", "1048576", " 1t "])
def test_sizes(text):
    assert re.search(MEMORY_PATTERN, text)
    assert parse_memory(text) > 0


@pytest.mark.parametrize("text", ["15m", "90", "90 s", "2H", "1d"])
def test_durations(text):
    assert re.search(DURATION_PATTERN, text)
    assert parse_duration(text) > 0


@pytest.mark.parametrize("text", ["", "g", "4x", "-1g", "1.5g", "٣g", "9" * 5000])
def test_neither(text):
    assert not re.search(MEMORY_PATTERN, text)
    assert not re.search(DURATION_PATTERN, text)
    with pytest.raises(ValueError, match="reads"):
        parse_memory(text)
    with pytest.raises(ValueError, match="reads"):
        parse_duration(text)
