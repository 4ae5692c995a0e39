"""Two plans side by side: why two runs may have come out differently."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.compare.content.port import Comparator
from orchestrator.compare.content.registry import COMPARATORS
from orchestrator.compare.difference import Difference, group, keyed, leaf
from orchestrator.compare.facts import compare_values
from orchestrator.compare.packages import compare_locks
from orchestrator.compare.trees import compare_trees
from orchestrator.digest import Digest
from orchestrator.plan import DataPin, ImagePin, Plan
from orchestrator.store.port import BlobStore


def compare_plans(left: Plan, right: Plan, blobs: BlobStore) -> Difference:
    """Every field of a plan. Locks and trees are opened where their digests differ and the store has them."""
    before, after = left.model_dump(mode="json"), right.model_dump(mode="json")
    opened = {
        "image": _image(left.image, right.image, blobs),
        "code": _tree("code", left.code, right.code, blobs),
        "data": group("data", keyed(left.data, right.data, lambda name, old, new: _data(name, old, new, blobs))),
    }
    names = [name for name in Plan.model_fields if name != "format"]
    return group(
        "plan",
        [opened.get(name) or compare_values(name, before.get(name), after.get(name)) for name in names],
        left=left.digest,
        right=right.digest,
    )


def _image(left: ImagePin, right: ImagePin, blobs: BlobStore) -> Difference:
    parts = [
        leaf("manifest", left.manifest, right.manifest),
        leaf("config", left.config, right.config),
        compare_locks(left.lock, right.lock, blobs),
    ]
    return group("image", parts)


def _tree(
    name: str, left: Digest, right: Digest, blobs: BlobStore, comparators: Sequence[Comparator] = COMPARATORS
) -> Difference:
    if left == right or not (blobs.has(left) and blobs.has(right)):
        return leaf(name, left, right)
    return compare_trees(name, left, right, blobs, comparators)


def _data(name: str, left: DataPin, right: DataPin, blobs: BlobStore) -> Difference:
    if left.kind == right.kind == "tree":
        content = _tree("content", left.digest, right.digest, blobs, ())  # it may be large: not looked into
    else:
        content = leaf("content", left.digest, right.digest)
    return group(name, [leaf("kind", left.kind, right.kind), leaf("mount", left.mount, right.mount), content])
