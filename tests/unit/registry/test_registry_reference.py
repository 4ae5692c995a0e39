"""References: what is one, what is none, and where it goes wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.registry.reference import Reference, looks_like_one, parse

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("localhost/a", ("localhost", "a", None, None)),
        ("localhost:5000/a", ("localhost:5000", "a", None, None)),
        ("127.0.0.1:5000/a/b-c/d__e.f:v1", ("127.0.0.1:5000", "a/b-c/d__e.f", "v1", None)),
        ("[::1]:5000/a", ("[::1]:5000", "a", None, None)),
        ("registry.example.org/a:V_1.2-x", ("registry.example.org", "a", "V_1.2-x", None)),
        (f"registry.example.org/a@{DIGEST}", ("registry.example.org", "a", None, DIGEST)),
        (f"registry.example.org:443/a:t@{DIGEST}", ("registry.example.org:443", "a", "t", DIGEST)),
        ("Registry.Example.ORG/a", ("registry.example.org", "a", None, None)),
        ("machine:5000/a", ("machine:5000", "a", None, None)),
    ],
)
def test_references(text, parts):
    assert parse(text) == Reference(*parts)
    assert parse(str(parse(text))) == parse(text)
    assert looks_like_one(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("localhost", 10),
        ("localhost/", 11),
        ("/a", 1),
        ("a/b", 1),
        ("http://localhost/a", 1),
        ("https://user:word@localhost/a", 1),
        ("user:word@localhost/a", 1),
        ("localhost:0/a", 1),
        ("localhost:65536/a", 1),
        ("localhost:٣/a", 11),
        ("localhost:5000:5000/a", 1),
        ("localhost:/a", 1),
        ("-a.example/a", 1),
        ("a..example/a", 1),
        ("256.1.1.1/a", 1),
        ("1.2.3/a", 1),
        ("[::1/a", 1),
        ("[fe80::1%eth0]/a", 1),
        ("example.org#/a", 1),
        ("example.org?x=/a", 1),
        ("localhost/A", 11),
        ("localhost/a/../b", 13),
        ("localhost/a//b", 13),
        ("localhost/.a", 11),
        ("localhost/a/", 13),
        ("localhost/a%2e", 11),
        ("localhost/a:", 13),
        ("localhost/a:.x", 13),
        ("localhost/a:x/y", 13),
        ("localhost/a:" + "x" * 129, 13),
        ("localhost/a?x=1", 11),
        ("localhost/a#x", 11),
        ("localhost/a b", 11),
        ("localhost/a\n", 12),
        ("localhost/a\r\nHost: x", 12),
        ("localhost/ä", 11),
        ("localhost/a@", 13),
        ("localhost/a@sha256:12", 13),
        ("localhost/a@sha512:" + "0" * 128, 13),
        (f"localhost/a@{DIGEST.upper()}", 13),
        (f"localhost/a@{DIGEST}@{DIGEST}", 13),
        ("localhost/" + "a" * 256, 11),
        ("a" * 64 + ".example/a", 1),
    ],
)
def test_what_is_none(text, column):
    with pytest.raises(UsageError, match=f"column {column}:"):
        parse(text)


@pytest.mark.parametrize(
    "run",
    ["last", "last~3", "last.2", "last.2/child", "20261123-142530-417a3c", "20261123-142530-417a3c.1/x", "2026/a"],
)
def test_runs_are_no_references(run):
    assert not looks_like_one(run)


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_a_usage_error(text):
    try:
        found = parse(text)
    except UsageError:
        return
    assert str(found).lower() == text.lower()


@given(st.from_regex(r"[a-z0-9.:\[\]-]{0,20}/[a-z0-9._/:@-]{0,40}", fullmatch=True))
def test_what_nearly_is_one(text):
    try:
        found = parse(text)
    except UsageError:
        return
    assert str(found) == text
    assert ".." not in found.repository
