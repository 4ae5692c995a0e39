"""What was measured, kept between runs of the corpus, and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from orchestrator.store import durable
from tests.corpus.manifest import Level, Script
from tests.corpus.measure import Result


class Results:
    """A folder of results, a JSON file for each script and level: two runs of the corpus may write side by side."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, script: str, level: Level, plan: str | None = None) -> Result | None:
        """The result; with ``plan``, only where just that was run."""
        try:
            found = Result.model_validate_json(self._place(script, level).read_bytes())
        except FileNotFoundError:
            return None
        return found if plan in (None, found.plan) else None

    def put(self, result: Result) -> None:
        """Keep one; an older one of the same script and level goes."""
        place = self._place(result.script, result.level)
        place.parent.mkdir(parents=True, exist_ok=True)
        durable.write(place, (result.model_dump_json(indent=1) + "\n").encode(), mode=0o644)

    def _place(self, script: str, level: Level) -> Path:
        return self._folder / level / f"{script}.json"


def table(scripts: Sequence[Script], levels: Sequence[Level], results: Results) -> str:
    """Script by level, what is wrong below, and the totals last."""
    head = ("script", *levels)
    rows = [(one.name, *(_cell(results.get(one.name, level)) for level in levels)) for one in scripts]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    found = {level: [one for name in scripts if (one := results.get(name.name, level))] for level in levels}
    notes = [_note(one) for level in levels if level != "off" for one in found[level] if one.first]
    totals = [f"{level}: {_total(found[level])}" for level in levels]
    return "\n".join(line.rstrip() for line in [*lines, "", *notes, *([""] if notes else []), *totals])


def _cell(result: Result | None) -> str:
    if result is None:
        return "-"
    return result.answer if result.stderr or result.answer == "invalid" else f"{result.answer} (stderr differs)"


def _note(result: Result) -> str:
    return f"{result.level} {result.script}: {result.answer}: {result.first}"


def _total(results: Iterable[Result]) -> str:
    answers = [one.answer for one in results if one.answer != "invalid"]
    exact, content = answers.count("bit-exact"), answers.count("exact by content")
    if not answers:
        return "nothing measured"
    return (
        f"{100 * exact / len(answers):.1f} % bit-exact ({exact} of {len(answers)});"
        f" {100 * (exact + content) / len(answers):.1f} % with those exact by content"
    )
