"""What a check has found. Pure data, rendered elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "damaged blob", "missing blob", "wrong blob", "damaged record", "missing record", "index",
    "left over", "foreign file", "live run", "unsealed record",
]  # fmt: skip
"""wrong blob: whole, but not what something that names it takes it for. left over: of a process that died.
foreign file: none of ours. live run: not recorded yet. unsealed record: parsed, and no more can be said of it."""

_HARMLESS = {"left over", "foreign file", "live run", "unsealed record"}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, or that a person should know."""

    kind: Kind
    what: str
    """The digest, the record's key, the run or the path."""
    detail: str
    runs: tuple[str, ...] = ()
    """Those that need it."""
    rebuildable: bool = False
    """Made again from other blobs when it is needed: an image's parts."""
    part: str = ""
    """Of the run, that a blob belongs to: code, data, agent, image, outcome, facts, origin."""
    mended: str = ""
    """What was done about it; empty: nothing."""

    @property
    def wrong(self) -> bool:
        """Whether something is lost or damaged, and still is."""
        return not (self.mended or self.kind in _HARMLESS or (self.rebuildable and self.kind == "missing blob"))


@dataclass
class Tally:
    """A number of things and their bytes."""

    count: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """One more."""
        self.count += 1
        self.bytes += size


@dataclass(frozen=True)
class Checked:
    """What was looked at, and what was found."""

    blobs: Tally
    records: int
    runs: int
    findings: tuple[Finding, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether nothing is lost or damaged."""
        return not any(finding.wrong for finding in self.findings)
