"""What a notebook shows in place of a value's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.compare.table import Section
from orchestrator.compare.unified import CodeDiff
from orchestrator.metrics import Series
from orchestrator.report.draw import chart
from orchestrator.report.page import Pairs
from orchestrator.report.templating import environment

MOST_ROWS = 60
_MOST_CHARTS = 12


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Runs as a table; of many the first, and how many more there are."""
    return (
        environment()
        .get_template("table.html")
        .render(header=header, rows=rows[:MOST_ROWS], more=len(rows) - MOST_ROWS)
    )


def comparison(runs: Sequence[str], sections: Sequence[Section], code: Sequence[CodeDiff]) -> str:
    """What differs among runs."""
    return environment().get_template("comparison.html").render(runs=runs, sections=sections, code=code)


def run(title: str, facts: Pairs, params: Pairs, metrics: Mapping[str, Series]) -> str:
    """One run, with its metrics drawn."""
    charts = [chart(name, {name: series}) for name, series in list(metrics.items())[:_MOST_CHARTS] if len(series)]
    return environment().get_template("run.html").render(title=title, facts=facts, params=params, charts=charts)
