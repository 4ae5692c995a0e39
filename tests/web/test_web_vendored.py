"""What others wrote is as they published it, with its licence; nothing in the page comes from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import orchestrator.web

WEB = Path(orchestrator.web.__file__).parent
VENDOR = WEB / "static" / "vendor"


def test_the_sums_are_those_of_the_list():
    listed = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.min.*")}
    assert listed == found
    assert {path.name for path in VENDOR.glob("*.LICENSE")} == {"htmx.LICENSE", "uplot.LICENSE"}


def test_templates_have_no_code_no_style_and_turn_nothing_off():
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text()
        for wrong in (
            r"\sstyle=",
            r"\son[a-z]+=",
            r"<style",
            r"<script(?! (defer )?src=\"\{\{ static)",
            r"\|\s*safe\b",
            "autoescape",
            "javascript:",
            "hx-on",
            "js:",
        ):
            assert not re.search(wrong, text), (path.name, wrong)


def test_nothing_is_fetched_from_elsewhere():
    for path in [*(WEB / "templates").glob("*"), *(WEB / "static").glob("*.*")]:
        found = set(re.findall(r"(?:https?:)?//[a-z][\w.-]+\.[a-z]{2,}", path.read_text()))
        assert found <= {"http://www.w3.org"}, path.name
