"""NumPy's arrays as pickles describe them: by their state, in a buffer, as a scalar, or as joblib writes them."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from orchestrator.compare.content.arrays import Array, Element, piece_size
from orchestrator.compare.content.pickled.machine import Bounded, Machine
from orchestrator.compare.content.pickled.nodes import Made, Pairs
from orchestrator.compare.content.port import Unreadable, exactly
from orchestrator.compare.content.sections import Section

_CORES = ("numpy.core", "numpy._core")
_RECONSTRUCT = tuple(f"{core}.multiarray._reconstruct" for core in _CORES)
_FROM_BUFFER = tuple(f"{core}.numeric._frombuffer" for core in _CORES)
_SCALAR = tuple(f"{core}.multiarray.scalar" for core in _CORES)
_WRAPPER = ("joblib.numpy_pickle.NumpyArrayWrapper",)
_DTYPE = ("numpy.dtype",)
_NO_STATE = (3, "|", None, None, None, -1, -1, 0)
_HAS_OBJECTS = 1
"""A dtype's flag."""


def array_of(node: Made) -> Array | None:
    """The array of numbers that this node would make; None where it is none."""
    if node.calls(*_RECONSTRUCT):
        return _from_state(node)
    if node.calls(*_FROM_BUFFER) and len(node.arguments) == 4:
        data, dtype, shape, order = node.arguments
        return _array(dtype, shape, order, data)
    if node.calls(*_SCALAR) and len(node.arguments) == 2:
        dtype, data = node.arguments
        return _array(dtype, (), "C", data)
    if node.calls(*_WRAPPER) and node.raw is not None:
        about = _about(node)
        return _array(about.get("dtype"), about.get("shape"), about.get("order"), node.raw)
    return None


def is_dtype(node: Made) -> bool:
    """Whether the node is a type of element. Of these there is one each, but not in every process: no identity."""
    return node.calls(*_DTYPE)


def around(node: Made) -> Any:
    """What the node of an array says besides the array's bytes: class, type of element, shape."""
    if node.calls(*_RECONSTRUCT):
        return node.arguments, node.states[0][:4]
    if node.calls(*_FROM_BUFFER):
        return node.arguments[1:]
    return node.arguments[:1] if node.calls(*_SCALAR) else tuple(node.states)


def take_raw(stream: Bounded, node: Made) -> None:
    """Take what joblib writes behind its wrapper's state: an array's bytes, or a pickle of an array of Python objects.

    Raises:
        Unreadable: it is cut short.
    """
    if not node.calls(*_WRAPPER) or node.raw is not None or node.items:
        return
    about = _about(node)
    if _holds_objects(about.get("dtype")):
        node.items.append(Machine(stream, take_raw).run())
        return
    element, shape = _element(about.get("dtype")), _shape(about.get("shape"))
    if element is None or shape is None:
        raise Unreadable("an array of joblib's whose type is not known")
    if about.get("numpy_array_alignment_bytes") is not None:
        padding = exactly(stream.stream, 1)[0]
        exactly(stream.stream, padding)
    start = stream.tell()
    end = start + prod(shape) * element.size
    if end > stream.end:
        raise Unreadable("cut short")
    node.raw = Section(stream.stream, start, end)
    stream.stream.seek(end)


def _from_state(node: Made) -> Array | None:
    if len(node.states) != 1 or not isinstance(node.states[0], tuple) or len(node.states[0]) != 5:
        return None
    _, shape, dtype, fortran, data = node.states[0]
    return _array(dtype, shape, "F" if fortran else "C", data)


def _array(dtype: Any, shape: Any, order: Any, data: Any) -> Array | None:
    element, sizes = _element(dtype), _shape(shape)
    if element is None or sizes is None or order not in ("C", "F"):
        return None
    if isinstance(data, Section):
        return Array(element, sizes, lambda: data.pieces(element.size), order)
    if not isinstance(data, bytes | bytearray) or len(data) != prod(sizes) * element.size:
        return None
    return Array(element, sizes, lambda: _pieces(bytes(data), element.size), order)


def _pieces(data: bytes, element: int) -> Iterator[bytes]:
    step = piece_size(element)
    return (data[at : at + step] for at in range(0, len(data), step))


def _shape(node: Any) -> tuple[int, ...] | None:
    if isinstance(node, tuple) and all(type(size) is int and size >= 0 for size in node):
        return node
    return None


def _element(node: Any) -> Element | None:
    """Of a ``dtype('f8', False, True)`` with state ``(3, '<', …)``; None for Python objects, and what is no dtype."""
    code, state = _dtype(node)
    if not code or _holds_objects(node) or state[2] is not None:
        return None
    if state[3] is not None:  # records: their fields stand in the state, and are compared there
        return Element("record", f"V{state[5]}") if type(state[5]) is int and state[5] > 0 else None
    order = state[1] if state[1] in ("<", ">") else "|"
    if code[0] in "mM":  # dates and times: their unit stands in the state
        return Element("datetime64" if code[0] == "M" else "timedelta64", f"{order}i8")
    try:
        return Element.numpy(order + code)
    except Unreadable:
        return None


def _holds_objects(node: Any) -> bool:
    code, state = _dtype(node)
    return code.startswith("O") or (type(state[7]) is int and bool(state[7] & _HAS_OBJECTS))


def _dtype(node: Any) -> tuple[str, tuple[Any, ...]]:
    """A dtype's code and its state: version, order, subarray, names, fields, size, alignment, flags."""
    if not (isinstance(node, Made) and is_dtype(node) and isinstance(node.arguments, tuple) and node.arguments):
        return "", _NO_STATE
    code, state = node.arguments[0], node.states[0] if len(node.states) == 1 else _NO_STATE
    if not isinstance(code, str) or not isinstance(state, tuple) or len(state) < len(_NO_STATE):
        return "", _NO_STATE
    return code, state


def _about(node: Made) -> dict[str, Any]:
    state = node.states[0] if node.states else None
    return state.by_text() if isinstance(state, Pairs) else {}
