"""What changes while somebody looks, and what is large, in a real Chromium."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from desk import wait_for
from playwright.sync_api import expect
from web_records import points, three_runs

from orchestrator.execution.live import secrets_folder
from orchestrator.metrics import Series
from orchestrator.operations import annotating
from orchestrator.report.downsampling import POINT


@pytest.fixture
def three(records):
    """Three runs of this test's own."""
    return three_runs(records)


def names(page):
    return page.locator("table.rows tbody th a").all_text_contents()


def test_archived_runs_are_away_until_asked_for(tab, records, three):
    annotating.archive(records.workspace, [three[0].id])
    page = tab.go("/")
    assert names(page) == ["run-2", "run-1"]
    page.get_by_label("archived too").check()
    page.get_by_role("button", name="Search").click()
    assert names(page) == ["run-2", "run-1", "run-0"]


def test_the_list_is_alive_and_keeps_its_ticks(tab, records, three):
    page = tab.go("/")
    page.get_by_label(f"Compare {three[0].id}").check()
    records.run("newcomer")
    expect(page.get_by_role("link", name="newcomer")).to_be_visible(timeout=8000)
    expect(page.get_by_label(f"Compare {three[0].id}")).to_be_checked()
    live = records.live("on-air")
    expect(page.get_by_role("row", name="on-air")).to_contain_text("running", timeout=8000)
    live.release()


def test_a_million_points_and_zooming_into_them(tab, records):
    made = np.zeros(1_000_000, POINT)
    made["s"] = np.arange(len(made))
    made["v"] = np.sin(made["s"] / 50_000)
    made["v"][777_777] = 99.0
    run = records.run(metrics={"wave": Series(made.tobytes())})
    page = tab.go(f"/runs/{run.id}")
    plot = page.locator(".plot[data-points]")
    expect(plot).to_be_visible()
    assert int(plot.get_attribute("data-points")) < 4000
    drawn = "document.querySelector('figure.chart').chart.drawn"
    assert page.evaluate(f"Math.max(...{drawn}.data[1])") == 99
    with page.expect_response(re.compile("from=")) as answer:
        for _ in range(5):
            page.get_by_role("button", name="Zoom in").click()
    assert answer.value.json()["total"] < 40_000
    wait_for(lambda: page.evaluate(f"{drawn}.data[0][0] > 400_000"), 10)
    box = page.locator(".u-over").bounding_box()
    with page.expect_response(re.compile("from=")) as closer:  # and by the mouse
        page.mouse.move(box["x"] + 50, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + 150, box["y"] + 60, steps=4)
        page.mouse.up()
    assert closer.value.json()["total"] < answer.value.json()["total"] / 2
    page.mouse.dblclick(box["x"] + 80, box["y"] + 60)
    wait_for(lambda: page.evaluate(f"{drawn}.data[0][0] === 0 && {drawn}.scales.x.max > 999_000"), 10)
    page.get_by_role("button", name="Zoom in").click()
    wait_for(lambda: page.evaluate(f"{drawn}.data[0][0] > 0"), 10)
    page.get_by_role("button", name="all").click()
    wait_for(lambda: page.evaluate(f"{drawn}.data[0][0] === 0"), 10)
    page.get_by_role("button", name="log").click()
    expect(page.get_by_role("button", name="log")).to_have_attribute("aria-pressed", "true")


def test_a_live_run(tab, records):
    run = records.live("on-air", [("o", b"first\n")], points("loss", [1, 0.5]))
    page = tab.go(f"/runs/{run.request.id}")
    expect(page.locator(".heading .status")).to_have_text("running")
    expect(page.get_by_role("log")).to_contain_text("first")
    expect(page.locator("figure.chart canvas")).to_have_count(1)
    records.write(run, [("e", b"second\n")], points("loss", [1, 0.5, 0.25]))
    expect(page.get_by_role("log")).to_contain_text("second", timeout=8000)
    drawn = "document.querySelector('figure.chart').chart.drawn"
    wait_for(lambda: page.evaluate(f"{drawn}.data[0].length === 5"), 10)
    run.release()


def test_secrets_are_hidden_in_a_live_console(client, records):
    run = records.live("on-air", [("o", b"token kanarie-7Q2"), ("o", b"xWv9z.\n")])
    folder = secrets_folder(run.request.id)
    folder.mkdir(parents=True)
    try:
        (folder / "TOKEN").write_bytes(b"kanarie-7Q2xWv9z")
        for path in ("console", "console.txt"):
            text = client.get(f"/runs/{run.request.id}/{path}").text
            assert "***" in text and "kanarie" not in text
    finally:
        (folder / "TOKEN").unlink()
        folder.rmdir()
        folder.parent.rmdir()
        run.release()


def test_a_verdict(tab, records, three):
    again, verdict = records.replay(three[0], params={"lr": 0.1}, metrics={"loss": [(0, 0.1), (1, 0.06)]})
    assert verdict.answer == "diverged"
    page = tab.go(f"/runs/{three[0].id}")
    page.get_by_role("link", name="diverged").click()
    expect(page.locator("h1")).to_have_text("Verdict")
    expect(page.locator(".summary")).to_contain_text("checks failed")
    expect(page.get_by_role("table", name="What failed")).to_contain_text("metrics/loss")
    tree = page.locator(".tree")
    expect(tree).to_contain_text("first apart")
    expect(tree.get_by_role("img", name="changed").first).to_be_visible()
    page.goto(page.url.replace(f"verdicts/{again.id}", f"verdicts/{three[1].id}"))
    expect(page.get_by_role("alert")).to_contain_text("no verdict")
    tab.wrong.clear()  # the browser tells of the 404


def test_a_phone(new_tab, records, three):
    records.replay(three[0], params={"lr": 0.1})
    tab = new_tab(viewport={"width": 375, "height": 720}, has_touch=True, is_mobile=True)
    verdict = next(iter(records.workspace.records.list("verdicts/"))).split("/")
    compare = f"/compare?run={three[0].id}&run={three[1].id}"
    for path in ("/", f"/runs/{three[0].id}", compare, f"/runs/{verdict[1]}/verdicts/{verdict[2]}", "/sweeps"):
        page = tab.go(path)
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path


def test_a_million_points_answer_fast(client, records):
    made = np.zeros(1_000_000, POINT)
    made["s"] = np.arange(len(made))
    run = records.run(metrics={"wave": Series(made.tobytes())})
    at = f"/runs/{run.id}/series?name=wave&points=1500"
    client.get(at)
    begun = time.perf_counter()
    assert client.get(at).json()["total"] == 1_000_000
    assert time.perf_counter() - begun < 0.5  # 20 ms on a quiet machine
