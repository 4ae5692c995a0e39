"""What doctor found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.operations.checkup import Check

_STATES = {"ok": "green", "warning": "yellow", "problem": "red"}


def checks(found: Sequence[Check]) -> str:
    """What doctor found."""
    lines = []
    for check in found:
        lines.append(f"{click.style(f'{check.state:<7}', fg=_STATES[check.state])}  {check.name}: {check.text}")
        if check.next_step:
            lines.append(f"         next: {check.next_step}")
    return "\n".join(lines)
