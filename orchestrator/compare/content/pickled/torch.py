"""Torch's tensors as its pickles describe them: a part of a storage, which stands outside the pickle under a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import IO, Any

from orchestrator.compare.content.arrays import ELEMENTS, Array, Element, piece_size
from orchestrator.compare.content.pickled.nodes import Global, Made, Persistent
from orchestrator.compare.content.port import CHUNK, Budget, Unreadable, exactly

_REBUILD = tuple(f"torch._utils._rebuild_tensor{version}" for version in ("", "_v2", "_v3"))
_MOST_STRIDED = 512 << 20
_STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "Untyped": "bytes",
}
"""Their classes, less ``Storage`` -> the dtype."""


@dataclass(frozen=True)
class Bytes:
    """A storage's bytes, wherever they stand."""

    size: int
    opener: Callable[[], IO[bytes]]

    def pieces(self, start: int, count: int, element: int, budget: Budget) -> Iterator[bytes]:
        """``count`` bytes from ``start`` on, in pieces of whole elements.

        Raises:
            Unreadable: there are not so many.
        """
        if start < 0 or start + count > self.size:
            raise Unreadable("a tensor that does not lie within its storage")
        budget.spend(start + count)
        with self.opener() as stream:
            _skip(stream, start)
            for at in range(0, count, piece_size(element)):
                yield exactly(stream, min(piece_size(element), count - at))


@dataclass(frozen=True)
class Storages:
    """The storages of one file by key."""

    by_key: Mapping[str, Bytes]
    budget: Budget
    byteorder: str = "little"

    def tensor(self, node: Made) -> tuple[str, Array] | None:
        """The key of the storage and the array, where the node would make a tensor; None where it would not."""
        arguments = node.arguments
        if not node.calls(*_REBUILD) or not isinstance(arguments, tuple) or len(arguments) < 4:
            return None
        held = self._storage(arguments[0])
        if held is None or not (type(arguments[1]) is int and _sizes(arguments[2]) and _sizes(arguments[3])):
            return None
        key, element, storage, _ = held
        if node.calls(_REBUILD[2]) and len(arguments) > 6:
            element = self._by_dtype(arguments[6])
        view = _View(element, storage, arguments[1], arguments[2], arguments[3], self.budget)
        return key, Array(element, arguments[2], view.pieces)

    def whole(self, node: Persistent) -> tuple[str, Array] | None:
        """The key and a whole storage as an array; None where the node is no storage."""
        held = self._storage(node)
        if held is None:
            return None
        key, element, storage, count = held
        size = count * element.size
        return key, Array(element, (count,), lambda: storage.pieces(0, size, element.size, self.budget))

    def _storage(self, node: Any) -> tuple[str, Element, Bytes, int] | None:
        key = node.key if isinstance(node, Persistent) else None
        if not isinstance(key, tuple) or len(key) < 5 or key[0] != "storage" or not isinstance(key[1], Global):
            return None
        if any(part is not None for part in key[5:]):
            raise Unreadable("a storage that is a view of another")
        name, count = str(key[2]), key[4]
        element = ELEMENTS.get(_STORAGES.get(key[1].name.removesuffix("Storage"), ""))
        if element is None or name not in self.by_key or type(count) is not int or count < 0:
            raise Unreadable(f"a storage of type {key[1]} that is not there, or not known")
        if self.byteorder != "little":
            element = Element(element.name, element.dtype.replace("<", ">"))
        return name, element, self.by_key[name], count

    def _by_dtype(self, dtype: Any) -> Element:
        element = ELEMENTS.get(dtype.name) if isinstance(dtype, Global) and dtype.module == "torch" else None
        if element is None:
            raise Unreadable(f"elements of type {dtype}")
        return element


@dataclass(frozen=True)
class _View:
    """Which elements of a storage a tensor is made of."""

    element: Element
    storage: Bytes
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    budget: Budget

    def pieces(self) -> Iterator[bytes]:
        """The elements in C order, in pieces."""
        size = self.element.size
        if len(self.shape) != len(self.strides):
            raise Unreadable("a tensor with more sizes than strides")
        if self._contiguous:
            yield from self.storage.pieces(self.offset * size, prod(self.shape) * size, size, self.budget)
        else:
            data = self._gathered()
            yield from (data[at : at + piece_size(size)] for at in range(0, len(data), piece_size(size)))

    @property
    def _contiguous(self) -> bool:
        expected = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size != 1 and stride != expected:
                return prod(self.shape) == 0
            expected *= size
        return True

    def _gathered(self) -> bytes:
        import numpy as np

        size = self.element.size
        reach = sum((length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True)) + 1
        if max(reach, prod(self.shape)) * size > _MOST_STRIDED:
            raise Unreadable(f"a strided tensor of more than {_MOST_STRIDED >> 20} MiB")
        self.budget.spend(prod(self.shape) * size)
        data = b"".join(self.storage.pieces(self.offset * size, reach * size, size, self.budget))
        strides = [stride * size for stride in self.strides]
        return np.lib.stride_tricks.as_strided(np.frombuffer(data, f"V{size}"), self.shape, strides).tobytes()


def _sizes(node: Any) -> bool:
    return isinstance(node, tuple) and all(type(size) is int and size >= 0 for size in node)


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0:
        count -= len(exactly(stream, min(count, CHUNK)))
