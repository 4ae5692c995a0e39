"""A tensor that is a scalar, in every form that is written."""

from __future__ import annotations

import struct

import pytest
from event_writer import double, message, number, single
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution import tensor

HALF, BRAIN = struct.pack("<e", 0.1), struct.pack("<f", 0.1)[2:]
FORMS = {
    "float, listed": (number(1, 1) + message(5, struct.pack("<f", 0.5)), 0.5),
    "float, not packed": (number(1, 1) + single(5, 0.5), 0.5),
    "float, content": (number(1, 1) + message(2, b"") + message(4, struct.pack("<f", 0.5)), 0.5),
    "a list of one": (number(1, 1) + message(2, message(2, number(1, 1))) + single(5, 0.5), 0.5),
    "double": (number(1, 2) + double(6, 0.1), 0.1),
    "double, packed": (number(1, 2) + message(6, struct.pack("<d", 0.1)), 0.1),
    "int32": (number(1, 3) + number(7, -5), -5.0),
    "int32, packed": (number(1, 3) + message(7, b"\xac\x02"), 300.0),
    "int32, content": (number(1, 3) + message(4, b"\xfb\xff\xff\xff"), -5.0),
    "uint8": (number(1, 4) + number(7, 200), 200.0),
    "int16": (number(1, 5) + number(7, -300), -300.0),
    "int8": (number(1, 6) + number(7, -7), -7.0),
    "int64": (number(1, 9) + number(10, -(2**53)), -(2.0**53)),
    "bool": (number(1, 10) + number(11, 1), 1.0),
    "bfloat16": (number(1, 14) + number(13, int.from_bytes(BRAIN, "little")), 0.099609375),
    "bfloat16, content": (number(1, 14) + message(4, BRAIN), 0.099609375),
    "uint16": (number(1, 17) + number(7, 65535), 65535.0),
    "half": (number(1, 19) + number(13, int.from_bytes(HALF, "little")), 0.0999755859375),
    "half, content": (number(1, 19) + message(4, HALF), 0.0999755859375),
    "uint32": (number(1, 22) + number(16, 2**32 - 1), 2.0**32 - 1),
    "uint64": (number(1, 23) + number(17, 2**63), 2.0**63),
}


@pytest.mark.parametrize(("content", "value"), FORMS.values(), ids=FORMS)
def test_scalars_of_every_form(content, value):
    found = tensor.number(memoryview(content))
    assert (type(found), found) == (float, value)


@pytest.mark.parametrize(
    "content",
    [
        number(1, 1) + message(2, message(2, number(1, 6))) + single(5, 2.0),
        number(1, 1) + message(2, message(2, b"")) + single(5, 2.0),
        number(1, 1) + message(5, struct.pack("<ff", 1, 2)),
        number(1, 3) + message(7, b"\x01\x02"),
        number(1, 1) + message(4, b"\0" * 8),
        number(1, 1),
        number(1, 7) + message(8, b"text"),
        number(1, 8) + message(4, b"\0" * 8),
        b"",
    ],
)
def test_what_is_no_single_number(content):
    assert tensor.number(memoryview(content)) is None


@given(st.binary(max_size=40))
def test_any_bytes_are_a_number_none_or_damaged(content):
    try:
        found = tensor.number(memoryview(content))
    except (ValueError, IndexError):
        return
    assert found is None or type(found) is float
