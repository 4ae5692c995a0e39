"""Run ids: ``20261123-142530-417a3c`` — they sort by time, and any unique prefix names the run.

A run within a run has its parent's id and a number: ``20261123-142530-417a3c.1``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

PATTERN = r"[0-9]{8}-[0-9]{6}-[0-9]{3}[0-9a-f]{3}(\.[0-9]{1,6})?"


def new(now: datetime, chance: int) -> str:
    """An id for this moment (milliseconds, UTC) and a random number of 12 bits, which parts runs of one millisecond."""
    moment = now.astimezone(UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}{chance % 4096:03x}"


def is_one(text: str) -> bool:
    """Whether this is a whole run id."""
    return re.fullmatch(PATTERN, text) is not None


def child(parent: str, number: int | Literal[""]) -> str:
    """The id of a run within a run, counted from 1; or what all their ids begin with."""
    return f"{parent}.{number}"


def is_child(text: str) -> bool:
    """Whether this names, or begins to name, a run within a run."""
    return "." in text


def top(run_id: str) -> str:
    """The run that this one was made within; itself, where it was made within none."""
    return run_id.partition(".")[0]
