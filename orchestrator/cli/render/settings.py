"""Settings, as `config` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.settings.kinds import NOTHING

if TYPE_CHECKING:
    from orchestrator.operations.configuring import Setting


def settings(found: Sequence[Setting], *, origins: bool, alone: bool) -> str:
    """A line for each; of one ``alone`` its value, for scripts."""
    values = [one.value if one.value is not None else NOTHING for one in found]
    if alone:
        return "\n".join(
            f"{value}  # {one.origin}" if origins else value for one, value in zip(found, values, strict=True)
        )
    keys, wide = max(len(one.key) for one in found), max(map(len, values))
    lines = []
    for one, value in zip(found, values, strict=True):
        line = f"{one.key:<{keys}}  {value}"
        lines.append(f"{line:<{keys + 2 + wide}}  {one.origin}" if origins else line)
    return "\n".join(lines)
