"""What a replay's machine must have in common with the original's, judged from facts alone."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.determinism.controls import Controls
from orchestrator.operations.contract import breaches
from orchestrator.plan import Plan
from orchestrator.runspec.model import Resources

H100 = {"name": "NVIDIA H100 80GB HBM3", "compute": "9.0"}
T4 = {"name": "Tesla T4", "compute": "7.5"}


def plan(*, gpus: int = 0, controls: Controls | None = None) -> Plan:
    return Plan.model_construct(resources=Resources(gpus=gpus), controls=controls)


def host(*devices: dict[str, str], driver: str = "570.86", cuda: str = "12.8") -> dict[str, Any]:
    return {"cpu": {}, "gpus": {"driver": driver, "cuda": cuda, "devices": list(devices)}}


def test_the_same_gpus_keep_it():
    assert list(breaches(plan(gpus=1), host(H100), host(H100))) == []


def test_only_the_gpus_that_the_run_had_count():
    assert list(breaches(plan(gpus=1), host(H100), host(H100, T4))) == []
    assert list(breaches(plan(), host(H100), {})) == []


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (host(T4), ["the run used 1 x NVIDIA H100 80GB HBM3 (compute 9.0), this machine would give it 1 x Tesla T4"]),
        (host(H100, driver="580.1"), ["the run used NVIDIA's driver 570.86, this machine has 580.1"]),
        (host(H100, cuda="13.0"), ["the run used the driver's CUDA 12.8, this machine has 13.0"]),
        ({"cpu": {}}, ["this machine has no NVIDIA GPU that answers"]),
        (host(T4, driver="580.1"), ["would give it 1 x Tesla T4", "driver 570.86"]),
    ],
)
def test_what_differs_is_said(here, said):
    found = list(breaches(plan(gpus=1), host(H100), here))
    assert len(found) == len(said)
    assert all(part in breach for part, breach in zip(said, found, strict=True))


def test_fewer_gpus_are_other_gpus():
    (found,) = breaches(plan(gpus=2), host(H100, H100), host(H100))
    assert "2 x NVIDIA H100" in found
    assert "1 x NVIDIA H100" in found


def test_records_of_before_say_nothing_of_gpus():
    assert list(breaches(plan(gpus=1), {"cpu": {}}, host(T4))) == []


def test_plans_of_before_pin_no_cpu():
    assert list(breaches(plan(), {}, {})) == []


def test_a_pin_that_cannot_be_kept_names_what_is_missing_and_both_cpus():
    old = {"cpu": {"model": "X5550", "features": ["cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3"]}}
    new = {"cpu": {"model": "Milan", "features": []}}
    (found,) = breaches(plan(controls=Controls(cpu="x86-64-v3")), new, old)
    assert "this CPU, X5550 (x86-64-v2), lacks abm, avx, avx2, bmi1" in found
    assert "ran on Milan" in found
    assert list(breaches(plan(controls=Controls(cpu="x86-64-v2")), new, old)) == []
