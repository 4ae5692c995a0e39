"""A difference and a verdict as lines of plain text. A line names its style; colour is up to the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from orchestrator.compare.difference import Compared, Difference
from orchestrator.compare.divergence import first_divergence
from orchestrator.compare.first import First
from orchestrator.compare.values import printable
from orchestrator.compare.verdict import Verdict

Style = Literal["heading", "content", "changed", "added", "removed", "passed", "failed", "muted"]
_MARKS: dict[str, str] = {"content": "≈", "changed": "~", "added": "+", "removed": "-"}


class Line(NamedTuple):
    """One line, without its end and without control characters."""

    style: Style
    text: str


def difference_lines(difference: Difference, *, limit: int = 50) -> list[Line]:
    """What differs, indented, below how much was compared. A node shows at most ``limit`` of its parts."""
    alike = "equal by content" if difference.equal_by_content else "different"
    how = "equal" if difference.equal else alike
    head = Line("heading", f"{printable(difference.name)}: {how}{_after(difference.compared)}")
    outcome = difference.child("outcome") or difference
    return [head, *_first(first_divergence(outcome)), *_parts(difference, "  ", limit)]


def verdict_lines(verdict: Verdict, *, limit: int = 50) -> list[Line]:
    """The answer, what failed, and what was not looked at."""
    failures = [Line("failed", f"  ✗ {printable(f'{it.path}: {it.text} [{it.rule}]')}") for it in verdict.failures]
    ignored = [Line("muted", f"  ignored {printable(f'{it.path}: {it.text}')}") for it in verdict.ignored]
    alike = [Line("content", f"  ≈ {printable(f'{it.path}: {it.text} [{it.rule}]')}") for it in verdict.alike]
    head = Line("passed" if verdict.passed else "failed", summary(verdict))
    first = [] if verdict.passed else _first(verdict.first)
    return [head, *first, *(line for part in (failures, alike, ignored) for line in _some(part, limit, "  "))]


def summary(verdict: Verdict) -> str:
    """The verdict in one line: ``identical: compared 150 points, 4 files, 123 kB``."""
    if verdict.answer == "inconclusive":
        return "inconclusive: the policy ignores everything, so nothing was judged"
    failed = f"; {len(verdict.failures)} of {len(verdict.findings)} checks failed" if verdict.failures else ""
    return f"{verdict.answer}{_exactness(verdict)}: compared {amount(verdict.compared)}{failed}"


def amount(compared: Compared) -> str:
    """``150 points, 4 files, 123 kB``."""
    points = f"{compared.points:,} point{'' if compared.points == 1 else 's'}"
    files = f"{compared.files:,} file{'' if compared.files == 1 else 's'}"
    return f"{points}, {files}, {_size(compared.bytes)}"


def plain(lines: Iterable[Line]) -> str:
    """The lines as one text, without colour."""
    return "".join(f"{line.text}\n" for line in lines)


def _exactness(verdict: Verdict) -> str:
    """The class, where the answer does not say it already."""
    if verdict.exactness == "exact by content":
        return f", exact by content ({', '.join(verdict.comparators)})"
    return ", bit-exact" if verdict.exactness == "bit-exact" and verdict.answer == "within-policy" else ""


def _first(first: First) -> list[Line]:
    return [Line("changed", f"  first apart: {printable(text)}") for text in first.texts]


def _after(compared: Compared) -> str:
    return f", compared {amount(compared)}" if compared != Compared() else ""


def _parts(node: Difference, indent: str, limit: int) -> Iterator[Line]:
    for child in node.changes[:limit]:
        yield _line(child, indent)
        yield from _parts(child, indent + "  ", limit)
    if len(node.changes) > limit:
        yield Line("muted", f"{indent}… and {len(node.changes) - limit:,} more")


def _line(node: Difference, indent: str) -> Line:
    text = "" if node.children and not node.detail else f": {printable(node.summary)}"
    style: Style = "heading" if node.state == "equal" else node.state
    return Line(style, f"{indent}{_MARKS[node.state]} {printable(node.name)}{text}")


def _some(lines: list[Line], limit: int, indent: str) -> list[Line]:
    more = [Line("muted", f"{indent}… and {len(lines) - limit:,} more")] if len(lines) > limit else []
    return lines[:limit] + more


def _size(count: int) -> str:
    size, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while round(size) >= 1000 and len(units) > 1:
        size, _ = size / 1000, units.pop(0)
    return f"{size:.1f} {units[0]}" if round(size, 1) < 10 and units[0] != "B" else f"{size:.0f} {units[0]}"
