"""The metrics table."""

from __future__ import annotations

import json
import math
import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import Corruption
from orchestrator.metrics import FORMAT, Series, decode, encode

steps = st.integers(-(2**63), 2**63 - 1)
numbers = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0, 1e308, 5e-324])
points = st.lists(st.tuples(steps, numbers), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
tables = st.dictionaries(names, points.map(Series.of), max_size=6)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def table_bytes(header: object, body: bytes = b"") -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return head + b"\n" + body


def series(*rows: object, format: str = FORMAT) -> dict:
    return {"format": format, "series": list(rows)}


@given(tables)
def test_there_and_back(table):
    data = encode(table)
    assert decode(data) == table
    assert encode(decode(data)) == data


@given(points)
def test_points_come_back_bit_for_bit_by_step(logged):
    wanted = [(step, bits(value)) for step, value in sorted(logged, key=lambda point: point[0])]
    found = decode(encode({"m": Series.of(logged)}))["m"]
    assert [(step, bits(value)) for step, value in found] == wanted
    assert len(found) == len(logged)


@given(points, st.booleans())
def test_columns_are_packed_as_points_are(logged, sort):
    logged = sorted(logged, key=lambda point: point[0]) if sort else logged
    steps, values = array("q", (step for step, _ in logged)), array("d", (value for _, value in logged))
    assert Series.of_columns(steps, values) == Series.of(logged)
    assert (list(steps), len(values)) == ([step for step, _ in logged], len(logged))


@given(tables, st.randoms())
def test_the_order_of_names_does_not_matter(table, random):
    shuffled = list(table.items())
    random.shuffle(shuffled)
    assert encode(dict(shuffled)) == encode(table)


def test_points_of_one_step_keep_their_order():
    assert list(Series.of([(1, 3.0), (0, 9.0), (1, 2.0), (1, 1.0)])) == [(0, 9.0), (1, 3.0), (1, 2.0), (1, 1.0)]
    assert Series.of([(5, 1.0), (-3, 2.0)]).last == (5, 1.0)


def test_zeros_and_one_ulp_are_different():
    one = encode({"m": Series.of([(0, 0.0)])})
    assert one != encode({"m": Series.of([(0, -0.0)])})
    assert encode({"m": Series.of([(0, 1.0)])}) != encode({"m": Series.of([(0, math.nextafter(1.0, 2.0))])})


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1])
def test_a_step_beyond_64_bits_is_no_point(step):
    with pytest.raises(struct.error):
        Series.of([(step, 0.0)])


POINT = bytes(16)
HOSTILE = {
    "nothing": b"",
    "no header": POINT,
    "a list": table_bytes([]),
    "a number": table_bytes(3),
    "a text": table_bytes("series"),
    "no series": table_bytes({"format": FORMAT}),
    "no format": table_bytes({"series": []}),
    "another format": table_bytes(series(format="orchestrator.metrics/2")),
    "series is null": table_bytes({"format": FORMAT, "series": None}),
    "a row is no object": table_bytes(series("m")),
    "a row without a count": table_bytes(series({"name": "m"})),
    "a name that is none": table_bytes(series({"name": 3, "count": 0})),
    "a name that is a list": table_bytes(series({"name": [], "count": 0})),
    "negative": table_bytes(series({"name": "m", "count": -1})),
    "negative beside positive": table_bytes(series({"name": "a", "count": -1}, {"name": "b", "count": 2}), POINT),
    "text for a count": table_bytes(series({"name": "m", "count": "1"}), POINT),
    "a fraction": table_bytes(series({"name": "m", "count": 1.0}), POINT),
    "true": table_bytes(series({"name": "m", "count": True}), POINT),
    "infinite": table_bytes(b'{"format":"%s","series":[{"count":1e999,"name":"m"}]}' % FORMAT.encode()),
    "not a number": table_bytes(b'{"format":"%s","series":[{"count":NaN,"name":"m"}]}' % FORMAT.encode()),
    "huge": table_bytes(series({"name": "m", "count": 2**62}), POINT),
    "more digits than Python reads": table_bytes(b'{"series":[{"count":' + b"9" * 5000 + b',"name":"m"}]}'),
    "deep": table_bytes(b"[" * 100_000),
    "one name twice": table_bytes(series({"name": "m", "count": 1}, {"name": "m", "count": 1}), POINT * 2),
    "too few points": table_bytes(series({"name": "m", "count": 2}), POINT),
    "half a point": table_bytes(series({"name": "m", "count": 1}), POINT[:-1]),
    "points nobody names": table_bytes(series(), POINT),
    "not UTF-8": table_bytes(b'{"format":"\xff"}'),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_table(data):
    with pytest.raises(Corruption, match="not a metrics table"):
        decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(data):
    try:
        table = decode(data)
    except Corruption:
        return
    assert decode(encode(table)) == table


@given(tables, st.data())
def test_a_cut_table_is_refused(table, data):
    whole = encode(table)
    end = data.draw(st.integers(0, len(whole) - 1))
    if whole[:end] != whole.rstrip(b"\n"):
        with pytest.raises(Corruption):
            decode(whole[:end])
