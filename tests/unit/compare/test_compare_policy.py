from __future__ import annotations

import pytest

from orchestrator.compare.difference import Compared, group
from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.compare.policy import judge, rule_for
from orchestrator.compare.verdict import Verdict
from orchestrator.errors import ExitCode, UsageError
from orchestrator.runspec.model import Tolerance, VerifySpec

EVERYTHING_IGNORED = VerifySpec(exit_code="ignore", params="ignore", metrics="ignore", artifacts="ignore")
LOSS = [(i, 1.0 / (i + 1)) for i in range(5)]
MADE = {"metrics": {"loss": LOSS}, "files": {"outputs/m": b"12"}, "params": {"lr": 0.1}}


def test_equal_outcomes_are_identical(bench):
    outcome = bench.outcome(**MADE)
    found = bench.verdict(outcome, outcome)
    assert (found.answer, found.passed, found.exit_code) == ("identical", True, ExitCode.OK)
    assert [finding.path for finding in found.findings] == [
        "exit_code",
        "params/lr",
        "metrics/loss",
        "artifacts/outputs/m",
    ]
    assert found.compared == Compared(points=5, files=1, bytes=2)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"exit_code": 1}, "exit_code"),
        ({"params": {"lr": 0.2}}, "params/lr"),
        ({"params": {}}, "params/lr"),
        ({"metrics": {"loss": LOSS[:-1]}}, "metrics/loss"),
        ({"metrics": {}}, "metrics/loss"),
        ({"files": {"outputs/m": b"13"}}, "artifacts/outputs/m"),
        ({"files": {}}, "artifacts/outputs/m"),
    ],
)
def test_exact_fails_on_any_change_and_ignore_passes_it(bench, change, path):
    left, right = bench.outcome(**MADE), bench.outcome(**{**MADE, **change})
    found = bench.verdict(left, right)
    assert (found.answer, found.passed, found.exit_code) == ("diverged", False, ExitCode.FAILED)
    assert [finding.path for finding in found.failures] == [path]
    section = path.partition("/")[0]
    ignored = bench.verdict(left, right, **{section: "ignore"})
    assert (ignored.answer, ignored.exit_code) == ("within-policy", ExitCode.OK)
    assert [item.path for item in ignored.ignored] == [path]


def test_what_is_ignored_is_not_counted_as_compared(bench):
    left, right = bench.outcome(**MADE), bench.outcome(**{**MADE, "files": {}})
    assert bench.verdict(left, right, artifacts="ignore").compared == Compared(points=5)


def test_an_empty_policy_never_passes(bench):
    outcome = bench.outcome(**MADE)
    difference = compare_outcomes(outcome, outcome, bench.blobs)
    found = judge(difference, EVERYTHING_IGNORED, bench.blobs)
    assert (found.answer, found.passed, found.exit_code) == ("inconclusive", False, ExitCode.FAILED)


def test_a_policy_that_finds_nothing_to_judge_never_passes(bench):
    outcome = bench.outcome(params={"lr": 1})
    found = bench.verdict(outcome, outcome, exit_code="ignore", params="ignore")
    assert found.answer == "inconclusive"


def test_equal_outcomes_that_were_not_all_judged_are_only_within_policy(bench):
    outcome = bench.outcome(**MADE)
    assert bench.verdict(outcome, outcome, metrics="ignore").answer == "within-policy"
    assert bench.verdict(outcome, outcome, metrics={"other": "ignore"}).answer == "identical"


def test_the_most_specific_pattern_wins():
    section = {"*": "ignore", "train/*": Tolerance(abs=1.0), "train/loss": "exact"}
    assert rule_for("val/loss", section) == "ignore"
    assert rule_for("train/acc", section) == Tolerance(abs=1.0)
    assert rule_for("train/loss", section) == "exact"
    assert rule_for("train/loss", {"train/loss": "exact", "*": "ignore"}) == "exact"


def test_no_match_is_exact_and_case_counts():
    assert rule_for("x", {}) == "exact"
    assert rule_for("Loss", {"loss": "ignore"}) == "exact"
    assert rule_for("a\nb", {"a*b": "ignore"}) == "ignore"


@pytest.mark.parametrize("section", ["params", "artifacts", "metrics"])
def test_patterns_apply_in_their_section(bench, section):
    change = {"params": {"lr": 2}, "artifacts": {"outputs/m": b"x"}, "metrics": {"loss": [(0, 9.0)]}}[section]
    key = "files" if section == "artifacts" else section
    left, right = bench.outcome(**MADE), bench.outcome(**{**MADE, key: change})
    assert bench.verdict(left, right, **{section: {"no*": "ignore"}}).answer == "diverged"
    assert bench.verdict(left, right, **{section: {"*": "ignore"}}).answer == "within-policy"


def test_streams_are_ignored_unless_asked_for(bench):
    outcome, streams = bench.outcome(), {"stdout": (bench.put(b"a\n"), bench.put(b"b\n"))}
    found = bench.verdict(outcome, outcome, streams)
    assert found.answer == "identical"
    assert [item.path for item in found.ignored] == ["streams/stdout"]
    found = bench.verdict(outcome, outcome, streams, streams={"stdout": "exact", "stderr": "ignore"})
    assert found.answer == "diverged"
    assert found.failures[0].text == "first differs in line 1; line 1: a → b"


def test_a_stream_that_was_asked_for_and_is_not_there_fails(bench):
    outcome = bench.outcome()
    found = bench.verdict(outcome, outcome, streams="exact")
    assert [(finding.path, finding.passed) for finding in found.failures] == [
        ("streams/stdout", False),
        ("streams/stderr", False),
    ]
    same = bench.put(b"x")
    streams = {"stdout": (same, same), "stderr": (None, same)}
    assert [f.path for f in bench.verdict(outcome, outcome, streams, streams="exact").failures] == ["streams/stderr"]


def test_other_bytes_that_say_the_same_do_not_pass(bench):
    left = bench.outcome({"loss": LOSS})
    with bench.blobs.get(left.metrics) as stream:
        spaced = bench.put(stream.read().replace(b":", b": "))
    right = left.model_copy(update={"metrics": spaced})
    assert bench.verdict(left, right, metrics={"abs": 1.0}).answer == "diverged"


def test_a_verdict_survives_json(bench):
    found = bench.verdict(bench.outcome(**MADE), bench.outcome(), metrics={"*": {"abs": 1.0}}, artifacts="ignore")
    assert Verdict.model_validate_json(found.model_dump_json()) == found


def test_a_difference_survives_json_and_is_judged_the_same(bench):
    difference = compare_outcomes(bench.outcome({"l": LOSS}), bench.outcome({"l": [(0, 1.1)]}), bench.blobs)
    verify = VerifySpec.model_validate({"metrics": {"abs": 0.2}})
    again = type(difference).model_validate_json(difference.model_dump_json())
    assert judge(again, verify, bench.blobs) == judge(difference, verify, bench.blobs)


def test_only_outcomes_are_judged(bench):
    with pytest.raises(UsageError):
        judge(group("plan", []), VerifySpec(), bench.blobs)
