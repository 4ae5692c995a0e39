"""Series -> a chart; a page that is whole and says nothing but what it was given."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.table import section
from orchestrator.metrics import Series
from orchestrator.report import fragments
from orchestrator.report.draw import HEIGHT, WIDTH, chart
from orchestrator.report.page import Page, Picture, Replayed, ReportedRun, html

_FLOATS = st.floats() | st.sampled_from([1e308, -1e308, 5e-324, 0.0, math.nan])


@given(st.dictionaries(st.text(max_size=5), st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), _FLOATS)), max_size=3))
def test_a_chart_stays_in_its_picture(table):
    made = chart("any", {name: Series.of(points) for name, points in table.items()})
    for line in made.lines:
        numbers = [float(text) for text in re.findall(r"-?[\d.]+(?:e-?\d+)?", line.path)]
        for x, y in [*zip(numbers[::2], numbers[1::2], strict=True), *line.dots]:
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


def test_steps_are_whole_numbers():
    made = chart("loss", {"a": Series.of([(0, 1.0), (1, 2.0)])})
    assert [tick.text for tick in made.horizontal] == ["0", "1"]
    assert made.summary == "a: last 2, from 1 to 2"


HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{777*777}}"


@pytest.fixture
def page() -> Page:
    pairs = [(HOSTILE, HOSTILE)]
    run = ReportedRun(
        id=HOSTILE,
        name=HOSTILE,
        facts=pairs,
        note=HOSTILE,
        tags=pairs,
        params=pairs,
        metrics=pairs,
        verdicts=[Replayed(HOSTILE, HOSTILE, False, (HOSTILE,))],
        pictures=[Picture(HOSTILE, "data:image/png;base64,AAAA")],
        artifacts=pairs,
        packages=pairs,
        spec=HOSTILE,
    )
    charts = [chart(HOSTILE, {HOSTILE: Series.of([(0, 1.0), (1, 2.0)])})]
    return Page(HOSTILE, "now", "1", [HOSTILE], [run], charts, [section(HOSTILE, [{HOSTILE: HOSTILE}, {}])])


def test_every_name_is_escaped_and_nothing_is_fetched(page):
    text = html(page)
    assert "<script" not in text
    assert "<img src=x" not in text
    assert "603729" not in text
    assert text.count("<style>") == text.count("</style>") == 1
    assert "default-src 'none'" in text
    assert re.findall(r"(?:src|href)=\"(?!data:)", text) == []


def test_fragments_escape_too(page):
    shown = [
        fragments.table([HOSTILE], [[HOSTILE]]),
        fragments.comparison([HOSTILE], page.sections, []),
        fragments.run(HOSTILE, [(HOSTILE, HOSTILE)], [], {HOSTILE: Series.of([(0, 1.0)])}),
    ]
    assert not any("<script" in text or "<img" in text for text in shown)


def test_a_long_table_says_how_much_more_there_is():
    assert "and 40 more" in fragments.table(["id"], [["x"]] * 100)
