"""A page that is served for real, and a real Chromium that looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from servers.page import serving
from web_records import Records

from orchestrator.web.serve import Page as Served

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """An empty home."""
    return Records(tmp_path / "home")


@pytest.fixture
def served(records: Records) -> Iterator[Served]:
    """The page of this test's home."""
    with serving(lambda: records.workspace) as page:
        yield page


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """A client of this test's page, let in."""
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=30) as made:
        assert made.get(served.address).status_code == 303
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Where there is none the tests fail: `bash .ci/setup test` installs it."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"no Chromium at {CHROMIUM}: `bash .ci/setup test` installs it", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """A tab that is let in, and hears all that must not happen."""

    def __init__(self, browser: Browser, served: Served, **context: object) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **context})  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.served = served
        self.wrong: list[str] = []
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)
        self.page.goto(served.address)

    def _dialog(self, dialog: object) -> None:
        self.wrong.append("a dialog was opened")
        dialog.dismiss()  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        if not request.url.startswith((f"http://127.0.0.1:{self.served.port}/", "data:")):  # type: ignore[attr-defined]
            self.wrong.append(f"asked for {request.url}")  # type: ignore[attr-defined]

    def go(self, path: str) -> Page:
        self.page.goto(f"http://127.0.0.1:{self.served.port}{path}")
        return self.page


@pytest.fixture
def new_tab(chromium: Browser, served: Served) -> Iterator[Callable[..., Tab]]:
    """Opens tabs on this test's page; at the end nothing may have gone wrong in any."""
    tabs: list[Tab] = []

    def make(served: Served = served, **context: object) -> Tab:
        tabs.append(Tab(chromium, served, **context))
        return tabs[-1]

    yield make
    for tab in tabs:
        tab.context.close()
    assert [wrong for tab in tabs for wrong in tab.wrong] == []


@pytest.fixture
def tab(new_tab: Callable[..., Tab]) -> Tab:
    """A tab."""
    return new_tab()
