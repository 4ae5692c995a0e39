"""Two tree objects: which paths came, went and changed. Files whose digests differ are looked into."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.compare.content.inspect import look_into
from orchestrator.compare.content.port import Comparator, Side
from orchestrator.compare.content.registry import COMPARATORS
from orchestrator.compare.difference import Compared, Difference, added, encoding, group, removed
from orchestrator.compare.pairing import pair_names
from orchestrator.compare.values import shorten
from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import seekable
from orchestrator.store.tree import Entry, FileEntry, LinkEntry, Tree, load


def compare_trees(
    name: str, left: Digest, right: Digest, blobs: BlobStore, comparators: Sequence[Comparator] = COMPARATORS
) -> Difference:
    """One child per path. Equal digests cost one reading of the tree object, for its names and sizes.

    Raises:
        NotFound: the store has no such tree.
    """
    before = load(blobs, left)
    after = before if left == right else load(blobs, right)
    children = encoding(_paths(before, after, blobs, comparators), left, right)
    return group(name, children, left=left, right=right)


def describe(entry: Entry) -> str:
    """An entry in a line."""
    if isinstance(entry, FileEntry):
        return f"{entry.size} bytes, {entry.digest}" + (", executable" if entry.executable else "")
    return shorten(f"link to {entry.target}") if isinstance(entry, LinkEntry) else "empty folder"


def _paths(left: Tree, right: Tree, blobs: BlobStore, comparators: Sequence[Comparator]) -> list[Difference]:
    before = {entry.path: entry for entry in left.entries}
    after = {entry.path: entry for entry in right.entries}
    renamed = pair_names(before, after)
    nodes = []
    for path in sorted((before.keys() | after.keys()) - set(renamed.values())):
        old, new = before.get(path), after.get(renamed.get(path, path))
        if new is None and old is not None:
            nodes.append(removed(path, describe(old), compared=_compared(old)))
        elif old is None and new is not None:
            nodes.append(added(path, describe(new), compared=_compared(new)))
        elif old is not None and new is not None:
            nodes.append(_entry(path, old, new, blobs, comparators))
    return nodes


def _entry(path: str, left: Entry, right: Entry, blobs: BlobStore, comparators: Sequence[Comparator]) -> Difference:
    node = Difference(
        name=path,
        state="equal" if left == right else "changed",
        left=describe(left),
        right=describe(right),
        compared=_compared(left, right),
    )
    if left == right:
        return node
    if not (isinstance(left, FileEntry) and isinstance(right, FileEntry)):
        return node.model_copy(update={"detail": _detail(left, right)})
    if left.digest == right.digest:
        return node.model_copy(update=_renamed(left, right))
    inside = _inside(left, right, blobs, comparators)
    return node.model_copy(
        update={
            "state": inside.state if left.executable == right.executable else "changed",
            "comparator": inside.comparator,
            "detail": "; ".join(filter(None, [inside.detail, _detail(left, right, inside.equal_by_content)])),
            "children": inside.children,
        }
    )


def _renamed(left: FileEntry, right: FileEntry) -> dict[str, object]:
    """The same bytes, in another mode or under the name that its pair has on the other side."""
    same = left.executable == right.executable
    return {
        "state": "content" if same else "changed",
        "comparator": "name" if same else "",
        "detail": _detail(left, right),
    }


def _inside(left: FileEntry, right: FileEntry, blobs: BlobStore, comparators: Sequence[Comparator]) -> Difference:
    """What the comparators say; nothing where there are none, or this store has not both files."""
    if not comparators:
        return Difference(name=left.path, state="changed")
    try:
        with seekable(blobs, left.digest) as one, seekable(blobs, right.digest) as other:
            return look_into(Side.of(left.path, one), Side.of(right.path, other), comparators)
    except NotFound:
        return Difference(name=left.path, state="changed", detail="not looked into: not in this store")


def _detail(left: Entry, right: Entry, same_content: bool = False) -> str:
    if left.kind != right.kind:
        return f"a {left.kind} became a {right.kind}"
    if not (isinstance(left, FileEntry) and isinstance(right, FileEntry)):
        return ""
    parts = [f"now called {right.path}"] if left.path != right.path else []
    if left.digest != right.digest or left.size != right.size:
        sizes = f"{left.size} bytes" if left.size == right.size else f"{left.size} → {right.size} bytes"
        parts.append(
            f"other {'bytes' if same_content else 'content'}, {sizes}, {left.digest.short} → {right.digest.short}"
        )
    if left.executable != right.executable:
        parts.append("now executable" if right.executable else "no longer executable")
    return "; ".join(parts)


def _compared(*entries: Entry) -> Compared:
    sizes = [entry.size for entry in entries if isinstance(entry, FileEntry)]
    return Compared(files=1, bytes=max(sizes)) if sizes else Compared()
