"""The templates, and how values are written in them. Everything is escaped; nothing here turns that off."""

from __future__ import annotations

import hashlib
import math
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment

from orchestrator.compare.values import printable, size
from orchestrator.report.templating import templates

STATIC = Path(__file__).with_name("static")
_TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """Made once."""
    made = templates(_TEMPLATES)
    made.filters |= {
        "digest": short,
        "duration": duration,
        "number": number,
        "part": lambda text: quote(str(text), safe=""),
        "plain": lambda value: printable(str(value)),
        "size": lambda count: size(int(count)),
    }
    made.globals["static"] = static
    return made


@cache
def static(name: str) -> str:
    """The address of a file that never changes under it: its digest is a part."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def short(digest: str | None) -> str:
    """Twelve digits of a digest."""
    return (digest or "").removeprefix("sha256:")[:12]


def number(value: object) -> str:
    """A number as a table has it; whatever is no number as it is."""
    if not isinstance(value, float):
        return printable(str(value))
    if not math.isfinite(value):
        return repr(value)
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def duration(seconds: float | None) -> str:
    """``1.2 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
