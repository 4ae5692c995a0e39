"""Two outcomes side by side: what a replay brought back, and what it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.compare.content.port import Comparator
from orchestrator.compare.content.registry import COMPARATORS
from orchestrator.compare.difference import Difference, added, group, keyed, leaf, removed
from orchestrator.compare.lines import first_difference
from orchestrator.compare.points import compare_metrics
from orchestrator.compare.trees import compare_trees
from orchestrator.digest import Digest
from orchestrator.outcome import Outcome
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document

CHILDREN = "children"

Streams = Mapping[str, tuple[Digest | None, Digest | None]]
"""``stdout`` and ``stderr``: the blobs of both sides, where they were recorded."""


def compare_outcomes(
    left: Outcome,
    right: Outcome,
    blobs: BlobStore,
    *,
    streams: Streams | None = None,
    comparators: Sequence[Comparator] = COMPARATORS,
) -> Difference:
    """Everything that must come back, and the streams, which are facts but can be asked for.

    The root's sides are the result digests. It may be changed although these are equal: by its streams.

    Raises:
        NotFound: the store lacks a metrics table, a tree or a stream.
        Corruption: one of them is damaged.
    """
    return group(
        "outcome",
        [
            leaf("exit_code", left.exit_code, right.exit_code),
            group("params", keyed(left.params, right.params)),
            compare_metrics(left.metrics, right.metrics, blobs),
            compare_trees("artifacts", left.artifacts, right.artifacts, blobs, comparators),
            *_children(left, right, blobs, comparators),
            *([_streams(streams, blobs)] if streams else []),
        ],
        left=left.digest,
        right=right.digest,
    )


def _children(left: Outcome, right: Outcome, blobs: BlobStore, comparators: Sequence[Comparator]) -> list[Difference]:
    """The runs within the run, by name; nothing where neither side has any."""

    def compare(name: str, one: Digest, other: Digest) -> Difference:
        before, after = (read_document(blobs, Outcome, digest) for digest in (one, other))
        return compare_outcomes(before, after, blobs, comparators=comparators).model_copy(update={"name": name})

    nodes = keyed(left.children, right.children, compare)
    return [group(CHILDREN, nodes)] if nodes else []


def _streams(streams: Streams, blobs: BlobStore) -> Difference:
    nodes = (_stream(name, *pair, blobs) for name, pair in sorted(streams.items()))
    return group("streams", [node for node in nodes if node])


def _stream(name: str, left: Digest | None, right: Digest | None, blobs: BlobStore) -> Difference | None:
    if left is None:
        return added(name, right) if right else None
    if right is None:
        return removed(name, left)
    node = Difference(name=name, state="equal" if left == right else "changed", left=left, right=right)
    return node if node.equal else node.model_copy(update=_lines(name, left, right, blobs))


def _lines(name: str, left: Digest, right: Digest, blobs: BlobStore) -> dict[str, object]:
    found = first_difference(left, right, blobs)
    if found is None:
        return {}
    sides = ["(ended)" if side is None else side for side in (found.left, found.right)]
    line = Difference(name=f"line {found.number}", state="changed", left=sides[0], right=sides[1])
    first = found.model_copy(update={"stream": name})
    return {"detail": f"first differs in line {found.number}", "first": first, "children": (line,)}
