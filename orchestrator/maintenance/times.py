"""Spans of time, as a person writes them."""

from __future__ import annotations

import re
from datetime import timedelta

from orchestrator.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse(text: str) -> timedelta:
    """``30d``, ``12h``, ``2w``, ``90m``, ``45s``; ``0``.

    Raises:
        UsageError: it is none of these.
    """
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    if match is None and text != "0":
        raise UsageError(f"not a span of time: {text!r}", hint="a number and s, m, h, d or w: 30d, 12h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
