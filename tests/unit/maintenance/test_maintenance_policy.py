"""Which runs a policy keeps: decided without a store."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.maintenance import times
from orchestrator.maintenance.policy import Best, Candidate, Policy, families, keep

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def run(day: int, number: int = 0, **more) -> Candidate:
    """A run of November ``day``; ``number``: the run within it."""
    run_id = f"202611{day:02d}-120000-000000" + (f".{number}" if number else "")
    return Candidate(run_id, **{"name": "a", "created": NOW.replace(day=day), **more})


def kept(runs: list[Candidate], policy: Policy, *pins: Candidate) -> list[int]:
    """The days of the runs within none that are kept."""
    found = keep(runs, policy, {one.id for one in pins}, NOW)
    assert all(found.values())
    return [int(run_id[6:8]) for run_id in found if "." not in run_id]


def test_without_a_rule_everything_stays():
    assert kept([run(1), run(2)], Policy()) == [1, 2]
    assert kept([], Policy(last=3)) == []


def test_the_newest():
    runs = [run(day, name="ab"[day % 2]) for day in (5, 1, 4, 2, 3)]
    assert sorted(kept(runs, Policy(last=2))) == [4, 5]
    assert sorted(kept(runs, Policy(last=1, per_name=True))) == [4, 5]
    assert sorted(kept(runs, Policy(last=2, per_name=True))) == [2, 3, 4, 5]


def test_younger_than():
    runs = [run(day) for day in (1, 20, 25)]
    assert kept(runs, Policy(newer=timedelta(days=7))) == [20, 25]
    assert kept(runs, Policy(newer=timedelta(days=6))) == [25]


def test_tags():
    runs = [run(1, tags={"team": "x"}), run(2, tags={"team": "y"}), run(3)]
    assert kept(runs, Policy(tags=(("team", None),))) == [1, 2]
    assert kept(runs, Policy(tags=(("team", "y"),))) == [2]


def test_the_best():
    values = {1: 0.5, 2: math.nan, 3: 0.9, 4: -math.inf, 5: 0.9}
    runs = [run(day, metrics={"m": value}) for day, value in values.items()] + [run(6)]
    assert kept(runs, Policy(best=(Best("m", "max"),))) == [3]
    assert kept(runs, Policy(best=(Best("m", "max", 2),))) == [3, 5]
    assert kept(runs, Policy(best=(Best("m", "min", 2),))) == [1, 4]


def test_a_run_whose_metrics_cannot_be_read_may_be_the_best():
    assert kept([run(1, metrics={"m": 1.0}), run(2, metrics=None)], Policy(best=(Best("m", "max"),))) == [1, 2]


def test_rules_add_up_and_pins_hold_against_all():
    runs = [run(1), run(2, tags={"t": ""}), run(3), run(4)]
    assert kept(runs, Policy(last=1, tags=(("t", None),)), runs[0]) == [1, 2, 4]
    assert kept(runs, Policy(all=True), runs[2]) == [3]
    assert keep(runs, Policy(last=1), {runs[3].id}, NOW) == {runs[3].id: ["--keep-last 1", "pinned"]}


@pytest.mark.parametrize(
    "policy",
    [Policy(tags=(("typo", None),)), Policy(best=(Best("typo", "max"),)), Policy(newer=timedelta(0))],
    ids=str,
)
def test_a_rule_that_keeps_nothing_is_refused_even_beside_one_that_does(policy):
    from dataclasses import replace

    for more in ({}, {"last": 1}):
        with pytest.raises(UsageError, match="keeps nothing"):
            keep([run(1)], replace(policy, **more), set(), NOW)
    assert keep([run(1)], replace(policy, all=True), set(), NOW) == {}


class TestFamilies:
    """A run, its replays, and the runs within any of them go or stay together."""

    ONE = (run(1), run(1, 1), run(1, 2), run(5, of=run(1).id), run(5, 1, of=run(1, 1).id), run(6, of=run(5).id))
    OTHER = (run(2), run(3, of=run(2).id))

    def test_are_told_apart(self):
        found = families([*self.ONE, *self.OTHER])
        assert {found[one.id] for one in self.ONE} == {run(1).id}
        assert {found[one.id] for one in self.OTHER} == {run(2).id}

    def test_the_last_run_is_an_original(self):
        assert kept([*self.ONE, *self.OTHER], Policy(last=1)) == [2, 3]

    @pytest.mark.parametrize("member", ONE, ids=lambda one: one.id)
    def test_any_member_keeps_all(self, member):
        found = keep([*self.ONE, *self.OTHER], Policy(last=1), {member.id}, NOW)
        assert set(found) == {one.id for one in (*self.ONE, *self.OTHER)}

    @pytest.mark.parametrize("member", ONE, ids=lambda one: one.id)
    def test_what_is_dropped_takes_along_what_depends_on_it_alone(self, member):
        found = keep([*self.ONE, *self.OTHER], Policy(drop=frozenset([member.id])), set(), NOW)
        assert member.id not in found
        assert {one.id for one in self.OTHER} <= set(found)
        assert (run(1).id in found) == (member.id != run(1).id)
        with pytest.raises(UsageError, match="pinned"):
            keep(self.ONE, Policy(drop=frozenset([member.id])), {member.id}, NOW)

    def test_a_run_from_elsewhere_is_of_no_family_of_ours(self):
        ours, theirs = run(1), run(5, of=run(1).id, imported=True)
        assert kept([ours, theirs], Policy(drop=frozenset([theirs.id]))) == [1]
        assert kept([ours, theirs], Policy(drop=frozenset([ours.id]))) == [5]
        assert kept([ours, theirs, run(6, of=theirs.id)], Policy(drop=frozenset([theirs.id]))) == [1]

    def test_a_run_within_a_run_may_be_the_best(self):
        runs = [run(1), run(1, 1, metrics={"m": 2.0}), run(2, metrics={"m": 1.0})]
        assert kept(runs, Policy(best=(Best("m", "max"),))) == [1]

    def test_a_replay_whose_original_is_gone_stands_for_itself(self):
        assert kept([run(1), run(5, of=run(4).id)], Policy(last=1)) == [5]

    def test_records_that_name_each_other_in_a_circle_end(self):
        runs = [run(1, of=run(2).id), run(2, of=run(1).id)]
        assert set(families(runs)) == {one.id for one in runs}


@given(
    days=st.lists(st.integers(1, 26), unique=True, min_size=1),
    last=st.integers(1, 30),
    pins=st.sets(st.integers(1, 26)),
)
def test_what_is_kept_is_never_less_than_asked_for(days, last, pins):
    runs = [run(day) for day in days]
    found = kept(runs, Policy(last=last), *(one for one in runs if one.created.day in pins))
    assert set(found) == set(sorted(days)[-last:]) | (set(days) & pins)


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("loss:min", Best("loss", "min")),
        ("acc:max:5", Best("acc", "max", 5)),
        ("eval/a:b:max:2", Best("eval/a:b", "max", 2)),
    ],
)
def test_best_is_read(text, best):
    assert Best.parse(text) == best


@pytest.mark.parametrize(
    "text", ["", "loss", "loss:", "loss:best", ":max", "max", "loss:max:0", "loss:5", "loss:max:x"]
)
def test_best_is_refused(text):
    with pytest.raises(UsageError):
        Best.parse(text)


def test_spans_of_time():
    assert [times.parse(text) for text in ("0", "45s", "90m", "12h", "30d", "2w")] == [
        timedelta(0), timedelta(seconds=45), timedelta(minutes=90), timedelta(hours=12), timedelta(30), timedelta(14)
    ]  # fmt: skip
    for text in ("", "5", "d", "-1d", "1y", "1.5d", "1d2h", "9999999d", "1d\n"):
        with pytest.raises(UsageError):
            times.parse(text)
