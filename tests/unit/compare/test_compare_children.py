"""Runs within a run are compared and judged by the run's own policy, each under its name."""

from __future__ import annotations

import pytest

from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.digest import Digest

LOSS = [(0, 1.0), (1, 0.5)]


@pytest.fixture
def parent(bench):
    """An outcome with children; ``changed`` replaces what is in the one called b."""

    def make(names=("a", "b"), changed=None):
        children = {}
        for name in names:
            child = bench.outcome(**{"metrics": {"loss": LOSS}, **((changed or {}) if name == "b" else {})})
            children[name] = bench.put(child.to_bytes())
        return bench.outcome(metrics={"total": [(0, 1.0)]}).model_copy(update={"children": children})

    return make


def test_an_outcome_without_children_has_the_bytes_it_always_had(bench):
    outcome = bench.outcome()
    assert b"children" not in outcome.to_bytes()
    assert type(outcome).from_bytes(outcome.to_bytes()) == outcome


def test_equal_children_are_part_of_what_is_identical(bench, parent):
    found = bench.verdict(parent(), parent())
    assert found.answer == "identical"
    paths = [finding.path for finding in found.findings]
    assert paths == [
        "exit_code",
        "metrics/total",
        "children/a/exit_code",
        "children/a/metrics/loss",
        "children/b/exit_code",
        "children/b/metrics/loss",
    ]
    assert found.compared.points == 5


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"metrics": {"loss": [(0, 1.0), (1, 0.25)]}}, "children/b/metrics/loss"),
        ({"exit_code": 1}, "children/b/exit_code"),
        ({"params": {"lr": 1}}, "children/b/params/lr"),
        ({"files": {"mlflow/x": b"x"}}, "children/b/artifacts/mlflow/x"),
    ],
)
def test_what_differs_in_a_child_diverges(bench, parent, changed, path):
    found = bench.verdict(parent(), parent(changed=changed))
    assert found.answer == "diverged"
    assert [finding.path for finding in found.findings if not finding.passed] == [path]


@pytest.mark.parametrize(("left", "right"), [(("a", "b"), ("a",)), (("a",), ("a", "b")), ((), ("b",)), (("b",), ())])
def test_a_child_that_only_one_side_has_diverges(bench, parent, left, right):
    found = bench.verdict(parent(left), parent(right))
    assert [finding.path for finding in found.findings if not finding.passed] == ["children/b"]


def test_the_policy_holds_for_children_too(bench, parent):
    near = parent(changed={"metrics": {"loss": [(0, 1.0), (1, 0.5000001)]}})
    assert bench.verdict(parent(), near, metrics={"abs": 1e-3}).answer == "within-policy"
    assert bench.verdict(parent(), near, metrics={"abs": 1e-9}).answer == "diverged"
    ignoring = bench.verdict(parent(), near, metrics={"lo*": "ignore"})
    assert ignoring.answer == "within-policy"
    assert [one.path for one in ignoring.ignored] == ["children/b/metrics/loss"]


def test_children_stand_in_the_difference_by_name(bench, parent):
    right = parent(changed={"metrics": {"loss": []}})
    node = compare_outcomes(parent(), right, bench.blobs).child("children")
    assert [(child.name, child.state) for child in node.children] == [("a", "equal"), ("b", "changed")]
    assert Digest(node.child("b").left) == parent().children["b"]
