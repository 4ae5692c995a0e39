"""Differences and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.render.basics import table
from orchestrator.cli.render.certificates import reasons
from orchestrator.compare.render.text import Line, verdict_lines
from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.operations.cold import ColdStart
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
    return "\n".join([*cold_start(done.cold), head, painted(verdict_lines(done.verdict)), *reasons(done.causes)])


def cold_start(done: ColdStart | None) -> list[str]:
    """How an image was made again, step by step."""
    steps = [f"  {seconds:6.1f} s  {printable(step)}" for step, seconds in done.steps] if done else []
    return ["cold start, as if this machine had never had the image", *steps] if steps else []


def cold_data(done: ColdStart | None) -> dict[str, Any] | None:
    """The same, for a program."""
    if done is None:
        return None
    steps = [{"step": step, "seconds": seconds} for step, seconds in done.steps]
    return {"manifest": done.manifest, "steps": steps}


def verified(done: Verified) -> str:
    """Several replays and their verdicts."""
    lines = []
    for number, one in enumerate(done.replays, 1):
        lines += cold_start(one.cold)
        lines += [f"replay {number} of {len(done.replays)}: {one.replay.id}", painted(verdict_lines(one.verdict))]
        lines += reasons(one.causes)
    return "\n".join(lines)
