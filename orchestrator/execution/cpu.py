"""The CPU contract: what a CPU can do, and what a plan's instruction set asks of it. Names as Linux writes them."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ADDS = {
    "x86-64-v2": ("cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3"),
    "x86-64-v3": ("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"),
    "x86-64-v4": ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"),
}
"""Level of the x86-64 psABI -> the features that it has besides those of the level before. ``abm`` is LZCNT."""

UNKNOWN = "an unknown CPU"


def describe(cpuinfo: str) -> dict[str, Any]:
    """A CPU for the record, from the text of /proc/cpuinfo: ``vendor``, ``model``, and those ``features`` of levels."""
    told: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        told.setdefault(key.strip(), value.strip())
    has = set(told.get("flags", "").split())
    return {
        "vendor": told.get("vendor_id", ""),
        "model": told.get("model name", ""),
        "machine": platform.machine(),
        "features": [feature for adds in _ADDS.values() for feature in adds if feature in has],
    }


def read() -> dict[str, Any]:
    """This machine's CPU."""
    try:
        return describe(Path("/proc/cpuinfo").read_text(errors="replace"))
    except OSError:
        return describe("")


def missing(pin: str, cpu: Mapping[str, Any]) -> tuple[str, ...]:
    """The features that a plan's ``cpu`` control asks for and a CPU lacks; none where it can honour the pin.

    Args:
        pin: ``x86-64-v2``, ``x86-64-v3``, or ``off``, which asks for nothing.
        cpu: as :func:`describe` has it.
    """
    has = set(cpu.get("features", ()))
    return tuple(feature for feature in _asked(pin) if feature not in has)


def best(cpu: Mapping[str, Any]) -> str:
    """The highest level that a CPU can honour; ``off`` where it is none."""
    honoured = "off"
    for level in _ADDS:
        if missing(level, cpu):
            break
        honoured = level
    return honoured


def name(cpu: Mapping[str, Any]) -> str:
    """As a person knows it, with its level."""
    level = best(cpu)
    model = str(cpu.get("model") or cpu.get("machine") or UNKNOWN)
    return model if level == "off" else f"{model} ({level})"


def _asked(pin: str) -> tuple[str, ...]:
    levels = list(_ADDS)
    if pin not in levels:
        return ()
    return tuple(feature for level in levels[: levels.index(pin) + 1] for feature in _ADDS[level])
