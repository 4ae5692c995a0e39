"""Run ids: ``20261123-142530-417a3c`` — they sort by time, and any unique prefix names the run."""

from __future__ import annotations

import re
from datetime import UTC, datetime

PATTERN = r"[0-9]{8}-[0-9]{6}-[0-9]{3}[0-9a-f]{3}"


def new(now: datetime, chance: int) -> str:
    """An id for this moment (milliseconds, UTC) and a random number of 12 bits, which parts runs of one millisecond."""
    moment = now.astimezone(UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}{chance % 4096:03x}"


def is_one(text: str) -> bool:
    """Whether this is a whole run id."""
    return re.fullmatch(PATTERN, text) is not None
