"""How much alike two outcomes are, whatever a policy asks for: the three classes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.compare.difference import Difference
from orchestrator.compare.outcomes import CHILDREN
from orchestrator.compare.verdict import Exactness

_FACTS = frozenset({"streams"})
"""What a difference between outcomes shows beside the outcome."""


def exactness_of(outcome: Difference) -> tuple[Exactness, tuple[str, ...]]:
    """The class, and for ``exact by content`` the comparators that said so.

    Bit-exact are equal result digests and nothing else; these stand for the runs within the run as well.
    """
    if outcome.left == outcome.right:
        return "bit-exact", ()
    sections = list(_sections(outcome))
    if all(section.equal for section in sections) or not all(section.equal_by_content for section in sections):
        return "different", ()
    return "exact by content", tuple(sorted(frozenset().union(*(section.comparators for section in sections))))


def _sections(outcome: Difference) -> Iterator[Difference]:
    """The parts of an outcome, and those of the runs within it; a run that only one side has is a part of its own."""
    for section in outcome.children:
        if section.name == CHILDREN:
            for child in section.children:
                yield from _sections(child) if child.state not in ("added", "removed") else (child,)
        elif section.name not in _FACTS:
            yield section
