"""What to do next, decided without I/O. A fresh run, an adopted one and a repaired one go through the same table.

| recorded | exit record | container      | may launch | action  |                                                   |
|----------|-------------|----------------|------------|---------|---------------------------------------------------|
| yes      |             |                |            | CLEAN   | nothing is left to do but to tidy up              |
| no       | yes         | running        |            | SETTLE  | it says it has ended: what still runs is not ours |
| no       | yes         | created        |            | COLLECT | nothing runs                                      |
| no       | yes         | exited         |            | COLLECT | nothing runs                                      |
| no       | yes         | none           |            | COLLECT | nothing runs                                      |
| no       | no          | running        |            | FOLLOW  |                                                   |
| no       | no          | created        | yes        | LAUNCH  | an earlier attempt came half way                  |
| no       | no          | created        | no         | COLLECT | it never started, and nobody waits for it         |
| no       | no          | exited         |            | COLLECT | the agent died without a word: the run is lost    |
| no       | no          | none           | yes        | LAUNCH  |                                                   |
| no       | no          | none           | no         | COLLECT | the container was removed, or was never made      |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal


class Action(Enum):
    """The next step."""

    LAUNCH = auto()
    FOLLOW = auto()
    SETTLE = auto()
    """Have the container end before anything is read that a process in it could still change."""
    COLLECT = auto()
    CLEAN = auto()


@dataclass(frozen=True)
class Observation:
    """What can be seen of a run."""

    recorded: bool
    ended: bool
    """The agent's exit record is there."""
    container: Literal["created", "running", "exited"] | None
    may_launch: bool
    """Somebody waits for this run, and it was not launched before."""


def decide(seen: Observation) -> Action:
    """The row of the table that fits."""
    if seen.recorded:
        return Action.CLEAN
    if seen.ended:
        return Action.SETTLE if seen.container == "running" else Action.COLLECT
    if seen.container == "running":
        return Action.FOLLOW
    if seen.container in (None, "created") and seen.may_launch:
        return Action.LAUNCH
    return Action.COLLECT
