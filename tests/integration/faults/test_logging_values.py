"""Numbers and names at the edge of what there is: recorded exactly, or refused with a reason and nothing written."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.metrics import Series

pytestmark = pytest.mark.engine

NUMBERS = {
    "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "1e308": 1e308, "5e-324": 5e-324, "-0.0": -0.0, "0.1": 0.1,
    "huge": 2.0**1000, "next": math.nextafter(1, 2), "step": -1.5,
}  # fmt: skip


def bits(value: float) -> str:
    return "nan" if math.isnan(value) else struct.pack("<d", value).hex()


def values(metrics: dict[str, Series]) -> dict[str, str]:
    """The bits of each metric's one value."""
    return {name: bits(value) for name, series in metrics.items() for _, value in series}


def test_every_number_comes_back(desk: Desk):
    script = f"""
import orchestrator
from math import inf, nan
from say_to_mlflow import Client
numbers = {NUMBERS!r}
client = Client()
run = client.run("main")
spelt = {{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}}
for name, value in numbers.items():
    orchestrator.log_metric("native " + name, value)
    client.log(run, "mlflow " + name, spelt.get(name, value))
orchestrator.log_metric("far", 1, step=2**63 - 1)
orchestrator.log_metric("far", 2, step=-(2**63 - 1))
"""
    run = desk.submit(script)
    metrics = desk.show(run).metrics
    assert (run.status, run.facts.notes) == ("finished", ())
    assert list(metrics.pop("far")) == [(-(2**63 - 1), 2.0), (2**63 - 1, 1.0)]
    expected = {f"{way} {name}": bits(value) for name, value in NUMBERS.items() for way in ("native", "mlflow")}
    assert values(metrics) == expected
    shown = desk.cli("show", run.id)
    assert shown.returncode == 0
    assert re.search(rb"native -0\.0 +-0\.0 at step 0 \(1 point\)", shown.stdout)
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


REFUSED = """
def refused(value, **more):
    try:
        orchestrator.log_metric("refused", value, **more)
    except (ValueError, TypeError) as error:
        return str(error)
    raise AssertionError(repr(value))
"""


def test_what_is_no_number_is_refused(desk: Desk):
    script = f"""
import json, orchestrator
{REFUSED}
said = [refused(value) for value in (None, "one", b"two", [1.0], [1.0, 2.0], {{}}, 1j, 10**400, object, lambda: 1)]
said += [refused(1, step=step) for step in (2**63, -(2**63), float("nan"), float("inf"), "x", [1])]
assert all(text.startswith('metric "refused": ') or text.startswith("a step beyond 64 bits: ") for text in said), said
import say_to_mlflow
client = say_to_mlflow.Client()
run = client.run("main")
for value in (None, "one", [1.0], {{}}, True, 10**400):
    status, answer = client.call("runs/log-metric", run_id=run, key="x", value=value, timestamp=1)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer
print(json.dumps(said))
"""
    said = desk.answers(script)
    assert said[:2] == [
        "metric \"refused\": float() argument must be a string or a real number, not 'NoneType'",
        "metric \"refused\": could not convert string to float: 'one'",
    ]
    (run,) = desk.recorded()
    assert (dict(desk.show(run).metrics), run.facts.notes) == ({}, ())


TENSORS = f"""
import json, math, warnings, orchestrator, numpy as np, torch
warnings.simplefilter("error")
{REFUSED}
third = np.float64(1) / 3
given = {{
    "float16": np.float16(third), "float32": np.float32(third), "float64": third, "longdouble": np.longdouble(third),
    "int64": np.int64(2**40), "uint8": np.uint8(200), "bool": np.bool_(True),
    "0-d": np.array(third), "0-d float32": np.array(third, np.float32),
    "nan": np.float32("nan"), "inf": np.array(np.inf), "tiny": np.float32(1e-45), "-0.0": np.float32(-0.0),
    "torch": torch.tensor(third), "torch 1": torch.tensor([third], dtype=torch.float32),
    "torch 1x1": torch.tensor([[third]], dtype=torch.float64), "torch nan": torch.tensor(float("nan")),
    "bfloat16": torch.tensor(third, dtype=torch.bfloat16), "half": torch.tensor(third, dtype=torch.float16),
    "torch int": torch.tensor(2**40), "torch bool": torch.tensor(True),
    "torch grad": torch.tensor(third, requires_grad=True), "torch loss": (torch.ones(3, requires_grad=True) / 7).sum(),
}}
for name, value in given.items():
    orchestrator.log_metric(name, value, step=np.int64(3) if "torch" not in name else torch.tensor(3))
none = (np.ones(2), np.ones((0,)), np.array("a"), torch.ones(2), torch.ones(0), torch.tensor(1j))
said = [refused(value) for value in none]
print(json.dumps([{{name: repr(float(value.item())) for name, value in given.items()}}, said]))
"""


@pytest.fixture(scope="module")
def tensor_lock(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], bytes]:
    """An image with NumPy and torch, and its lock. It is kept: it takes minutes the first time."""
    desk = Desk(shelf, tmp_path_factory.mktemp("tensors"))
    image = {"requirements": ["numpy", "torch==2.13.0"]}
    return image, desk.build(image)


@pytest.mark.slow
def test_scalars_arrays_and_tensors_of_one_element_are_numbers(tensor_lock, new_desk):
    image, lock = tensor_lock
    desk = new_desk()
    desk.write("", image=image).with_suffix(".lock").write_bytes(lock)
    expected, said = desk.answers(TENSORS, image=image, resources={"cpus": 1, "memory": "2g"})
    (run,) = desk.recorded()
    metrics = desk.show(run).metrics
    assert values(metrics) == {name: bits(float(text)) for name, text in expected.items()}
    assert {step for series in metrics.values() for step, _ in series} == {3}
    assert expected["float32"] == "0.3333333432674408"
    assert expected["bfloat16"] == "0.333984375"
    assert [text.startswith('metric "refused": ') for text in said] == [True] * 6
    assert said[3].endswith("only one element tensors can be converted to Python scalars")
    assert run.facts.notes == ()


NAMES = [
    "two\nlines",
    'a "quote"',
    "nul\0",
    "tab\t",
    "\U0001f600",
    "\u2028",
    "\x1b[31mred",
    "back\\slash",
    "a/b",
    " ",
    "[",
    '["m",',
    "é",
    "e\u0301",
    "\ud800",
    "\udcff",
    "x" * 1024,
]


def test_any_name_of_up_to_1024_bytes(desk: Desk):
    script = f"""
import orchestrator
names = {NAMES!r}
for number, name in enumerate(names):
    orchestrator.log_metric(name, number)
    orchestrator.log_param(name, name)
for name in ("", "x" * 10_240, "\\udcff" * 171):
    for log in (orchestrator.log_metric, orchestrator.log_param, orchestrator.set_tag):
        try:
            log(name, 1)
        except ValueError as error:
            continue
        raise AssertionError(name[:10])
"""
    run = desk.submit(script)
    shown = desk.show(run)
    assert (run.status, run.facts.notes) == ("finished", ())
    expected = {name.encode("utf-8", "backslashreplace").decode(): number for number, name in enumerate(NAMES)}
    assert {name: series.last[1] for name, series in shown.metrics.items()} == expected
    assert shown.outcome.params == {name: name for name in expected}
    assert [row.id for row in operations.ls(desk.workspace)] == [run.id]
    for verb in ("show", "ls"):
        done = desk.cli(verb, *([run.id] if verb == "show" else []))
        assert (done.returncode, b"\x1b" in done.stdout, b"\0" in done.stdout) == (0, False, False)
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


def test_any_name_through_mlflow(desk: Desk):
    script = f"""
from say_to_mlflow import Client
client = Client()
run = client.run("main")
for number, name in enumerate({NAMES!r}):
    client.log(run, name, number)
for name in ("", "x" * 10_240):
    for call in ("log-metric", "log-parameter", "set-tag"):
        status, answer = client.call("runs/" + call, run_id=run, key=name, value="1")
        assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer
"""
    run = desk.submit(script)
    assert (run.status, run.facts.notes) == ("finished", ())
    found = {name: [value for _, value in series] for name, series in desk.show(run).metrics.items()}
    whole = {name: [float(number)] for number, name in enumerate(NAMES) if not "\ud800" <= name <= "\udfff"}
    halves = [float(number) for number, name in enumerate(NAMES) if "\ud800" <= name <= "\udfff"]
    assert found == {**whole, "?": halves}  # half a character is none
