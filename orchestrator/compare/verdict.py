"""The Verdict: a policy's answer, with all that it rests on."""

from __future__ import annotations

from typing import Literal

from orchestrator.compare.difference import Compared
from orchestrator.compare.first import First
from orchestrator.errors import ExitCode
from orchestrator.model import Frozen

Answer = Literal["identical", "within-policy", "diverged", "inconclusive"]
Exactness = Literal["bit-exact", "exact by content", "different"]
"""How much alike two outcomes are, whatever a policy asks for. ``exact by content``: some files have other bytes, and a
comparator found all that these files say equal. That is less than bit-exact, and never called so."""


class Finding(Frozen):
    """One thing that was judged."""

    path: str
    """``section/name``; the name may hold any character."""
    rule: str
    text: str
    passed: bool
    comparators: tuple[str, ...] = ()
    """Those by which it is exact by content, though not bit by bit."""

    @property
    def section(self) -> str:
        """The part of the outcome that it belongs to."""
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        """The name within the section; a section that is one value has its own."""
        return self.path.partition("/")[2] if "/" in self.path else self.path


class Ignored(Frozen):
    """One difference that the policy does not look at."""

    path: str
    text: str


class Verdict(Frozen):
    """A policy's answer.

    identical: all of the outcome was judged, and the result digests are equal. within-policy: every rule
    held. diverged: one did not. inconclusive: nothing was judged, which is no pass.
    """

    answer: Answer
    findings: tuple[Finding, ...]
    compared: Compared
    """Of what was judged."""
    ignored: tuple[Ignored, ...]
    exactness: Exactness | None = None
    """Of the whole outcome; None in records of before this was told apart."""
    comparators: tuple[str, ...] = ()
    """Those that found files of other bytes equal by content."""
    first: First = First()
    """Where the two first went apart."""

    @property
    def passed(self) -> bool:
        """Whether a replay may count as reproduced."""
        return self.answer in ("identical", "within-policy")

    @property
    def exit_code(self) -> ExitCode:
        """What the command that asked ends with."""
        return ExitCode.OK if self.passed else ExitCode.FAILED

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings whose rule did not hold."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def alike(self) -> tuple[Finding, ...]:
        """The findings that passed by content."""
        return tuple(finding for finding in self.findings if finding.passed and finding.comparators)
