"""A spec's ``determinism`` section -> the controls in force, and what a person should be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field

from orchestrator.determinism.levels import (
    CONTROLS,
    HALF_INTERPOSED,
    INTERPOSED,
    LEVELS,
    NEEDS,
    Level,
    Processor,
)
from orchestrator.model import Frozen


def _off(value: object) -> bool:
    return value in (False, "off")


_NOT: Any = Field(default=False, exclude_if=_off)


class Controls(Frozen):
    """What is in force; ``levels.CONTROLS`` says what each does.

    Only what is on is written down: a control that a later version adds changes no plan of today.
    """

    identity: bool = _NOT
    hash: bool = _NOT
    dates: bool = _NOT
    seeds: bool = _NOT
    algorithms: bool = _NOT
    threads: bool = _NOT
    one_thread: bool = _NOT
    joblib: bool = _NOT
    entropy: bool = _NOT
    clock: bool = _NOT
    listings: bool = _NOT
    addresses: bool = _NOT
    cpu: Processor | Literal["off"] = Field(default="off", exclude_if=_off)

    @classmethod
    def of(cls, level: Level) -> Self:
        """What a level turns on."""
        return cls.model_validate(LEVELS[level])

    def has(self, name: str) -> bool:
        """Whether the control of this name is on."""
        return not _off(getattr(self, name))

    def without(self, *names: str) -> Self:
        """The same with some turned off."""
        kept = {name: getattr(self, name) for name in CONTROLS if name not in names}
        return type(self).model_validate(kept)

    def missing(self, level: Level) -> tuple[str, ...]:
        """What the level promises and is not in force."""
        promised = type(self).of(level)
        return tuple(name for name in CONTROLS if promised.has(name) and not self.has(name))

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are on, as a person reads them: ``hash``, ``cpu=x86-64-v3``."""
        return tuple(f"cpu={self.cpu}" if name == "cpu" else name for name in CONTROLS if self.has(name))


@dataclass(frozen=True)
class Resolved:
    """What is in force for a run."""

    controls: Controls
    notes: tuple[str, ...] = ()
    """What differs from what the level promises, or may surprise: told as the plan is made."""
    lacking: tuple[str, ...] = ()
    """What the spec asks for by name and this installation cannot do: an error."""


def resolve(level: Level, named: Mapping[str, str], *, network: bool, interposer: bool) -> Resolved:
    """Level, then what the spec names, then what can be had.

    Args:
        level: where to start from.
        named: control -> ``on`` or ``off``; for ``cpu`` also an instruction set.
        network: whether the job reaches the network.
        interposer: whether the library that is preloaded is there.
    """
    controls = _named(level, named)
    notes = []
    if network and controls.entropy:
        if named.get("entropy") == "on":
            notes.append(
                "entropy comes from the seed although the job reaches the network: its TLS keys are predictable"
            )
        else:
            controls = controls.without("entropy")
            notes.append(
                "entropy is off: the job reaches the network, and predictable entropy makes TLS keys predictable; "
                "`determinism: {entropy: on}` has both"
            )
    if interposer:
        return Resolved(controls, tuple(notes))
    missed = [name for name in INTERPOSED if controls.has(name)]
    half = [name for name in HALF_INTERPOSED if controls.has(name)]
    if missed or half:
        notes.append(_without_library(missed, half))
    lacking = tuple(name for name in missed if named.get(name) == "on")
    return Resolved(controls.without(*missed), tuple(notes), lacking)


def contradictions(named: Mapping[str, str]) -> dict[str, str]:
    """Controls that are asked for by name without another that they need: control -> what is wrong."""
    return {
        name: f"`{name}` needs `{other}`, which is off"
        for name, other in NEEDS.items()
        if named.get(name) == "on" and named.get(other) == "off"
    }


def _named(level: Level, named: Mapping[str, str]) -> Controls:
    on = {**LEVELS[level]}
    for name, value in named.items():
        on[name] = value if name == "cpu" else value == "on"
    if on.get("cpu") == "on":
        on["cpu"] = LEVELS["standard"]["cpu"]
    for name, other in NEEDS.items():
        if named.get(name) == "on":
            on[other] = True
        elif not on.get(other):
            on[name] = False
    return Controls.model_validate(on)


def _without_library(missed: list[str], half: list[str]) -> str:
    parts = [", ".join(missed), f"{' and '.join(half)} in part" if half else ""]
    return (
        f"not in force: {'; '.join(filter(None, parts))}: libinterpose.so is not built here "
        "(`orchestrator doctor` says what is missing)"
    )
