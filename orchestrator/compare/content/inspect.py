"""Look into two files of different bytes with the first comparator that knows both and can read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice

from orchestrator.compare.content.port import Comparator, Desk, Side
from orchestrator.compare.difference import Difference, State, state_of
from orchestrator.compare.values import printable, shorten
from orchestrator.errors import Interrupted

SHOWN = 100
"""Parts of a file that are told one by one; the others are counted."""

_COUNTED = 100_000


def look_into(left: Side, right: Side, comparators: Sequence[Comparator]) -> Difference:
    """What differs inside: ``content`` where a comparator found all content equal, ``changed`` otherwise.

    Never raises for what the files hold. The node's comparator is empty where none could read them.
    """
    inspect = partial(_inspect, comparators=comparators)
    return inspect(left, right, Desk.for_files(inspect, left, right))


def _inspect(left: Side, right: Side, desk: Desk, *, comparators: Sequence[Comparator]) -> Difference:
    complaints: list[str] = []
    for comparator in comparators:
        try:
            if comparator.knows(left) and comparator.knows(right):
                return _told(left.name, comparator.name, comparator.compare(left, right, desk), complaints)
        except Interrupted:  # a signal's, which may come at any time
            raise
        except Exception as error:  # whatever a hostile file makes a parser raise
            complaints.append(f"not readable as {comparator.name}: {reason(error)}")
    return Difference(name=left.name, state="changed", detail="; ".join(["bytes differ", *complaints]))


def reason(error: Exception) -> str:
    """An error in a few words."""
    if isinstance(error, RecursionError):
        return "too deep"
    return shorten(printable(f"{error}" or type(error).__name__))


def _told(name: str, comparator: str, nodes: Iterable[Difference], complaints: list[str]) -> Difference:
    found = iter(nodes)
    shown = tuple(islice(found, SHOWN))
    rest = list(map(_state, islice(found, _COUNTED)))
    state: State = state_of(shown) if shown else "content"
    if state == "content" and "changed" in rest:
        state = "changed"
    children = (*shown, _more(len(rest), state)) if rest else shown
    detail = "; ".join([f"equal by content ({comparator})" if state == "content" else "", *complaints]).strip("; ")
    return Difference(name=name, state=state, comparator=comparator, detail=detail, children=children)


def _state(node: Difference) -> State:
    return "content" if node.state == "content" else "changed"


def _more(count: int, state: State) -> Difference:
    number = f"{count:,}" if count < _COUNTED else f"{_COUNTED:,} or more"
    return Difference(name="(more)", state=state, detail=f"{number} further parts")
