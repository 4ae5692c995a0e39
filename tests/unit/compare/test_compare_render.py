from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.difference import Compared
from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.compare.policy import judge
from orchestrator.compare.render.junit import junit
from orchestrator.compare.render.text import amount, difference_lines, plain, summary, verdict_lines
from orchestrator.compare.values import printable
from orchestrator.compare.verdict import Finding, Ignored, Verdict
from orchestrator.runspec.model import VerifySpec

HOSTILE = [
    "a\nb",
    "\x1b[31mred",
    "]]>",
    "<&\"'>",
    "\x00\x08\x0b",
    "\u202egnp.exe",
    "\ufffe",
    "a/b",
    " ",
    "é漢😀",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def parse(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())  # noqa: S314


def made(*findings: Finding, answer="diverged", ignored=()) -> Verdict:
    return Verdict(answer=answer, findings=findings, compared=Compared(), ignored=ignored)


def both(bench):
    left = bench.outcome({"loss": [(i, 0.5) for i in range(150)]}, {"outputs/m": b"12"}, {"lr": 0.1, "same": 1})
    right = bench.outcome(
        {"loss": [(i, 0.5 + (i == 30)) for i in range(150)]}, {"outputs/m": b"123"}, {"lr": 0.2, "same": 1}
    )
    difference = compare_outcomes(left, right, bench.blobs)
    return difference, judge(difference, VerifySpec.model_validate({"params": "ignore"}), bench.blobs)


def test_a_difference_shows_only_what_differs(bench):
    difference, _ = both(bench)
    lines = plain(difference_lines(difference)).splitlines()
    assert lines[:7] == [
        "outcome: different, compared 150 points, 1 file, 3 B",
        "  first apart: loss at step 30: 0.5 → 1.5",
        "  ~ params",
        "    ~ lr: 0.1 → 0.2",
        "  ~ metrics",
        lines[5],
        "      ~ step 30: 0.5 → 1.5",
    ]
    assert lines[5].startswith("    ~ loss: 1 point differs, at most 1.0 apart")
    assert lines[7] == "  ~ artifacts"
    assert lines[8].startswith("    ~ outputs/m: other content, 2 → 3 bytes")
    assert lines[9] == "      ~ line 1: 12 → 123 (1 of 1 lines differ)"
    assert len(lines) == 10


def test_an_equal_difference_is_one_line(bench):
    outcome = bench.outcome({"loss": [(0, 1.0)]})
    lines = difference_lines(compare_outcomes(outcome, outcome, bench.blobs))
    assert plain(lines) == "outcome: equal, compared 1 point, 0 files, 0 B\n"


def test_a_verdict_in_lines(bench):
    _, verdict = both(bench)
    lines = verdict_lines(verdict)
    assert lines[0] == ("failed", "diverged: compared 150 points, 1 file, 3 B; 2 of 3 checks failed")
    assert [line.style for line in lines] == ["failed", "changed", "failed", "failed", "muted"]
    assert lines[1].text == "  first apart: loss at step 30: 0.5 → 1.5"
    assert lines[2].text.startswith("  ✗ metrics/loss: 1 point differs")
    assert lines[2].text.endswith("step 30: 0.5 → 1.5 [exact]")
    assert lines[4].text == "  ignored params/lr: 0.1 → 0.2"


def test_summaries():
    assert summary(made(answer="inconclusive")).startswith("inconclusive: ")
    verdict = Verdict(
        answer="identical", findings=(), compared=Compared(points=150, files=4, bytes=123_000), ignored=()
    )
    assert summary(verdict) == "identical: compared 150 points, 4 files, 123 kB"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10 kB"),
        (999_700, "1.0 MB"),
        (5 << 40, "5.5 TB"),
    ],
)
def test_sizes(size, text):
    assert amount(Compared(bytes=size)).endswith(", " + text)


def test_huge_trees_are_cut(bench):
    many = {f"p{i:05}": i for i in range(10_000)}
    difference = compare_outcomes(bench.outcome(params=many), bench.outcome(), bench.blobs)
    lines = difference_lines(difference, limit=10)
    assert len(lines) == 13 and lines[-1].text == "    … and 9,990 more"
    verdict = judge(difference, VerifySpec(), bench.blobs)
    assert verdict_lines(verdict, limit=10)[-1].text == "  … and 9,990 more"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_line_carries_what_a_terminal_obeys(bench, name):
    path = f"outputs/{name}".replace("\0", "")
    left = bench.outcome({name: [(0, 1.0)]}, {path: b"1"}, {name: name})
    right = bench.outcome({name: [(0, 2.0)]}, {path: b"2"}, {name: name + "\x07"})
    difference = compare_outcomes(left, right, bench.blobs)
    for line in [*difference_lines(difference), *verdict_lines(judge(difference, VerifySpec(), bench.blobs))]:
        assert line.text.isprintable()


def test_junit_has_a_case_for_everything_judged(bench):
    _, verdict = both(bench)
    root = parse(junit([verdict], name="digits"))
    assert root.tag == "testsuites" and root.get("name") == "digits"
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    assert [suite.get("name") for suite in root] == ["exit_code", "metrics", "artifacts"]
    assert [(case.get("classname"), case.get("name")) for case in root.iter("testcase")] == [
        ("exit_code", "exit_code"),
        ("metrics", "loss"),
        ("artifacts", "outputs/m"),
    ]
    failure = root.find(".//testcase[@name='loss']/failure")
    assert failure is not None and "step 30: 0.5 → 1.5" in (failure.get("message") or "")
    assert "ignored params/lr: 0.1 → 0.2" in (root.findtext(".//system-out") or "")


@pytest.mark.parametrize("name", HOSTILE)
def test_junit_of_hostile_names(bench, name):
    left, right = bench.outcome({name: [(0, 1.0)]}), bench.outcome({name: [(0, 2.0)]})
    verdict = judge(compare_outcomes(left, right, bench.blobs), VerifySpec(), bench.blobs)
    case = parse(junit([verdict])).findall(".//testcase")[1]
    assert case.get("name") == printable(name)
    assert case.find("failure") is not None


@given(st.lists(st.builds(Finding, path=texts, rule=texts, text=texts, passed=st.booleans()), max_size=5), texts)
def test_junit_is_always_well_formed(findings, text):
    verdict = made(*findings, ignored=(Ignored(path=text, text=text),))
    root = parse(junit([verdict], name=text))
    assert int(root.get("tests") or 0) == len(root.findall(".//testcase")) == max(len(findings), 1)
    assert int(root.get("failures") or 0) == len(root.findall(".//failure"))


def test_junit_of_nothing_fails():
    root = parse(junit([made(answer="inconclusive")]))
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
