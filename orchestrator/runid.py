"""Run ids: ``20261123-142530-417a3c`` — they sort by time, and any unique prefix names the run.

A run within a run has its parent's id and a number: ``20261123-142530-417a3c.1``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

PATTERN = r"[0-9]{8}-[0-9]{6}-[0-9]{3}[0-9a-f]{3}(\.[0-9]{1,6})?"


def new(now: datetime, chance: int) -> str:
    """An id for this moment (milliseconds, UTC) and a random number of 12 bits, which parts runs of one millisecond."""
    moment = now.astimezone(UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}{chance % 4096:03x}"


def is_one(text: str) -> bool:
    """Whether this is a whole run id."""
    return re.fullmatch(PATTERN, text) is not None


def child(parent: str, number: int) -> str:
    """The id of a run within a run, counted from 1."""
    return f"{parent}.{number}"


def top(run_id: str) -> str:
    """The run that this one was made within; itself, where it was made within none."""
    return run_id.partition(".")[0]


def in_order(run_id: str) -> tuple[str, int]:
    """What ids are put in order by: a run within a run by its number, not by its digits."""
    parent, _, number = run_id.partition(".")
    return parent, int(number or 0)
