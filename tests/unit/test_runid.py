"""Run ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import runid
from orchestrator.store.port import key_parts

moments = st.datetimes(
    datetime(1990, 1, 1),
    datetime(2200, 1, 1),
    timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)
chances = st.integers(0, 2**32 - 1)


def test_the_form():
    assert runid.new(datetime(2026, 11, 23, 14, 25, 30, 417_999, UTC), 0xA3C) == "20261123-142530-417a3c"
    assert runid.new(datetime(2026, 11, 23, 14, 25, 30, 999, UTC), 0xFF_001) == "20261123-142530-000001"


@given(moments, chances)
def test_a_new_one_is_one_and_a_record_key(moment, chance):
    made = runid.new(moment, chance)
    assert runid.is_one(made)
    assert key_parts(f"runs/{made}") == ["runs", made]


@given(moments, moments, chances, chances)
def test_they_sort_by_time(one, other, chance, another):
    if one > other:
        one, other = other, one
    if other - one >= timedelta(milliseconds=1):
        assert runid.new(one, chance) < runid.new(other, another)


@given(moments, chances)
def test_the_time_zone_does_not_matter(moment, chance):
    assert runid.new(moment, chance) == runid.new(moment.astimezone(UTC), chance)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261123-142530-417a3",
        "20261123-142530-417a3cc",
        "20261123-142530-417A3C",
        "20261123-142530-41za3c",
        "20261123-142530-417a3c\n",
        " 20261123-142530-417a3c",
        "../20261123-142530-417a3c",
        "２０２６１１２３-142530-417a3c",
        "٢٠٢٦١١٢٣-142530-417a3c",
    ],
    ids=ascii,
)
def test_what_is_no_id(text):
    assert not runid.is_one(text)


def test_a_run_within_a_run_has_its_parents_id():
    parent = runid.new(datetime(2026, 11, 23, 14, 25, tzinfo=UTC), 5)
    child = runid.child(parent, 12)
    assert child == f"{parent}.12"
    assert runid.is_one(child)
    assert runid.top(child) == runid.top(parent) == parent
    assert not runid.is_one(f"{parent}.") and not runid.is_one(f"{parent}.1.2")


def test_runs_within_a_run_stand_in_the_order_of_their_numbers():
    ids = [runid.child("20261123-142530-417a3c", number) for number in (1, 2, 9, 10, 11)]
    assert sorted([*reversed(ids), "20261123-142530-417a3c"], key=runid.in_order) == ["20261123-142530-417a3c", *ids]
