"""What the controls set in a job's environment."""

from __future__ import annotations

import pytest

from orchestrator.agent import wire
from orchestrator.determinism.controls import Controls
from orchestrator.determinism.environment import FIXED, INTERPOSER, LEDGER, Setting, environment, owners, pins
from orchestrator.determinism.levels import CONTROLS, LEVELS

SETTING = Setting(seed=7, cpus=4, interposer=True)
THREADS = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS"]
LIBRARY = {"LD_PRELOAD": INTERPOSER, "ORCHESTRATOR_LEDGER": LEDGER}


def only(**on):
    """What these controls set, and nothing else."""
    return pins(Controls(**on), SETTING)


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_fixed_stands_at_every_level(level):
    assert FIXED.items() <= environment(Controls.of(level), SETTING, {}).items()


@pytest.mark.parametrize("level", LEVELS)
def test_pins_go_before_the_specs_own(level):
    pinned = pins(Controls.of(level), SETTING)
    found = environment(Controls.of(level), SETTING, {**dict.fromkeys(pinned, "moved"), "MINE": "kept"})
    assert pinned.items() <= found.items()
    assert found["MINE"] == "kept"


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_pinned_belongs_to_somebody(level):
    assert pins(Controls.of(level), SETTING).keys() <= owners().keys()
    assert pins(Controls(cpu="x86-64-v2"), SETTING).keys() <= owners().keys()


@pytest.mark.parametrize(("level", "threads"), [("standard", "4"), ("strict", "1")])
def test_threads_are_what_programs_are_told(level, threads):
    found = pins(Controls.of(level), SETTING)
    assert {found[name] for name in [*THREADS, "LOKY_MAX_CPU_COUNT", "ORCHESTRATOR_PROCESSORS"]} == {threads}


def test_off_pins_nothing():
    assert pins(Controls.of("off"), SETTING) == {}
    assert environment(Controls.of("off"), SETTING, {"PYTHONHASHSEED": "3"})["PYTHONHASHSEED"] == "3"


def test_each_control_sets_its_own():
    assert only(hash=True) == {"PYTHONHASHSEED": "0"}
    assert only(dates=True) == {"SOURCE_DATE_EPOCH": "315532800"}
    assert only(seeds=True) == {"ORCHESTRATOR_SEED": "7", "ORCHESTRATOR_MENDS": "seeds"}
    assert only(entropy=True) == {"ORCHESTRATOR_ENTROPY": "7", **LIBRARY}
    assert only(clock=True) == LIBRARY
    assert only(listings=True) == {"ORCHESTRATOR_LISTINGS": "sorted", **LIBRARY}
    assert only(identity=True, addresses=True) == {}, "whoever starts the job sees to these"
    assert only(joblib=True)["LOKY_MAX_CPU_COUNT"] == "1"
    assert only(threads=True, joblib=True)["LOKY_MAX_CPU_COUNT"] == "1"
    assert only(algorithms=True)["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_without_the_library_nothing_is_preloaded_and_nothing_asked_of_it():
    strict = pins(Controls.of("strict"), Setting(seed=7, cpus=4))
    ours = {name for name in strict if name.startswith(("ORCHESTRATOR_", "LD_"))}
    assert ours == {"ORCHESTRATOR_MENDS", "ORCHESTRATOR_SEED"}


@pytest.mark.parametrize(
    ("on", "gpus", "strict", "mends"),
    [
        (LEVELS["standard"], 0, False, "seeds,algorithms,sharedmem"),
        (LEVELS["strict"], 0, True, "seeds,algorithms,joblib"),
        (LEVELS["standard"], 1, False, "seeds,algorithms,cuda,sharedmem"),
        (LEVELS["strict"], 1, True, "seeds,algorithms=error,cuda,joblib"),
        ({"joblib": True}, 1, True, "joblib"),
    ],
)
def test_mends(on, gpus, strict, mends):
    setting = Setting(seed=0, cpus=1, gpus=gpus, strict=strict)
    assert pins(Controls(**on), setting)["ORCHESTRATOR_MENDS"] == mends


def test_instruction_sets():
    v3, v2 = only(cpu="x86-64-v3"), only(cpu="x86-64-v2")
    assert v3.keys() == v2.keys()
    assert (v3["OPENBLAS_CORETYPE"], v2["OPENBLAS_CORETYPE"]) == ("Haswell", "Nehalem")
    assert (v3["ATEN_CPU_CAPABILITY"], v2["ATEN_CPU_CAPABILITY"]) == ("avx2", "default")
    for name, between in (("NPY_DISABLE_CPU_FEATURES", " "), ("GLIBC_TUNABLES", ",")):
        assert set(v3[name].split(between)) < set(v2[name].split(between))
        assert "AVX2" not in v3[name]
    assert v3["ORCHESTRATOR_SQRT"] == "exact"
    assert LIBRARY.items() <= v3.items()


@pytest.mark.parametrize("level", LEVELS)
def test_our_folders_come_first_on_pythonpath(level):
    ours = [wire.LIBRARY, wire.SITE]
    assert environment(Controls.of(level), SETTING, {})["PYTHONPATH"].split(":") == ours
    mine = environment(Controls.of(level), SETTING, {"PYTHONPATH": "/mine"})
    assert mine["PYTHONPATH"].split(":") == [*ours, "/mine"]


def test_nothing_of_this_machine_is_in_it(monkeypatch):
    before = environment(Controls.of("strict"), SETTING, {"A": "b"})
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert environment(Controls.of("strict"), SETTING, {"A": "b"}) == before


def test_every_control_stands_in_every_table():
    assert list(Controls.model_fields) == list(CONTROLS)
    assert {name for on in LEVELS.values() for name in on} == set(CONTROLS)
