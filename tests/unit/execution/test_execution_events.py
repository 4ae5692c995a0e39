"""The events file, read back: in chunks or at once, whole or damaged, by the agent or by a job that means harm."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.agent import wire
from orchestrator.execution import events
from orchestrator.execution.events import Events

CHUNK = 4 << 20


@pytest.fixture
def read(tmp_path: Path):
    def read(data: bytes) -> Events:
        (tmp_path / wire.EVENTS).write_bytes(data)
        return events.read(tmp_path)

    return read


def point(step: int, value: float = 0.5, name: str = "loss", run: int = 0) -> bytes:
    return wire.metric_line(1, wire.quote_name(name), step, value, run)


def told(found: Events) -> object:
    """All of it, as something that can be compared: NaN included."""
    runs = {
        number: (
            {name: [(step, repr(value)) for step, value in series] for name, series in logged.metrics.items()},
            dict(logged.params),
            dict(logged.tags),
        )
        for number, logged in found.runs.items()
    }
    return {number: logged for number, logged in runs.items() if any(logged)}, found.damaged


def test_each_event_goes_to_its_run(read):
    lines = [
        point(1), point(0, math.nan), point(0, 2.0, run=1),
        wire.param_line(1, '"lr"', 0.1), wire.param_line(1, '"lr"', "0.2", 1),
        wire.tag_line(1, '"team"', "x", 1), wire.tag_line(1, '"gone"', "x"), wire.tag_line(1, '"gone"', None),
    ]  # fmt: skip
    found = read(b"".join(lines))
    own = ({"loss": [(0, "nan"), (1, "0.5")]}, {"lr": 0.1}, {})
    first = ({"loss": [(0, "2.0")]}, {"lr": "0.2"}, {"team": "x"})
    assert told(found) == ({0: own, 1: first}, 0)
    assert dict(found.of(7).metrics) == {}


def test_no_file_and_an_empty_one_are_no_events(read, tmp_path):
    assert told(events.read(tmp_path)) == told(read(b"")) == told(read(b"\n \n\n")) == ({}, 0)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / wire.EVENTS)
    assert told(events.read(tmp_path)) == ({}, 0)


@pytest.mark.parametrize("around", range(-3, 4))
def test_lines_across_the_border_of_a_chunk(read, around):
    first = point(0)
    filler = CHUNK + around - len(first) - 20
    param = wire.param_line(1, '"fill"', "x" * (wire.MAX_LINE_BYTES - 40))
    data = first + param * (filler // len(param))
    data += b" " * (CHUNK + around - len(data) - len(point(1)) // 2) + point(1) + point(2)
    assert CHUNK < len(data) < CHUNK + 200
    found = read(data)
    assert (list(found.own.metrics["loss"]), found.damaged) == ([(0, 0.5), (1, 0.5), (2, 0.5)], 0)


def test_the_last_line_counts_without_its_end(read):
    assert told(read(point(0) + point(1).rstrip())) == ({0: ({"loss": [(0, "0.5"), (1, "0.5")]}, {}, {})}, 0)


@pytest.mark.parametrize("size", [wire.MAX_LINE_BYTES + 10, 5 << 20, CHUNK * 3 + 1])
def test_a_huge_line_costs_no_other(read, size):
    found = read(point(0) + b"x" * size + b"\n" + point(1))
    assert [step for step, _ in found.own.metrics["loss"]] == [0, 1]
    assert found.damaged >= 1


@pytest.mark.parametrize(
    "line",
    [
        b"null", b"1", b"{}", b"[]", b'"m"', b"[[[", b"[" * 100_000, b"\xff\xfe", b"\0" * 50, b'["m",1,"x",0]',
        b'["m",1,"x",0,1,2,3]', b'["m",1,"x",0,1,-1]', b'["m",1,"x",0,1,true]', b'["m",1,5,0,1]', b'["m",1,"x","a",1]',
        b'["m",1,"x",0,"one"]', b'["m",1,"x",9223372036854775808,1.0]', b'["m",1,"x",9223372036854775808,1]',
        b'["m",1,"x",1e400,1]', b'["m",1,"\\ud800",0,1.0]', b'["m",1,"\xed\xa0\x80",0,1.0]', b'["p",1,"x",[1]]',
        b'["p",1,"x",{}]', b'["p",1,"x"]', b'["t",1,"x",1]', b'["q",1,"x",1]', b"[1" + b"0" * 5000 + b"]",
    ],
)  # fmt: skip
def test_what_is_no_event_is_counted_and_costs_no_other(read, line):
    (steps, damaged) = told(read(point(0) + line + b"\n" + point(1)))
    assert (steps, damaged) == ({0: ({"loss": [(0, "0.5"), (1, "0.5")]}, {}, {})}, 1)


@pytest.mark.parametrize("cut", range(1, len(point(7)) - 1))
def test_what_was_appended_to_a_line_that_a_full_disk_cut_short_is_there(read, cut):
    """The process that was refused begins a new line; another one knows nothing of it."""
    torn, param, tag = point(7)[:cut], wire.param_line(1, '"lr"', '["m",1'), wire.tag_line(1, '"t["', "x", 3)
    found = read(torn + point(1) + torn + param + torn + torn + tag + point(2))
    assert told(found) == ({0: ({"loss": [(1, "0.5"), (2, "0.5")]}, {"lr": '["m",1'}, {}), 3: ({}, {}, {"t[": "x"})}, 3)


@pytest.mark.parametrize(
    "halves",
    [b'["m",1,\n"loss",2,0.5]\n', b'["m"\n"loss",2,0.5]\n', b'[["m"\n1,"loss",2,0.5]]\n'],
)
def test_lines_that_are_whole_only_together_are_damaged_ones(read, halves):
    """Although a line with two events makes up for their number: of that one the last counts."""
    two = point(0).rstrip() + b"," + point(1)
    assert told(read(two + halves + point(3))) == ({0: ({"loss": [(1, "0.5"), (3, "0.5")]}, {}, {})}, 3)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6) | st.just('["m",')
values = st.floats(width=64)
lines = st.one_of(
    st.builds(point, st.integers(-5, 5), values, names, st.integers(0, 2)),
    st.builds(wire.param_line, st.just(1), names.map(wire.quote_name), names | values | st.booleans() | st.integers()),
    st.builds(wire.tag_line, st.just(1), names.map(wire.quote_name), names | st.none()),
)
garbage = st.binary(max_size=12) | st.sampled_from(
    [b"[", b"]", b",", b'["m",1', b'"a",1,1.0]', b"],[", b"0", b'["m",1,"a",0,1.0],["m",1,"a",0,1.0]', b" ", b"\n"]
)
pieces = st.lists(lines | garbage | lines.map(lambda line: line[: len(line) // 2]), max_size=12).map(b"".join)


@given(pieces)
@example(b'["m",1,"a",0,1.0],["m",1,"a",1,1.0]\n["m",1,\n"b",0,1.0]')
@example(b'["m",1,"a",0,1.0]\n["m",1,"b"\n0,1.0]\n["m",1,"a",0,1.0],["m",1,"a",1,1.0]')
@example(b"[\n]")
def test_many_lines_at_once_are_read_as_each_by_itself(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("events")
    (folder / wire.EVENTS).write_bytes(data)
    together = events.read(folder)
    apart = events._Reader()
    for line in data.split(b"\n"):
        if line.strip():
            apart.take([line])
    assert told(together) == told(apart.events())


@given(st.lists(lines, max_size=20))
def test_whatever_the_agent_writes_is_no_damage(tmp_path_factory, written):
    folder = tmp_path_factory.mktemp("events")
    (folder / wire.EVENTS).write_bytes(b"".join(written))
    found = events.read(folder)
    points = [json.loads(line) for line in written if line.startswith(b'["m"')]
    assert found.damaged == 0
    assert sum(len(series) for logged in found.runs.values() for series in logged.metrics.values()) == len(points)
