"""HDF5: groups, attributes and datasets by path. How the file is laid out, and when objects were made, is not content.

Links are compared as links and never followed; a dataset whose values stand in another file is not read. An object
that has several names is one object.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from orchestrator.compare.content.arrays import Array, Element, compare_arrays
from orchestrator.compare.content.identities import Identities
from orchestrator.compare.content.port import CHUNK, Comparator, Desk, Side, Unreadable, some
from orchestrator.compare.difference import Difference, added, leaf, removed

_MAGIC = b"\x89HDF\r\n\x1a\n"
_MOST_OBJECTS = 100_000
_MOST_CHUNK = 256 << 20
_MOST_ATTRIBUTE = 1 << 20


def knows(side: Side) -> bool:
    """By its first bytes."""
    return side.head(8) == _MAGIC


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Object by object, by path."""
    try:
        import h5py
    except ImportError as error:
        raise Unreadable("h5py is not installed (the extra `formats`)") from error
    with h5py.File(left.stream, "r") as one, h5py.File(right.stream, "r") as other:
        yield from _groups(one, other, desk)


def _groups(left: Any, right: Any, desk: Desk) -> Iterator[Difference]:
    import h5py

    todo, seen, objects = [("", left, right)], 0, Identities()
    while todo:
        path, one, other = todo.pop()
        seen += 1
        if seen > _MOST_OBJECTS:
            raise Unreadable(f"more than {_MOST_OBJECTS:,} objects")
        known = objects.pair(_address(one), _address(other))
        if known is not True:
            if known is False:
                detail = "one more name of another object than on the other side"
                yield Difference(name=path or "(root)", state="changed", detail=detail)
            continue
        yield from _attributes(path, one, other, desk)
        if isinstance(one, h5py.Dataset):
            yield from some([_datasets(path, one, other, desk), _limits(path, one, other)])
        if isinstance(one, h5py.Datatype):
            yield from some([leaf(path, _type(one.dtype), _type(other.dtype))])
        if not isinstance(one, h5py.Group):
            continue
        for name in sorted(one.keys() | other.keys()):
            below = f"{path}/{name}" if path else name
            if name not in one:
                yield added(below, _kind(other, name))
            elif name not in other:
                yield removed(below, _kind(one, name))
            elif _kind(one, name) != _kind(other, name):
                yield leaf(below, _kind(one, name), _kind(other, name))
            elif isinstance(one.get(name, getlink=True), h5py.HardLink):
                todo.append((below, one[name], other[name]))


def _address(thing: Any) -> int:
    """Where an object stands in its file: the same for all its names."""
    import h5py

    return int(h5py.h5o.get_info(thing.id).addr)


def _type(dtype: Any) -> str:
    """With what h5py adds to NumPy's type, down to the fields: how a text is encoded, the names of an enumeration."""
    import numpy as np

    inner = [dtype.fields[name][0] for name in dtype.names or ()] + list(dtype.subdtype or ())[:1]
    inner += [value for value in (dtype.metadata or {}).values() if isinstance(value, np.dtype)]
    about = f" {dict(dtype.metadata)}" if dtype.metadata else ""
    return " ".join([f"{dtype}{about}", *(f"<{_type(part)}>" for part in inner)])


def _limits(path: str, left: Any, right: Any) -> Difference | None:
    """How far a dataset may grow."""
    if left.shape != right.shape:
        return None
    return leaf(f"{path or '(root)'} (maxshape)", repr(left.maxshape), repr(right.maxshape))


def _kind(group: Any, name: str) -> str:
    import h5py

    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        return f"a link to {link.path} in {link.filename}"
    if isinstance(link, h5py.SoftLink):
        return f"a link to {link.path}"
    return f"a {type(group[name]).__name__.lower()}"


def _attributes(path: str, left: Any, right: Any, desk: Desk) -> Iterator[Difference]:
    for name in sorted(left.attrs.keys() | right.attrs.keys()):
        sides = [_attribute(owner, name, desk) for owner in (left, right)]
        if sides[0] != sides[1]:
            yield leaf(f"{path}@{name}", *(side if side else "(none)" for side in sides))


def _attribute(owner: Any, name: str, desk: Desk) -> str | None:
    if name not in owner.attrs:
        return None
    about = owner.attrs.get_id(name)
    _refuse_references(about.dtype)
    size = prod(about.shape or ()) * about.dtype.itemsize
    if size > _MOST_ATTRIBUTE:
        raise Unreadable("an attribute of more than 1 MiB")
    desk.budget.spend(size)
    return f"{_type(about.dtype)} {about.shape} {_exact(owner.attrs[name])}"


def _exact(value: Any) -> str:
    """A value as text, such that other values give other texts."""
    if not hasattr(value, "tobytes"):
        return repr(value)
    if value.dtype.hasobject:
        return f"[{', '.join(map(_exact, value.ravel().tolist()))}]"
    single = value.size == 1 and value.dtype.names is None
    item = value.item() if single else None
    return repr(item) if single and item == item else f"{value.dtype} {value.tobytes().hex()}"


def _refuse_references(dtype: Any) -> None:
    """Texts and lists of numbers are values of their own; whatever else is an object refers to something."""
    import h5py

    base = h5py.check_vlen_dtype(dtype)
    if dtype.hasobject and not h5py.check_string_dtype(dtype) and (base is None or base.hasobject):
        raise Unreadable(f"values of type {dtype.metadata or dtype}")


def _datasets(path: str, left: Any, right: Any, desk: Desk) -> Difference | None:
    name = path or "(root)"
    for dataset in (left, right):
        _refuse(dataset)
    if left.shape is None or right.shape is None:
        return leaf(name, repr(left.shape), repr(right.shape))
    if left.dtype == right.dtype and _type(left.dtype) != _type(right.dtype):  # the names of an enumeration
        return leaf(name, _type(left.dtype), _type(right.dtype))
    if left.dtype != right.dtype or left.shape != right.shape or left.dtype.hasobject:
        return _objects(name, left, right, desk)
    return compare_arrays(name, *(_array(dataset, desk) for dataset in (left, right)))


def _refuse(dataset: Any) -> None:
    if dataset.external or dataset.is_virtual:
        raise Unreadable("a dataset whose values stand in other files")
    if dataset.chunks and prod(dataset.chunks) * dataset.dtype.itemsize > _MOST_CHUNK:
        raise Unreadable(f"chunks of more than {_MOST_CHUNK >> 20} MiB")


def _array(dataset: Any, desk: Desk) -> Array:
    dtype = dataset.dtype
    element = Element(str(dtype), f"V{dtype.itemsize}" if dtype.names or dtype.subdtype else dtype.str)

    def pieces() -> Iterator[bytes]:
        for block in _blocks(dataset.shape, dtype.itemsize):
            data = dataset[block].tobytes()
            desk.budget.spend(len(data))
            yield data

    return Array(element, dataset.shape, pieces)


def _blocks(shape: tuple[int, ...], element: int) -> Iterator[tuple[slice, ...]]:
    """The array in pieces of about ``CHUNK`` bytes that follow each other in C order."""
    if 0 in shape:
        return
    room, steps = max(CHUNK // element, 1), []
    for length in reversed(shape):
        steps.append(min(length, max(room, 1)))
        room = room // length
    ranges = [range(0, length, step) for length, step in zip(shape, reversed(steps), strict=True)]
    for starts in product(*ranges):
        sizes = zip(starts, reversed(steps), shape, strict=True)
        yield tuple(slice(start, min(start + step, length)) for start, step, length in sizes)


def _objects(name: str, left: Any, right: Any, desk: Desk) -> Difference | None:
    """Texts of any length, references, and whatever differs in type or shape already."""
    about = [f"{dataset.dtype} {list(dataset.shape)}" for dataset in (left, right)]
    if about[0] != about[1]:
        return leaf(name, *about)
    _refuse_references(left.dtype)
    differing, first = 0, None
    for block in _blocks(left.shape, left.dtype.itemsize):
        one, other = (dataset[block].ravel().tolist() if left.shape else [dataset[()]] for dataset in (left, right))
        texts = list(map(_exact, one)), list(map(_exact, other))
        desk.budget.spend(sum(map(len, (*texts[0], *texts[1]))))
        pairs = [(a, b) for a, b in zip(*texts, strict=True) if a != b]
        differing += len(pairs)
        first = first or (pairs[0] if pairs else None)
    if first is None:
        return None
    node = leaf(name, *first)
    detail = f"{differing:,} of {prod(left.shape):,} differ ({about[0]}): {node.left} → {node.right}"
    return node.model_copy(update={"detail": detail, "measures": {"differing": differing}})


HDF5 = Comparator("HDF5", knows, compare)
