"""Samples are summed up over time, and nothing that stands in their file breaks that."""

from __future__ import annotations

import io
import json

import pytest

from orchestrator.execution.system import MAX_BYTES, GpuUsage, Usage, summarise

SECOND = 10**9


def of(*samples: object) -> Usage | None:
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in samples]
    return summarise(io.BytesIO(b"".join(lines)))


def test_means_are_over_time():
    found = of(
        {"time": 0, "memory": 100, "disk_read": 0, "disk_written": 0, "outputs_free": 9},
        {"time": 1 * SECOND, "cpu": 2.0, "memory": 100, "disk_read": 5, "disk_written": 0, "outputs_free": 7},
        {"time": 4 * SECOND, "cpu": 1.0, "memory": 500, "disk_read": 6, "disk_written": 30, "outputs_free": 8},
    )
    assert found == Usage(
        samples=3,
        seconds=4.0,
        cpu_mean=1.25,
        cpu_peak=2.0,
        memory_mean=400,
        memory_peak=500,
        disk_read=6,
        disk_written=30,
        outputs_free=7,
    )


def test_what_is_not_told_is_none():
    found = of({"time": 5})
    assert found == Usage(samples=1, seconds=0.0)
    assert of({"time": 5, "memory": 7}).memory_mean == 7


def test_gpus():
    gpu = {"index": 1, "name": "H100", "memory_total": 80}
    found = of(
        {"time": 0, "gpus": [{"index": 0}, {**gpu, "utilisation": 0, "memory_used": 5, "power": 70.5}]},
        {"time": SECOND, "gpus": [{"index": 0}, {**gpu, "utilisation": 90, "memory_used": 4, "power": 300.25}]},
    )
    assert found.gpus == (
        GpuUsage(index=0),
        GpuUsage(
            index=1,
            name="H100",
            utilisation_mean=90,
            utilisation_peak=90,
            memory_peak=5,
            memory_total=80,
            power_peak=300.25,
        ),
    )


def test_there_may_be_nothing():
    assert of() is None
    assert of(b"rubbish\n", {}, {"time": "x"}) is None


@pytest.mark.parametrize(
    "sample",
    [
        *(
            b"\xff\n",
            b"[" * 60_000 + b"\n",
            b'{"time": 2, \n',
            b"null\n",
            [],
            {"cpu": 1},
            {"time": -1},
            {"time": 2**70},
        ),
        *({"time": True}, {"time": [2]}, b'{"time": NaN}\n', b'{"time": 1e999}\n', {"time": 0.5}),
    ],
)
def test_what_is_no_sample_is_left_out(sample):
    assert of({"time": 1, "cpu": 1.0}, sample, {"time": 2, "cpu": 1.0}).samples == 2


@pytest.mark.parametrize("value", ["1", -1, 2**70, None, True, [1], float("nan"), float("inf")])
def test_a_value_that_is_none_is_left_out(value):
    found = of(
        {"time": 1, "cpu": value, "memory": value, "gpus": value}, {"time": 2, "gpus": [value, {"index": value}]}
    )
    assert found == Usage(samples=2, seconds=0.0)


def test_a_name_is_text_and_short():
    (gpu,) = of({"time": 1, "gpus": [{"index": 0, "name": "\ud800" + "x" * 500}]}).gpus
    assert gpu.name.startswith("\\ud800x")
    assert len(gpu.name) < 120
    assert gpu.model_dump_json()


def test_a_file_without_end_is_read_in_part():
    line = b'{"time":1,"cpu":1.0}\n'
    found = summarise(io.BytesIO(line + b"x" * (MAX_BYTES + 1000) + b"\n" + line))
    assert found.samples == 1
