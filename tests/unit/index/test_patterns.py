"""SQL's patterns."""

from __future__ import annotations

import time

import pytest

from orchestrator.index.patterns import like


@pytest.mark.parametrize(
    ("text", "pattern", "holds"),
    [
        ("abc", "abc", True),
        ("abc", "a%", True),
        ("abc", "%c", True),
        ("abc", "a%c", True),
        ("abc", "%b%", True),
        ("abc", "_b_", True),
        ("abc", "%", True),
        ("", "%", True),
        ("", "", True),
        ("", "_", False),
        ("ab", "abc", False),
        ("aa", "a%a%a", False),
        ("aba", "a%ba", True),
        ("a.c", "a.c", True),
        ("abc", "a.c", False),
        ("a\nc", "a_c", True),
        ("ABC", "abc", False),
    ],
)
def test_patterns(text, pattern, holds):
    assert like(text, pattern, any_case=False) == holds


def test_any_case_means_a_to_z():
    assert like("ABC", "a%c", any_case=True)
    assert not like("Ä", "ä", any_case=True)


def test_a_pattern_of_many_parts_ends():
    begin = time.monotonic()
    assert not like("a" * 5000, "%a" * 40 + "b", any_case=False)
    assert time.monotonic() - begin < 60  # it would take for ever if it went back
