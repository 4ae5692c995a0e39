"""What each level pins."""

from __future__ import annotations

import pytest

from orchestrator.agent import wire
from orchestrator.determinism import FIXED, environment

SEEDED = ["ORCHESTRATOR_SEED", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "SOURCE_DATE_EPOCH"]
THREADS = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS"]
LEVELS = ["off", "standard", "strict"]


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_fixed_stands_at_every_level(level):
    assert FIXED.items() <= environment(level, 7, 4, {}).items()


@pytest.mark.parametrize("level", ["standard", "strict"])
def test_pins_go_before_the_specs_own(level):
    pinned = environment(level, 7, 4, {})
    moved = environment(level, 7, 4, dict.fromkeys(SEEDED + THREADS, "moved"))
    assert moved == pinned
    assert (pinned["ORCHESTRATOR_SEED"], pinned["PYTHONHASHSEED"]) == ("7", "0")


@pytest.mark.parametrize(("level", "threads"), [("standard", "4"), ("strict", "1")])
def test_threads(level, threads):
    found = environment(level, 7, 4, {})
    assert {found[name] for name in THREADS} == {threads}


def test_off_pins_nothing():
    found = environment("off", 7, 4, {"PYTHONHASHSEED": "3"})
    assert found["PYTHONHASHSEED"] == "3"
    assert not {"ORCHESTRATOR_SEED", *THREADS} & found.keys()


@pytest.mark.parametrize("level", LEVELS)
def test_our_folders_come_first_on_pythonpath(level):
    ours = [wire.LIBRARY, wire.SITE]
    assert environment(level, 0, 1, {})["PYTHONPATH"].split(":") == ours
    assert environment(level, 0, 1, {"PYTHONPATH": "/mine"})["PYTHONPATH"].split(":") == [*ours, "/mine"]


def test_nothing_of_this_machine_is_in_it(monkeypatch):
    before = environment("strict", 1, 2, {"A": "b"})
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert environment("strict", 1, 2, {"A": "b"}) == before
