"""Naming what could not be owned: from a plan and two runs' facts alone."""

from __future__ import annotations

from typing import Any

import pytest
from documents import make_plan

from orchestrator.compare.causes import causes
from orchestrator.determinism.controls import Controls
from orchestrator.determinism.levels import CONTROLS, Level
from orchestrator.digest import Digest
from orchestrator.plan import Plan
from orchestrator.run import Facts

SOMETHING = Digest.of(b"something")


def plan(level: Level, *without: str, **more: Any) -> Plan:
    owned = {"controls": Controls.of(level).without(*without), "interposer": Digest.of(b"interposer")}
    return make_plan(determinism=level, **{**owned, **more})


def facts(cpu: str = "one", gpus: tuple[str, ...] = (), libc: str = "glibc 2.36", **counted: int) -> Facts:
    environment: dict[str, Any] = {"cpu": {"model": cpu}, "libc": libc}
    if gpus:
        environment["gpus"] = {"driver": "550", "devices": [{"name": name} for name in gpus]}
    return Facts(
        created="2026-11-26T00:00:00Z",
        environment=environment,
        clock=SOMETHING,
        determinism={"processes": 1, **counted},
    )


def test_where_all_was_owned_what_is_left_is_named():
    (cause,) = causes(plan("strict"), facts(), facts())
    assert "rdtsc" in cause


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({"beyond": 3}, "clock: 3 readings beyond the record"),
        ({"dropped": 4}, "clock: 4 readings that the full ledger did not take"),
        ({"waits": 5}, "clock: 5 waits"),
        ({"static_programs": 1}, "static programs: 1"),
        ({"thread_draws": 7}, "threads: 7 draws of entropy"),
    ],
)
def test_what_was_counted_is_named_whichever_run_it_was(counted: dict[str, int], said: str):
    for pair in ((facts(**counted), facts()), (facts(), facts(**counted))):
        (cause,) = causes(plan("strict"), *pair)
        assert cause.startswith(said)


@pytest.mark.parametrize(
    ("level", "without", "said"),
    [
        ("off", (), "controls: none in force (`determinism: standard`)"),
        ("standard", (), "controls: all but one_thread, joblib, addresses in force (`determinism: strict`)"),
        ("standard", ("clock",), "all but one_thread, joblib, clock, addresses in force"),
        ("strict", ("entropy",), "controls: all but entropy in force"),
    ],
)
def test_controls_that_were_off_are_named(level: Level, without: tuple[str, ...], said: str):
    (cause,) = causes(plan(level, *without), facts(), facts())
    assert said in cause


def test_a_run_of_before_was_not_owned_as_runs_are_today():
    old = Facts(created="2026-11-26T00:00:00Z")
    (cause,) = causes(plan("standard", controls=None, interposer=None), old, old)
    assert "submit it again" in cause


def test_another_cpu_is_a_cause_where_the_instruction_set_is_not_pinned():
    assert "CPU: one → two" in causes(plan("strict", "cpu"), facts("one"), facts("two"))[0]
    assert not any("CPU" in cause for cause in causes(plan("strict"), facts("one"), facts("two")))


def test_another_gpu_is_a_cause():
    found = causes(plan("strict"), facts(gpus=("A",)), facts(gpus=("B", "B")))
    assert found == ("GPU: A, driver 550 → B, B, driver 550",)


def test_a_cpu_that_cannot_keep_to_the_pin_is_a_cause():
    forced = facts("old").model_copy(update={"host": {"cpu": {"model": "old", "features": []}}})
    (cause,) = causes(plan("strict"), facts("new"), forced)
    assert cause.startswith("CPU: old lacks ")
    assert cause.endswith("which x86-64-v3 has")


@pytest.mark.parametrize(("libc", "why"), [("", "not glibc"), ("glibc 2.36", "no process of the job has loaded it")])
def test_an_interposer_that_nobody_loaded_is_named_first(libc: str, why: str):
    found = causes(plan("standard"), facts(libc=libc, processes=0), facts(libc=libc, processes=0))
    assert found[0].startswith("interposer: ")
    assert why in found[0]


@pytest.mark.parametrize("said", [None, [], "much", {"cpu": 7, "gpus": 3, "libc": None}, {"gpus": {"devices": 5}}])
def test_what_a_job_says_in_the_agents_stead_is_no_obstacle(said: Any):
    odd = facts().model_copy(update={"environment": said if isinstance(said, dict) else {"cpu": said, "gpus": said}})
    assert causes(plan("standard", "cpu"), odd, facts())


def test_every_control_has_a_name_to_be_told_by():
    (cause,) = causes(plan("strict", *CONTROLS), facts(), facts())
    assert cause == "controls: none in force"
