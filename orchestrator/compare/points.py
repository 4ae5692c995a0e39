"""Two metrics tables as a difference: one child per series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from orchestrator.compare.difference import Compared, Difference, added, encoding, group, removed
from orchestrator.compare.series import Pairs, Spread, align, first_point, show, spread
from orchestrator.digest import Digest
from orchestrator.metrics import Series, decode
from orchestrator.store.port import BlobStore

_FEW_ULPS = 1 << 20
"""Beyond these the count of floats in between says nothing to a person; `measures` has it all the same."""

_NONE = Series(b"")

_NAMED = 10
"""Missing steps that are named; the others are counted."""


def load_table(blobs: BlobStore, digest: Digest) -> dict[str, Series]:
    """The metrics table with this digest.

    Raises:
        NotFound: the store has no such table.
        Corruption: it is damaged.
    """
    with blobs.get(digest) as stream:
        return decode(stream.read())


def compare_metrics(left: Digest, right: Digest, blobs: BlobStore) -> Difference:
    """One child per series. Equal digests cost one reading of the table, for its names and counts."""
    before = load_table(blobs, left)
    after = before if left == right else load_table(blobs, right)
    children = encoding([_either(name, before, after) for name in sorted({*before, *after})], left, right)
    return group("metrics", children, left=left, right=right)


def compare_series(name: str, left: Series, right: Series) -> Difference:
    """One metric; its values are compared by their bits."""
    if left.packed == right.packed:
        return Difference(name=name, state="equal", left=_many(left), right=_many(right), compared=_count(left))
    pairs = align(left, right).differing()
    found = spread(pairs)
    return Difference(
        name=name,
        state="changed",
        left=_many(left),
        right=_many(right),
        detail=_detail(pairs, found),
        measures=_measures(pairs, found, left, right),
        compared=_count(left, right),
        first=first_point(name, left, right),
        children=tuple(_parts(pairs)),
    )


def _either(name: str, left: dict[str, Series], right: dict[str, Series]) -> Difference:
    if name not in left:
        node = added(name, _many(right[name]), compared=_count(right[name]))
        return node.model_copy(update={"first": first_point(name, _NONE, right[name])})
    if name not in right:
        node = removed(name, _many(left[name]), compared=_count(left[name]))
        return node.model_copy(update={"first": first_point(name, left[name], _NONE)})
    return compare_series(name, left[name], right[name])


def _detail(pairs: Pairs, found: Spread) -> str:
    parts = []
    if pairs.steps:
        number = len(pairs.steps)
        parts.append("1 point differs" if number == 1 else f"{number} points differ")
    if found.gap is not None:
        near = f" or {found.ulps} ulp" if found.ulps is not None and found.ulps < _FEW_ULPS else ""
        parts.append(f"at most {found.gap!r}{near} apart")
    if found.nans:
        parts.append(f"{found.nans} with NaN")
    parts += [f"{len(pairs.missing)} missing"] if pairs.missing else []
    parts += [f"{len(pairs.extra)} extra"] if pairs.extra else []
    return ", ".join(parts)


def _parts(pairs: Pairs) -> Iterator[Difference]:
    """The first differing point, and the steps that only one side has."""
    if pairs.steps:
        one, other = show(pairs.left[0]), show(pairs.right[0])
        yield Difference(name=f"step {pairs.steps[0]}", state="changed", left=one, right=other)
    if pairs.missing:
        yield removed("missing", _steps(pairs.missing))
    if pairs.extra:
        yield added("extra", _steps(pairs.extra))


def _steps(steps: Sequence[int]) -> str:
    more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
    return f"step {', '.join(map(str, steps[:_NAMED]))}{more}"


def _measures(pairs: Pairs, found: Spread, left: Series, right: Series) -> dict[str, int | float | str]:
    measures: dict[str, int | float | str] = {"points_left": len(left), "points_right": len(right)}
    measures |= {"differing": len(pairs.steps), "missing": len(pairs.missing), "extra": len(pairs.extra)}
    if pairs.steps:
        measures |= {"first_step": pairs.steps[0], "nan": found.nans}
    if found.gap is not None and found.ulps is not None:
        measures |= {"max_gap": found.gap if isfinite(found.gap) else repr(found.gap), "max_ulps": found.ulps}
    return measures


def _many(series: Series) -> str:
    return "1 point" if len(series) == 1 else f"{len(series)} points"


def _count(*series: Series) -> Compared:
    return Compared(points=max(map(len, series)))
