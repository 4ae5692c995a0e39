"""What a check and a collection came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from orchestrator.cli.render.basics import counted, size, some, table
from orchestrator.compare.values import printable

if TYPE_CHECKING:
    from orchestrator.maintenance.finding import Checked, Finding, Tally
    from orchestrator.maintenance.survey import Survey
    from orchestrator.operations.collecting_garbage import Garbage

_MANY = 5
_MANY_RUNS = 50


def checked(done: Checked) -> str:
    """A check of the store, for a person: what is wrong, then what is worth knowing, then how much was looked at."""
    wrong = [finding for finding in done.findings if finding.wrong]
    others = [finding for finding in done.findings if not finding.wrong]
    counts = ((done.runs, "run"), (done.records, "record"), (done.blobs.count, "blob"))
    looked = ", ".join(counted(count, what) for count, what in counts)
    read = f" ({size(done.blobs.bytes)} read)" if done.blobs.bytes else ""
    end = f"{looked}{read}: {f'{len(wrong)} wrong' if wrong else 'nothing is lost or damaged'}"
    lines = [*map(_line, wrong), *map(_line, others), end]
    if wrong and not any(finding.mended for finding in done.findings):
        lines.append("`orchestrator fsck --repair` sets damage aside, and brings back what can be had again")
    return "\n".join(lines)


def checked_data(done: Checked) -> dict[str, Any]:
    """The same, for a program."""
    return {
        "clean": done.clean,
        "blobs": asdict(done.blobs),
        "records": done.records,
        "runs": done.runs,
        "findings": [{**asdict(finding), "wrong": finding.wrong} for finding in done.findings],
    }


def garbage(done: Garbage) -> str:
    """What may go and what stays, for a person."""
    found, swept = done.survey, done.swept
    going, blobs = _going(done), swept.blobs if swept else _all(found)
    rows: list[tuple[str, object]] = [
        *(("kept", f"{run_id}  {', '.join(why)}") for run_id, why in found.kept.items()),
        *(("removed" if swept else "would go", run_id) for run_id in going),
        *(("spared", f"{run_id}  is needed by now") for run_id in (swept.spared if swept else ())),
    ]
    kinds = [(kind, f"{tally.count}, {size(tally.bytes)}") for kind, tally in sorted(found.kinds.items())]
    lines = [
        table(some(rows, _MANY_RUNS)),
        *(["\nof the blobs that nothing needs", table(kinds, "  ")] if kinds else []),
    ]
    if found.young.count:
        lines.append(f"\n{_tally(found.young)} that nothing needs came or were used lately: they stay (--grace)")
    gone = f"{counted(len(going), 'run')} and {_tally(blobs)} {'removed' if swept else 'would be removed'}"
    lines.append(f"\n{gone}; {counted(len(found.kept), 'run')} and {_tally(found.staying)} stay")
    if not swept and (going or blobs.count):
        lines.append("nothing was removed: --delete does it")
    return "\n".join(line for line in lines if line)


def garbage_data(done: Garbage) -> dict[str, Any]:
    """The same, for a program."""
    found, swept = done.survey, done.swept
    return {
        "deleted": swept is not None,
        "runs": _going(done),
        "kept": found.kept,
        "spared": swept.spared if swept else [],
        "blobs": asdict(swept.blobs if swept else _all(found)),
        "kinds": {kind: asdict(tally) for kind, tally in found.kinds.items()},
        "staying": asdict(found.staying),
        "young": asdict(found.young),
        "records": found.records,
    }


def _going(done: Garbage) -> list[str]:
    return done.swept.runs if done.swept else [run_id for family in done.survey.going.values() for run_id in family]


def _all(found: Survey) -> Tally:
    return replace(found.young, count=len(found.blobs), bytes=sum(found.blobs.values()))


def _tally(tally: Tally) -> str:
    return f"{counted(tally.count, 'blob')} ({size(tally.bytes)})"


def _line(finding: Finding) -> str:
    needed = f"\n    needed by {_some(finding.runs)}" if finding.runs else ""
    mended = f"\n    {finding.mended}" if finding.mended else ""
    again = "\n    it is made again when it is needed" if finding.rebuildable and not finding.mended else ""
    return f"{finding.kind}: {printable(finding.what)}\n    {printable(finding.detail)}{needed}{mended}{again}"


def _some(runs: Sequence[str]) -> str:
    more = f" and {len(runs) - _MANY} more" if len(runs) > _MANY else ""
    return ", ".join(runs[:_MANY]) + more
