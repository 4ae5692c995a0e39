from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.compare.content.arrays import Array, Element, compare_arrays, piece_size


def of(values, name=None) -> Array:
    values = np.asarray(values)
    data, step = values.tobytes(), piece_size(values.itemsize)
    element = Element(name or str(values.dtype), values.dtype.str)
    return Array(element, values.shape, lambda: (data[at : at + step] for at in range(0, len(data), step)))


def npy(values, **how) -> bytes:
    sink = io.BytesIO()
    np.save(sink, values, **how)
    return sink.getvalue()


def test_where_how_many_and_how_far():
    left = np.linspace(0, 1, 600_000, dtype="f4").reshape(300, 2000)
    right = left.copy()
    right[299, 7] = np.nextafter(right[299, 7], np.float32(9))
    right[200, 1] += 0.25
    found = compare_arrays("a", of(left), of(right))
    assert found.measures == {
        "elements": 600_000,
        "differing": 2,
        "dtype": "float32",
        "shape": "[300, 2000]",
        "first_index": "[200, 1]",
        "max_ulps": found.measures["max_ulps"],
        "max_gap": 0.25,
    }
    assert (found.left, found.right) == (str(left[200, 1]), str(right[200, 1]))
    assert "2 of 600,000 differ (float32 [300, 2000]), first at [200, 1]: " in found.detail


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_ulps_across_zero(dtype):
    small = np.nextafter(np.array(0, dtype), np.array(1, dtype))
    found = compare_arrays("a", of([-small]), of([small]))
    assert found.measures["max_ulps"] == 3  # two zeros lie in between: neighbours of their own
    assert compare_arrays("a", of(np.array([0.0], dtype)), of(np.array([-0.0], dtype))).measures["max_ulps"] == 1


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_ulps_are_those_of_metrics(left, right):
    from orchestrator.compare.series import ulps

    found = compare_arrays("a", of([left]), of([right]))
    assert (found.measures["max_ulps"] if found else 0) == ulps(left, right)


def test_a_nan_equals_itself_and_no_other_bits():
    quiet, other = np.array([0x7FC00000, 0x7FC00001], "<u4").view("<f4")
    assert compare_arrays("a", of([quiet]), of([quiet])) is None
    found = compare_arrays("a", of(np.array([quiet, 1], "f4")), of(np.array([other, 2], "f4")))
    assert (found.left, found.right) == ("nan:7fc00000", "nan:7fc00001")
    assert (found.measures["nan"], found.measures["max_gap"]) == (1, 1.0)


def test_types_without_ulps():
    assert compare_arrays("a", of([1, 2]), of([1, 3])).detail.endswith("first at [1]: 2 → 3")
    assert compare_arrays("a", of(["a", "b"]), of(["a", "c"])).right == "'c'"
    assert compare_arrays("a", of([True]), of([False])).left == "True"
    assert compare_arrays("a", of([1 + 2j]), of([1 + 3j])).measures["max_gap"] == 1.0


def test_other_shapes_and_types_are_told_as_such():
    found = compare_arrays("a", of(np.zeros((2, 3))), of(np.zeros((3, 2))))
    assert (found.left, found.right) == ("float64 [2, 3]", "float64 [3, 2]")
    assert compare_arrays("a", of(np.zeros(1, "<f4")), of(np.zeros(1, ">f4"))).right == ">f4 [1]"


def test_npy(look):
    values = np.arange(12.0).reshape(3, 4)
    other = values.copy()
    other[1, 2] = -6
    found = look("a.npy", npy(values), npy(other))
    assert found.comparator == "npy"
    assert found.children[0].measures["first_index"] == "[1, 2]"
    found = look("a.npy", npy(np.asfortranarray(values)), npy(np.asfortranarray(other)))
    assert found.children[0].measures["first_index"] == "[1, 2]"


def test_npy_of_another_header_version_is_equal_by_content(look):
    def with_version(version):
        sink = io.BytesIO()
        np.lib.format.write_array(sink, np.arange(3), version=version)
        return sink.getvalue()

    found = look("a", with_version((1, 0)), with_version((2, 0)))
    assert (found.state, found.comparator, found.detail) == ("content", "npy", "equal by content (npy)")


def test_npy_of_python_objects_and_records(look, told):
    left, right = (npy(np.array(["a", last, None], dtype=object)) for last in (1, 2))
    (objects,) = look("a.npy", left, right).children
    assert (objects.name, objects.comparator, told(objects)) == ("objects", "pickle", {"[4][1]": "1 → 2"})
    records = [npy(np.array([(1, last)], dtype=[("a", "i4"), ("b", "f8")])) for last in (1.0, 2.0)]
    assert look("a.npy", *records).state == "changed"


def test_npy_with_bytes_behind_its_end_is_not_equal(look):
    found = look("a.npy", npy(np.arange(3)), npy(np.arange(3)) + b"hidden")
    assert (found.state, found.comparator) == ("changed", "bytes")
    assert found.detail == "not readable as npy: more or fewer bytes than the array has"
