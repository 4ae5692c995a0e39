"""The instruction-set pins on other CPUs: QEMU in user mode stands in for them. NumPy, torch, scikit-learn, XGBoost."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kept
import pytest

import orchestrator.agent
from orchestrator.determinism import processor
from orchestrator.execution import cpu

HERE = Path(__file__).parent
INTERPOSER = Path(orchestrator.agent.__file__).parent / "interpose" / "libinterpose.so"

PACKAGES = {
    "numpy": "2.4.6",
    "scipy": "1.17.1",
    "scikit-learn": "1.9.1",
    "joblib": "1.6.0",
    "cloudpickle": "3.1.3",
    "threadpoolctl": "3.8.0",
    "narwhals": "2.29.0",
    "xgboost-cpu": "3.2.0",
    "torch": "2.13.0",
    "typing_extensions": "4.16.0",
    "sympy": "1.14.0",
    "mpmath": "1.3.0",
    "networkx": "3.6.1",
    "filelock": "4.3.1",
    "fsspec": "2026.9.0",
    "jinja2": "3.1.6",
    "markupsafe": "3.0.4",
}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

# (pins, CPU). QEMU's Haswell has AVX2, its Nehalem stops at SSE4.2.
V3, V2, NONE = "x86-64-v3", "x86-64-v2", "unpinned"
NATIVE, AMD = "this machine", "EPYC"
RUNS = [
    *((V3, "Haswell"), (V2, "Haswell"), (V2, "Nehalem"), (NONE, "Nehalem")),
    *((pin, NATIVE) for pin in (V3, V2, NONE)),
]


@pytest.fixture(scope="module")
def python() -> Path:
    """An interpreter with the packages: made once, kept where the tests keep what they download."""
    return kept.interpreter(
        "cpu-packages", *(f"{name}=={version}" for name, version in PACKAGES.items()), options=("--no-deps",)
    )


def environment(pin: str) -> dict[str, str]:
    fixed = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", **ONE_THREAD}
    return fixed if pin == NONE else {**fixed, **processor.pins(pin), "ORCHESTRATOR_SQRT": "exact"}


def command(python: Path, pin: str, model: str) -> list[str | Path]:
    """QEMU itself must not be preloaded: it hands the library on to the program alone."""
    job = [python, HERE / "arithmetic.py"]
    preload = [] if pin == NONE else [f"LD_PRELOAD={INTERPOSER}"]
    if model == NATIVE:
        return ["env", *preload, *job]
    return ["qemu-x86_64-static", "-cpu", model, *(word for one in preload for word in ("-E", one)), *job]


def run(python: Path, pin: str, model: str) -> dict[str, str]:
    done = subprocess.run(command(python, pin, model), env=environment(pin), capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def found(python: Path) -> dict[tuple[str, str], dict[str, str]]:
    """(pins, CPU) -> item -> digest."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RUNS, pool.map(lambda one: run(python, *one), RUNS), strict=True))


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if one[name] != other[name]]


pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("pin", "models"), [(V3, [NATIVE, "Haswell"]), (V2, [NATIVE, "Haswell", "Nehalem"])], ids=[V3, V2]
)
def test_pinned_every_cpu_gives_the_same_bits(found, pin, models):
    first, *others = (found[pin, model] for model in models)
    assert len(first) > 30
    assert [differing(first, other) for other in others] == [[] for _ in others]


def test_unpinned_they_do_not(found):
    differ = differing(found[NONE, NATIVE], found[NONE, "Nehalem"])
    assert {"numpy.matmul", "torch.matmul", "torch.adam", "sklearn.logistic"} <= set(differ)


def test_each_set_of_instructions_is_a_result_of_its_own(found):
    """So a run keeps the pin that it was recorded with."""
    assert "numpy.matmul" in differing(found[V3, NATIVE], found[V2, NATIVE])


@pytest.mark.parametrize("run", [run for run in RUNS if run[0] != NONE], ids=" on ".join)
def test_a_pinned_square_root_is_correctly_rounded(found, run):
    assert found[run]["torch.sqrt"] == found[run]["torch.sqrt, as IEEE 754 has it"]


def test_on_an_amd_cpu_it_would_not_be(found, python):
    """MKL chooses another algorithm there, whatever its variables say: why the interposer has a square root."""
    here = cpu.read()["vendor"] == "AuthenticAMD"
    unpinned = found[NONE, NATIVE] if here else run(python, NONE, AMD)
    assert unpinned["torch.sqrt"] != unpinned["torch.sqrt, as IEEE 754 has it"]
