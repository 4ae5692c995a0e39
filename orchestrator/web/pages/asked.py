"""What a request says, bounded: nothing here is trusted."""

from __future__ import annotations

from starlette.requests import Request

from orchestrator.errors import NotFound, UsageError
from orchestrator.runid import is_one

_LONGEST = 4096


def text(request: Request, name: str) -> str:
    """A text of the query; empty where there is none.

    Raises:
        UsageError: it is longer than anybody writes.
    """
    found = request.query_params.get(name, "").strip()
    if len(found) > _LONGEST:
        raise UsageError(f"{name}: {len(found):,} characters", hint="ask for less")
    return found


def whole(request: Request, name: str) -> int | None:
    """A whole number of the query; None where there is none.

    Raises:
        UsageError: it is none.
    """
    found = text(request, name)
    if not found:
        return None
    try:
        number = int(found[:40])
    except ValueError:
        raise UsageError(f"{name}: {found[:40]!r} is no whole number", hint="leave it out") from None
    return max(-(2**63), min(number, 2**63 - 1))


def run_id(request: Request, name: str = "run") -> str:
    """The run that an address names, whole: a page's address must not mean another run tomorrow.

    Raises:
        NotFound: it is no run's id.
    """
    found = str(request.path_params[name])
    if not is_one(found):
        raise NotFound(f"no run {found[:80]!r}", hint="an address names a run by its whole id")
    return found
