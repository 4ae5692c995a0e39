"""What a person does, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from servers.page import serving
from web_records import Records, three_runs


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """One home for all of them: none changes anything."""
    return Records(tmp_path_factory.mktemp("flows") / "home")


@pytest.fixture(scope="module")
def three(records):
    """Three runs."""
    return three_runs(records)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A home with a sweep."""
    records = Records(tmp_path_factory.mktemp("swept") / "home")
    return records, records.sweep(trials=7)


@pytest.fixture(scope="module")
def served(records, three):
    """Their page."""
    with serving(lambda: records.workspace) as page:
        yield page


def names(page):
    return page.locator("table.rows tbody th a").all_text_contents()


def test_runs_are_listed_searched_and_sorted(tab, three):
    page = tab.go("/")
    expect(page.locator("h1")).to_have_text("Runs")
    assert names(page) == ["run-2", "run-1", "run-0"]
    page.get_by_role("link", name="lr", exact=True).click()
    assert names(page) == ["run-2", "run-1", "run-0"]
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("lr")
    page.locator("th[aria-sort] a").click()
    assert names(page) == ["run-0", "run-1", "run-2"]
    page.keyboard.press("/")
    page.keyboard.type("params.lr > 0.15 and tags.team = 'vision'")
    page.keyboard.press("Enter")
    expect(page.locator("table.rows tbody tr")).to_have_count(2)
    assert names(page) == ["run-1", "run-2"]  # the order is kept


def test_a_bad_filter_is_explained_where_it_was_typed(tab, three):
    page = tab.go("/")
    page.fill("#where", "metrics.loss >> 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("column 15")
    expect(page.locator("#where")).to_have_value("metrics.loss >> 1")
    expect(page.locator("#where")).to_have_attribute("aria-describedby", "problem")


@pytest.mark.parametrize("query", ["where=metrics.los+%3C+1", "sort=-metrics.los"])
def test_a_name_that_no_run_has_is_told(tab, three, query):
    page = tab.go(f"/?{query}")
    expect(page.locator(".notice")).to_have_text("no run has `metrics.los`; did you mean `metrics.loss`?")
    expect(page.locator("table.rows tbody tr")).to_have_count(3 if "sort" in query else 0)


def test_columns_are_chosen(tab, three):
    page = tab.go("/")
    page.get_by_text("Columns").click()
    page.get_by_label("loss").uncheck()
    page.get_by_label("team").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="team")).to_be_visible()
    expect(page.get_by_role("columnheader", name="loss")).to_have_count(0)


def test_by_keyboard_alone(tab, three):
    page = tab.go("/")
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("#ticked")).to_have_text("2 ticked")
    page.keyboard.press("c")
    expect(page.locator("h1")).to_have_text("Side by side")
    page.keyboard.press("g")
    expect(page.locator("h1")).to_have_text("Runs")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("run-1")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text("Sweeps")


def test_a_hidden_tab_asks_for_nothing(tab, three):
    page = tab.go("/")
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)
    assert [url for url in asked if "/static/" not in url] == []


def test_a_run(tab, three):
    page = tab.go(f"/runs/{three[1].id}")
    expect(page.locator("h1")).to_have_text("run-1")
    expect(page.locator("figure.chart canvas")).to_have_count(2)
    expect(page.get_by_role("table", name="loss in numbers")).to_contain_text("0.005")
    expect(page.get_by_role("table", name="Parameters")).to_contain_text("adam")
    expect(page.get_by_role("log")).to_contain_text("epoch 1")
    expect(page.locator(".stderr")).to_have_text("a warning\n")
    expect(page.get_by_role("table", name="Environment")).to_contain_text("debian-12")
    page.get_by_text("Image layers (3)").click()
    expect(page.get_by_text("96.0 MB")).to_be_visible()
    page.locator("summary", has_text="outputs/table.csv").click()
    expect(page.get_by_role("region", name="outputs/table.csv").get_by_role("cell", name="2")).to_be_visible()
    page.locator("summary", has_text="outputs/notes.txt").click()
    expect(page.locator("pre.text", has_text="hello <b>")).to_be_visible()
    assert (
        page.locator(".gallery img").evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")
        == 1
    )


def test_side_by_side(tab, three):
    page = tab.go("/compare?" + "&".join(f"run={run.id}" for run in three))
    expect(page.locator("figure.chart").first.locator("canvas")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-name=loss]').chart.drawn.data.length") == 4
    expect(page.get_by_role("table", name="parameters that differ")).to_contain_text("0.4")
    expect(page.locator("pre.diff").first.locator(".added")).to_have_text(["+lr = 1"])
    expect(page.locator(".parallel path.line")).to_have_count(3)
    box = page.locator(".parallel .handle").first.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + 40, steps=3)
    page.mouse.up()
    expect(page.locator(".parallel path.left-out")).to_have_count(2)


@pytest.mark.parametrize(
    "query", ["", "run=x", "run=a&run=a", "&".join(f"run={at}" for at in range(30)), "run=a&run=b"]
)
def test_what_cannot_be_compared(client, query):
    answer = client.get(f"/compare?{query}")
    assert answer.status_code in (400, 404)
    assert 'role="alert"' in answer.text


def test_colours_are_kept(new_tab, three):
    tab = new_tab(color_scheme="dark")
    page = tab.go("/")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Colours").click()
    assert page.evaluate(background) != dark
    page.reload()
    assert page.evaluate(background) != dark
    page.keyboard.press("t")
    assert page.evaluate(background) == dark


NAMELESS = """() => {
    const named = (one) => one.textContent.trim() || one.alt || one.getAttribute("aria-label") || one.labels?.length;
    const all = document.querySelectorAll("a, button, input:not([type=hidden]), select, img, table, [role=img]");
    return [...all].filter((one) => !named(one) && !one.querySelector("img[alt]") && !one.closest(".uplot"))
        .map((one) => one.outerHTML);
}"""


def test_everything_has_a_name(tab, three):
    for path in ("/", f"/runs/{three[0].id}", f"/compare?run={three[0].id}&run={three[1].id}", "/sweeps"):
        page = tab.go(path)
        page.wait_for_timeout(300)
        nameless = page.evaluate(NAMELESS)
        assert nameless == [], path
        assert page.locator("main, header, nav").count() >= 3
        assert page.locator("table thead th:not([scope])").count() == 0
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"


def test_without_a_token_there_is_only_a_word(chromium, served, three):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{served.port}/")
    expect(page.locator("body")).to_contain_text("locked")
    context.close()


def test_a_page_that_is_not_there(client):
    for path in (
        "/nowhere",
        "/runs/20261123-142530-417a3c",
        "/sweeps/s-x",
        "/runs/20261123-142530-417a3c/series?name=x",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert 'role="alert"' in answer.text and "Traceback" not in answer.text


def test_a_sweep(new_tab, swept):
    records, sweep = swept
    with serving(lambda: records.workspace) as served:
        sweep_is_shown(new_tab(served=served), sweep)


def sweep_is_shown(tab, sweep):
    page = tab.go("/sweeps")
    expect(page.get_by_role("table", name="Sweeps")).to_contain_text("7 / 8")
    page.get_by_role("link", name="tune").click()
    expect(page.locator("h1")).to_have_text("tune")
    expect(page.locator("figure.chart canvas")).to_have_count(1)
    expect(page.locator(".parallel path.line")).to_have_count(7)
    expect(page.get_by_role("table", name="How much each parameter mattered").locator("meter")).to_have_count(3)
    trials = page.get_by_role("table", name="Trials")
    expect(trials).to_contain_text("at step 4")
    expect(trials).to_contain_text("exit code 1")
    trials.locator("tbody th a").first.click()
    expect(page.locator(".sub")).to_contain_text(f"of {sweep.id}")


def test_the_page_of_a_run_that_has_ended_is_loaded_anew(client, three):
    at = f"/runs/{three[0].id}/console"
    assert client.get(f"{at}?live=1").headers["hx-refresh"] == "true"
    assert "hx-refresh" not in client.get(at).headers
