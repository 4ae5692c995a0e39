"""The RunSpec's ``determinism`` section: a level, and controls by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag, WithJsonSchema

from orchestrator.determinism import controls, levels
from orchestrator.determinism.levels import Level
from orchestrator.model import Frozen
from orchestrator.runspec import fields
from orchestrator.runspec.fields import chosen_by

_WORDS = {True: "on", False: "off"}
"""``true`` and ``false`` are taken for what YAML 1.1 also calls them."""


def _word(value: Any) -> Any:
    return _WORDS[value] if isinstance(value, bool) else value


_ON_OFF = {"enum": ["on", "off", True, False]}

Switch = Annotated[Literal["on", "off"], BeforeValidator(_word), WithJsonSchema(_ON_OFF)]
InstructionSet = Annotated[
    Literal["x86-64-v3", "x86-64-v2", "on", "off"],
    BeforeValidator(_word),
    WithJsonSchema({"enum": ["x86-64-v3", "x86-64-v2", *_ON_OFF["enum"]]}),
]


def _switch(name: str) -> Any:
    return Field(default=None, description=levels.CONTROLS[name])


class DeterminismSpec(Frozen):
    """How far randomness is pinned down: a level, and what is turned on or off besides."""

    level: Level = Field("standard", description="`off`, `standard` or `strict`: where the controls start from")
    identity: Switch | None = _switch("identity")
    hash: Switch | None = _switch("hash")
    dates: Switch | None = _switch("dates")
    seeds: Switch | None = _switch("seeds")
    algorithms: Switch | None = _switch("algorithms")
    threads: Switch | None = _switch("threads")
    one_thread: Switch | None = _switch("one_thread")
    joblib: Switch | None = _switch("joblib")
    entropy: Switch | None = _switch("entropy")
    clock: Switch | None = _switch("clock")
    listings: Switch | None = _switch("listings")
    addresses: Switch | None = _switch("addresses")
    cpu: InstructionSet | None = _switch("cpu")

    @property
    def named(self) -> dict[str, str]:
        """The controls that are named, and what is said of each."""
        said = {name: getattr(self, name) for name in levels.CONTROLS}
        return {name: value for name, value in said.items() if value is not None}


def _shape(value: Any) -> str | None:
    return fields.MAPPING if isinstance(value, DeterminismSpec) else fields.shape(value)


Determinism = Annotated[
    Annotated[Level, Tag(fields.TEXT)] | Annotated[DeterminismSpec, Tag(fields.MAPPING)],
    chosen_by(_shape, "`off`, `standard`, `strict` or a mapping such as `{level: standard, clock: off}`"),
]


def section(value: Level | DeterminismSpec) -> DeterminismSpec:
    """The section in full, where only a level is given."""
    return value if isinstance(value, DeterminismSpec) else DeterminismSpec(level=value)


def check(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a section's controls say against each other, or leave empty: control, message. Works on the plain value."""
    for name in levels.CONTROLS:
        if name in value and value[name] is None:  # a recorded spec has empty ones, a written one a slip
            *words, last = (f"`{word}`" for word in _SAID[name])
            yield name, f"`determinism.{name}` must be {', '.join(words)} or {last}, not empty"
    yield from controls.contradictions(_words(value)).items()


def in_force(value: Any) -> controls.Controls:
    """What a section, as it is written, turns on; what is wrong in it is passed over."""
    section = value if isinstance(value, Mapping) else {"level": value}
    level = section.get("level")
    known: Level = level if isinstance(level, str) and level in levels.LEVELS else "standard"
    named = {name: word for name, word in _words(section).items() if word in _SAID.get(name, ())}
    return controls.resolve(known, named, network=False, interposer=True).controls


def _words(value: Mapping[str, Any]) -> dict[str, str]:
    return {name: word for name, said in value.items() if isinstance(word := _word(said), str)}


_SAID = {**dict.fromkeys(levels.CONTROLS, ("on", "off")), "cpu": ("x86-64-v3", "x86-64-v2", "on", "off")}
"""The words that may be said of each control."""
