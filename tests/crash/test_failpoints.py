"""Killed at any point, also while it repairs: no run that was told of is lost, and the next command mends it all."""

from __future__ import annotations

import itertools

import pytest
from desk import Desk

from crash.lab import Lab
from crash.points import DETACHING, SUBMITTING, Scenario, in_recovery, in_source, scenario

pytestmark = pytest.mark.engine

POINTS = in_source()
SAMPLE = {
    "lock.made",
    "build.bytecode",
    "load.asked",
    "blob.renamed",
    "begin.claimed",
    "live.held",
    "live.requested",
    "prepare.record",
    "submit.begun",
    "launch.asked",
    "launch.done",
    "follow.begun",
    "collect.stored",
    "record.linked",
    "record.run",
    "clean.folder",
    "detach.spawned",
    "recover.held",
    "recover.adopted",
    "recover.indexed",
}
"""What is of another kind than the rest; `make soak` takes all."""
SAMPLE_OF_REPAIRS = {"recover.held", "blob.renamed", "collect.stored", "record.linked", "record.run", "clean.secrets"}
OFTEN = ["durable.write", "durable.fsync", "durable.fsync.folder", "durable.rename", "durable.renamed", "blob.renamed"]
"""Come by many times in one submit."""


def sampled(point: str, sample: set[str], *more: Scenario) -> object:
    return pytest.param(point, *more, marks=[] if point in sample else pytest.mark.soak, id=point)


@pytest.fixture(autouse=True)
def wheels_of_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that builds an image makes the wheel for it."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(desk.folder / "wheels"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def check(lab: Lab, point: str, scene: Scenario) -> None:
    """Kill, repair, try again."""
    ended = lab.kill(point, scene)
    assert ended.killed, ended.said
    lab.repaired(ended)
    lab.retried()
    lab.intact()


def test_there_are_at_least_forty():
    assert len(POINTS) >= 40
    assert set(POINTS) >= SAMPLE | SAMPLE_OF_REPAIRS


@pytest.mark.parametrize("point", [sampled(point, SAMPLE) for point in POINTS])
def test_killed_there(desk: Desk, point: str):
    check(Lab(desk), point, scenario(point))


@pytest.mark.parametrize(
    ("point", "scene"), [sampled(point, SAMPLE_OF_REPAIRS, scene) for point, scene in in_recovery(POINTS)]
)
def test_killed_while_it_repairs(desk: Desk, point: str, scene: Scenario):
    check(Lab(desk), point, scene)


@pytest.mark.soak
@pytest.mark.parametrize("scene", [SUBMITTING, DETACHING], ids=lambda scene: scene.name)
@pytest.mark.parametrize("point", OFTEN)
def test_killed_there_each_time(desk: Desk, point: str, scene: Scenario):
    lab = Lab(desk)
    for time in itertools.count(1):
        ended = lab.kill(f"{point}:{time}", scene)
        lab.repaired(ended)
        if not ended.killed and scene is SUBMITTING:
            break
        if time == 40:
            break
    lab.intact()
