"""What to do next, decided without I/O. A fresh run, an adopted one and a repaired one go through the same table.

| recorded | exit record | container      | may launch | action  |                                                   |
|----------|-------------|----------------|------------|---------|---------------------------------------------------|
| yes      |             |                |            | CLEAN   | nothing is left to do but to tidy up              |
| no       | yes         |                |            | COLLECT | the agent has said how it ended: nothing runs     |
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
        return Action.COLLECT
    if seen.container == "running":
        return Action.FOLLOW
    if seen.container in (None, "created") and seen.may_launch:
        return Action.LAUNCH
    return Action.COLLECT
