"""Differences and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from orchestrator.cli.render.basics import table
from orchestrator.cli.render.certificates import reasons
from orchestrator.compare.render.text import Line, verdict_lines

if TYPE_CHECKING:
    from orchestrator.operations.replaying import Replayed
    from orchestrator.operations.verifying import Verified

_COLOURS = {
    "content": "cyan",
    "changed": "yellow",
    "added": "green",
    "removed": "red",
    "passed": "green",
    "failed": "red",
}


def painted(lines: Iterable[Line]) -> str:
    """Lines of a difference or verdict."""
    return "\n".join(click.style(line.text, fg=_COLOURS.get(line.style), dim=line.style == "muted") for line in lines)


def replayed(done: Replayed) -> str:
    """A replay and its verdict."""
    digests = [f"{run.id}  {run.outcome or 'no outcome'}" for run in (done.original, done.replay)]
    head = table([("original", digests[0]), ("replay", digests[1])])
    return "\n".join([head, painted(verdict_lines(done.verdict)), *reasons(done.causes)])


def verified(done: Verified) -> str:
    """Several replays and their verdicts."""
    lines = []
    for number, one in enumerate(done.replays, 1):
        lines += [f"replay {number} of {len(done.replays)}: {one.replay.id}", painted(verdict_lines(one.verdict))]
        lines += reasons(one.causes)
    return "\n".join(lines)
