"""NumPy's ``.npy``: one array. Where its elements are Python objects, they are a pickle, which is compared as one."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from orchestrator.compare.content.arrays import Array, Element, compare_arrays
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable, some
from orchestrator.compare.content.sections import Section
from orchestrator.compare.difference import Difference, leaf

_MAGIC = b"\x93NUMPY"


def knows(side: Side) -> bool:
    """By its first bytes."""
    return side.head(6) == _MAGIC


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """The two arrays."""
    (one, is_object), (other, other_is_object) = _header(left), _header(right)
    if is_object and other_is_object:
        yield from some([leaf("shape", one.shape, other.shape), leaf("order", one.order, other.order)])
        sides = [Section(side.stream, side.stream.tell(), side.size) for side in (left, right)]
        yield from some([desk.member("objects", sides[0].opened, sides[1].opened)])
    elif is_object or other_is_object:
        yield leaf("dtype", _name(one, is_object), _name(other, other_is_object))
    else:
        yield from some([compare_arrays("array", one, other)])


def _header(side: Side) -> tuple[Array, bool]:
    """The array, and whether it is of Python objects. The stream stands at its data then."""
    from numpy.lib import format as npy

    side.stream.seek(0)
    version = npy.read_magic(side.stream)
    header: Any = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if header is None:
        raise Unreadable(f"version {version}")
    shape, fortran, dtype = header(side.stream)
    order = "F" if fortran else "C"
    if dtype.hasobject:
        return Array(Element("object", "u1"), shape, lambda: iter(()), order), True
    element = Element(str(dtype), dtype.str if dtype.names is None else f"V{dtype.itemsize}")
    start = side.stream.tell()
    section = Section(side.stream, start, start + prod(shape) * dtype.itemsize)
    if section.end != side.size:
        raise Unreadable("more or fewer bytes than the array has")
    return Array(element, shape, lambda: section.pieces(dtype.itemsize), order), False


def _name(array: Array, is_object: bool) -> str:
    return "object" if is_object else array.element.name


NPY = Comparator("npy", knows, compare)
