"""The whole report: one file that shows runs to somebody who has nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from orchestrator.compare.table import Section
from orchestrator.compare.unified import CodeDiff
from orchestrator.report.draw import Chart
from orchestrator.report.templating import environment, template_text

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Picture:
    """An image that a run left."""

    path: str
    source: str
    """A data URL."""


@dataclass(frozen=True)
class Replayed:
    """What a replay came to."""

    replay: str
    answer: str
    passed: bool
    lines: tuple[str, ...]
    """What failed, and why."""


@dataclass(frozen=True)
class ReportedRun:
    """One run, as it is shown."""

    id: str
    name: str
    facts: Pairs
    note: str
    tags: Pairs
    params: Pairs
    metrics: Pairs
    verdicts: Sequence[Replayed]
    pictures: Sequence[Picture]
    artifacts: Pairs
    packages: Pairs
    spec: str


@dataclass(frozen=True)
class Page:
    """All that a report shows."""

    title: str
    made: str
    version: str
    ids: Sequence[str]
    runs: Sequence[ReportedRun]
    charts: Sequence[Chart]
    sections: Sequence[Section] = ()
    """What differs, where there are several runs."""
    code: Sequence[CodeDiff] = ()


def html(page: Page) -> str:
    """The page as one file."""
    style = Markup(template_text("style.css"))  # noqa: S704 - our own
    return environment().get_template("report.html").render(page=page, style=style)
