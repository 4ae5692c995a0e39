"""The wire format: what the agent writes the host reads back, bit for bit; what is damaged is said to be."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.agent import wire

anything = st.text(st.characters(), min_size=1, max_size=200)  # control characters and lone surrogates too
numbers = st.floats(width=64)
steps = st.integers(-wire.MAX_STEP, wire.MAX_STEP)
times = st.integers(0, 2**63)
runs = st.integers(0, 2**31)


def same_bits(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or struct.pack("<d", one) == struct.pack("<d", other)


@given(times, anything, steps, numbers, runs)
@example(0, '\x00\x1f\x7f\u2028\ud800\U0001f600"\\\n', -(2**63) + 1, -0.0, 0)
@example(0, "x", 0, 5e-324, 1)
@example(0, "x", 0, math.nextafter(1, 2), 0)
def test_a_metric_comes_back(time_ns, name, step, value, run):
    line = wire.metric_line(time_ns, wire.quote_name(name), step, value, run)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    kind, time_back, name_back, step_back, value_back, run_back = wire.parse_line(line)
    assert (kind, time_back, step_back, run_back) == ("m", time_ns, step, run)
    assert name_back == name.encode("utf-8", "backslashreplace").decode()
    assert same_bits(value, value_back)


@given(times, anything, st.none() | st.booleans() | st.integers() | numbers | st.text(st.characters()))
def test_a_parameter_comes_back(time_ns, name, value):
    line = wire.param_line(time_ns, wire.quote_name(name), value)
    assert line.count(b"\n") == 1
    kind, _, _, back, run = wire.parse_line(line)
    assert (kind, run) == ("p", 0)
    if value is None:
        assert back == ""
    elif isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        assert (type(back), back) == (type(value), value)
    elif isinstance(value, float) and math.isfinite(value):
        assert same_bits(value, back)
    else:
        assert back == str(value).encode("utf-8", "backslashreplace").decode()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b'["m",1,"\\ud800",0,1]')
@example(b'["p",1,"x","\\ud800"]')
@example(b'["p",1,"x",NaN]')
@example(b'["m",1e400,"x",0,1]')
@example(b'["m",1,"x",9223372036854775808,1]')
@example(b'["m",1,"x",-Infinity,1]')
@example(b'["m",1,"x",0,null]')
@example(b"[" * 100_000)
@example(b'["m"]')
def test_whatever_stands_in_the_file_is_an_event_or_an_error(line):
    try:
        event = wire.parse_line(line)
    except (ValueError, TypeError, OverflowError, RecursionError):  # what the reader takes for damage
        return
    assert event[0] in ("m", "p")
    event[2].encode()
    json.dumps(event[3]).encode()
    assert not (isinstance(event[3], str) and "\ud800" in event[3])


@pytest.mark.parametrize("name", ["", "x" * 1025, "é" * 513, "\ud800" * 171])
def test_a_name_that_cannot_be_kept_is_refused(name):
    with pytest.raises(ValueError, match="a name"):
        wire.quote_name(name)


@pytest.mark.parametrize("name", ["x" * 1024, "é" * 512, "\ud800" * 170, " ", "."])
def test_a_name_that_just_fits(name):
    assert json.loads(wire.quote_name(name))


def test_a_name_may_be_any_object():
    assert wire.quote_name(3) == '"3"'


def test_a_parameter_that_would_not_be_read_again_is_refused():
    with pytest.raises(ValueError, match="a value of"):
        wire.param_line(0, '"x"', "y" * wire.MAX_LINE_BYTES)
    line = wire.param_line(0, '"x"', "y" * (wire.MAX_LINE_BYTES - 20))
    assert len(line) <= wire.MAX_LINE_BYTES


@pytest.mark.parametrize(
    ("value", "kept"), [([1, 2], "[1, 2]"), (2**53, str(2**53)), (math.inf, "inf"), (b"x", "b'x'")]
)
def test_what_json_cannot_carry_becomes_text(value, kept):
    assert wire.plain(value) == kept
