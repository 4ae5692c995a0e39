"""``WWW-Authenticate``: how a registry asks who we are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MAX = 4096
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')


@dataclass(frozen=True)
class Challenge:
    """One scheme and its parameters."""

    scheme: str
    """In lower case: ``basic`` or ``bearer``."""
    parameters: dict[str, str] = field(default_factory=dict)


def parse(header: str) -> Challenge | None:
    """The challenge in a header; None where it is neither Basic nor Bearer. Bearer wins over Basic."""
    header = header[:_MAX]
    for scheme in ("bearer", "basic"):
        if match := re.search(rf"(?i)(?:^|,)\s*{scheme}(?:\s+|$)", header):
            return Challenge(scheme, _parameters(header, match.end()))
    return None


def _parameters(header: str, at: int) -> dict[str, str]:
    found: dict[str, str] = {}
    while match := _PARAMETER.match(header, at):
        quoted, plain = match[2], match[3]
        found.setdefault(match[1].lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
    return found
