"""Two arrays of numbers, bit by bit, in pieces: how many elements differ, where first, and by how much.

NumPy is imported where there is something to compare, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

from orchestrator.compare.content.port import CHUNK, Unreadable
from orchestrator.compare.difference import Difference
from orchestrator.compare.values import shorten

_WORDS = {1: "u1", 2: "<u2", 4: "<u4", 8: "<u8"}
_FEW_ULPS = 1 << 20
_SHOWN_BYTES = 16
"""Of a record: its fields are not told apart here."""


@dataclass(frozen=True)
class Element:
    """How one element is written."""

    name: str
    """As it is shown: ``float32``, ``bfloat16``."""
    dtype: str
    """NumPy's type with the element's size and byte order, ``<f4``; of a type it does not know, that of its bits."""

    @property
    def size(self) -> int:
        """Bytes."""
        import numpy as np

        return np.dtype(self.dtype).itemsize

    @classmethod
    def numpy(cls, dtype: str) -> Element:
        """One of NumPy's own.

        Raises:
            Unreadable: NumPy knows no such type, or its elements are Python objects.
        """
        import numpy as np

        try:
            known = np.dtype(dtype)
        except TypeError as error:
            raise Unreadable(f"no such type of element: {shorten(dtype)}") from error
        if known.hasobject or not known.itemsize:
            raise Unreadable(f"elements of type {known}")
        return cls(known.name, known.str)


ELEMENTS = {
    "float64": Element("float64", "<f8"),
    "float32": Element("float32", "<f4"),
    "float16": Element("float16", "<f2"),
    "bfloat16": Element("bfloat16", "<u2"),
    "float8_e4m3fn": Element("float8_e4m3fn (bits)", "u1"),
    "float8_e5m2": Element("float8_e5m2 (bits)", "u1"),
    "complex128": Element("complex128", "<c16"),
    "complex64": Element("complex64", "<c8"),
    "int64": Element("int64", "<i8"),
    "int32": Element("int32", "<i4"),
    "int16": Element("int16", "<i2"),
    "int8": Element("int8", "i1"),
    "uint64": Element("uint64", "<u8"),
    "uint32": Element("uint32", "<u4"),
    "uint16": Element("uint16", "<u2"),
    "uint8": Element("uint8", "u1"),
    "bool": Element("bool", "u1"),
    "bytes": Element("bytes", "u1"),
}
"""By torch's name for them, of which safetensors' are short forms."""


@dataclass(frozen=True)
class Array:
    """One side's array. Its bytes come in pieces of whole elements; both sides' pieces are of the same sizes."""

    element: Element
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[bytes]]
    order: str = "C"
    """In which order the elements stand, ``C`` or ``F``: of which index goes fastest."""

    @property
    def text(self) -> str:
        """``float32 [10, 3]``."""
        return f"{self.element.name} {list(self.shape)}" + (" in Fortran order" if self.order == "F" else "")


def piece_size(element_size: int) -> int:
    """Bytes of a piece: a whole number of elements."""
    return max(CHUNK // element_size, 1) * element_size


def compare_arrays(name: str, left: Array, right: Array) -> Difference | None:
    """What differs; None where type, shape and every bit are the same: a NaN equals itself, 0.0 is not -0.0."""
    if left.text != right.text:
        return Difference(name=name, state="changed", left=left.text, right=right.text)
    if left.element != right.element:
        return Difference(name=name, state="changed", left=left.element.dtype, right=right.element.dtype)
    found = _Found(left)
    for one, other in zip(left.pieces(), right.pieces(), strict=True):
        found.take(one, other)
    if found.seen != prod(left.shape):
        raise Unreadable("an array that is cut short")
    return found.told(name) if found.differing else None


class _Found:
    """What was found so far."""

    def __init__(self, array: Array) -> None:
        self._array = array
        self.seen = self.differing = self.nans = 0
        self.first: tuple[int, str, str] | None = None
        self.ulps: int | None = None
        self.gap: float | None = None

    def take(self, left: bytes, right: bytes) -> None:
        """The next piece of both sides."""
        import numpy as np

        size = self._array.element.size
        if len(left) != len(right) or len(left) % size:
            raise Unreadable("an array that is cut short")
        if left != right:
            at = np.flatnonzero(_differ(left, right, size))
            sides = [_elements(data, self._array.element, at) for data in (left, right)]
            if self.first is None:
                self.first = (self.seen + int(at[0]), _show(sides[0][0]), _show(sides[1][0]))
            self.differing += len(at)
            self._measure(*sides)
        self.seen += len(left) // size

    def _measure(self, left: Any, right: Any) -> None:
        import numpy as np

        if left.dtype.kind == "c":
            parts = left.real.dtype
            left, right = left.view(parts), right.view(parts)
        if left.dtype.kind != "f" or left.dtype.itemsize not in _WORDS:
            return
        nan = np.isnan(left) | np.isnan(right)
        self.nans += int(nan.sum())
        one, other = left[~nan], right[~nan]
        if not len(one):
            return
        shift = 16 if self._array.element.name == "bfloat16" else 0
        low, high = np.sort([_ordered(one, shift), _ordered(other, shift)], axis=0)
        self.ulps = max(self.ulps or 0, int((high - low).max()))
        with np.errstate(all="ignore"):
            self.gap = max(self.gap or 0.0, float(np.nanmax(np.abs(one.astype("f8") - other.astype("f8")))))

    def told(self, name: str) -> Difference:
        """As a node."""
        assert self.first is not None  # noqa: S101  (asked only where something differs)
        import numpy as np

        flat, left, right = self.first
        array = self._array
        index = [int(i) for i in np.unravel_index(flat, array.shape, order="F" if array.order == "F" else "C")]
        measures: dict[str, int | float | str] = {"elements": self.seen, "differing": self.differing}
        measures |= {"dtype": array.element.name, "shape": str(list(array.shape)), "first_index": str(index)}
        measures |= {"nan": self.nans} if self.nans else {}
        measures |= {"max_ulps": self.ulps} if self.ulps is not None else {}
        measures |= {"max_gap": self.gap if isfinite(self.gap) else repr(self.gap)} if self.gap is not None else {}
        detail = f"{self.differing:,} of {self.seen:,} differ ({array.text}), first at {index}: {left} → {right}"
        detail += self._apart()
        return Difference(name=name, state="changed", left=left, right=right, detail=detail, measures=measures)

    def _apart(self) -> str:
        apart = ""
        if self.ulps is not None:
            near = f"{self.ulps} ulp" if self.ulps < _FEW_ULPS else f"{self.gap!r}"
            apart = f", at most {near} apart"
        return apart + (f", {self.nans} with NaN" if self.nans else "")


def _differ(left: bytes, right: bytes, size: int) -> Any:
    import numpy as np

    if size in _WORDS:
        return np.frombuffer(left, _WORDS[size]) != np.frombuffer(right, _WORDS[size])
    one, other = (np.frombuffer(data, "u1").reshape(-1, size) for data in (left, right))
    return (one != other).any(axis=1)


def _elements(data: bytes, element: Element, at: Any) -> Any:
    """The elements at these places, in this machine's byte order."""
    import numpy as np

    values = np.frombuffer(data, element.dtype)[at]
    if element.name == "bfloat16":  # the upper half of a float
        return (values.astype("<u4") << 16).view("<f4")
    return values.astype(values.dtype.newbyteorder("="))


def _ordered(values: Any, shift: int) -> Any:
    """Unsigned integers in the order of the numbers; neighbours are one apart. (0.0 and -0.0 are neighbours.)"""
    import numpy as np

    width = values.dtype.itemsize * 8
    bits = values.view(f"u{values.dtype.itemsize}").astype("u8") >> np.uint64(shift)
    sign = np.uint64(1 << (width - shift - 1))
    return np.where(bits & sign, (sign | (sign - np.uint64(1))) - bits, bits | sign)


def _show(value: Any) -> str:
    """A value, exactly; a NaN with its bits, for no two need be the same."""
    if value.dtype.kind == "f" and value != value:
        return f"nan:{value.tobytes()[::-1].hex()}"
    if value.dtype.kind == "V":
        return str(value.tobytes()[:_SHOWN_BYTES].hex()) + ("…" if value.nbytes > _SHOWN_BYTES else "")
    return shorten(repr(value.item()) if value.dtype.kind in "SU" else str(value))
