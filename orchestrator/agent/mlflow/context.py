"""What all parts of the server share: the journal, the clock, names that are the same in each execution."""

from __future__ import annotations

import hashlib
import time

from ..http import Refused
from .journal import Journal

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    Body = dict[str, Any]
    Answer = dict[str, Any]


class Context:
    """One server's."""

    def __init__(self, record: str, identity: str) -> None:
        self.record = record
        self.journal = Journal(record)
        self._identity = identity
        self._made = 0

    def new_id(self) -> str:
        """32 hexadecimal digits: the n-th id of the same plan is the same, for ids get into what a job writes."""
        self._made += 1
        return hashlib.sha256(("%s %d" % (self._identity, self._made)).encode()).hexdigest()[:32]

    @staticmethod
    def now() -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


def required(body: Body, *names: str) -> str:
    """The first of these fields that is there, as text.

    Raises:
        Refused: none is.
    """
    for name in names:
        value = body.get(name)
        if value not in (None, ""):
            return str(value)
    raise Refused(400, "Missing value for required parameter '%s'" % names[0])


def number(body: Body, name: str, default: int = 0) -> int:
    """A whole number; protobuf's JSON writes long ones as text.

    Raises:
        Refused: it is something else.
    """
    value = body.get(name)
    try:
        return default if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        raise Refused(400, "Invalid value %r for parameter '%s'" % (value, name)) from None


def entries(body: Body, name: str) -> list[Body]:
    """A list of objects.

    Raises:
        Refused: it is something else.
    """
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Refused(400, "Invalid value for parameter '%s'" % name)
    return found


def missing(what: str, name: object) -> Refused:
    """The answer to a question for something that is not there."""
    return Refused(404, "%s '%s' not found" % (what, name), "RESOURCE_DOES_NOT_EXIST")


def pairs(values: dict[str, str]) -> list[dict[str, str]]:
    """Tags or parameters as the API lists them."""
    return [{"key": key, "value": value} for key, value in values.items()]


def page(found: list[Any], body: Body, default: int) -> tuple[list[Any], dict[str, str]]:
    """The part of a result that was asked for, and the token of the next part."""
    start = number(body, "page_token") if body.get("page_token") else 0
    end = start + max(1, min(number(body, "max_results", default), 50_000))
    return found[start:end], {"next_page_token": str(end)} if end < len(found) else {}
