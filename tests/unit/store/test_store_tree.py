"""Tree documents, and a folder's way into the store and back out of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.digest import Digest, canonical
from orchestrator.errors import Corruption
from orchestrator.store import checkout
from orchestrator.store.capture import capture, find
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.tree import Entry, FileEntry, FolderEntry, LinkEntry, Tree, load, save

EMPTY = str(Digest.of(b""))
Node = dict | bytes | tuple
"""A folder's items by name, a file's bytes, an executable's ("x", bytes), a link's ("->", target)."""

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
odd_names = st.sampled_from(["line\nbreak", "é", "e\u0301", " ", "-rf", "a", "a-b", "a.b", "A", "\u202e", "日本", "\\"])
targets = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
leaves = (
    st.binary(max_size=40)
    | st.tuples(st.just("x"), st.binary(max_size=10))
    | st.tuples(st.just("->"), targets | st.sampled_from(["/etc/passwd", "..", "../../x", "a"]))
)
folders = st.recursive(
    st.dictionaries(names | odd_names, leaves, max_size=4),
    lambda inner: st.dictionaries(names | odd_names, inner | leaves, max_size=4),
    max_leaves=12,
)
in_memory_only = settings(max_examples=60)


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """In memory: hundreds of examples need no fsync of a disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def lay(folder: Path, node: dict, shuffle, mtime: int) -> None:
    folder.mkdir()
    items = list(node.items())
    shuffle(items)
    for name, item in items:
        path = folder / name
        if isinstance(item, dict):
            lay(path, item, shuffle, mtime)
        elif isinstance(item, bytes):
            path.write_bytes(item)
        elif item[0] == "x":
            path.write_bytes(item[1])
            path.chmod(path.stat().st_mode | 0o100)
        else:
            path.symlink_to(item[1])
        os.utime(path, (mtime, mtime), follow_symlinks=False)


def captured(folder: Path, blobs) -> Tree:
    found = find(folder, lambda path: False)
    assert found.refused == []
    return Tree.of(capture(folder, found, blobs))


@in_memory_only
@given(folders, st.randoms(use_true_random=False), st.integers(0, 2**32), st.sampled_from([0o000, 0o022, 0o077]))
def test_the_digest_depends_on_content_alone(room, node, random, mtime, umask):
    with tempfile.TemporaryDirectory(dir=room) as name:
        lay(Path(name) / "one", node, lambda items: None, 0)
        before = os.umask(umask)
        try:
            lay(Path(name) / "other", node, random.shuffle, mtime)
        finally:
            os.umask(before)
        one, other = (captured(Path(name) / which, MemoryBlobs()) for which in ("one", "other"))
    assert one == other
    assert one.digest == other.digest


@in_memory_only
@given(folders, st.sampled_from([0o000, 0o022, 0o077]))
def test_out_of_the_store_and_in_again_is_the_same_tree(room, node, umask):
    with tempfile.TemporaryDirectory(dir=room) as name:
        folder, blobs = Path(name), LocalBlobs(Path(name) / "store")
        lay(folder / "made", node, lambda items: None, 0)
        tree = captured(folder / "made", blobs)
        assert load(blobs, save(blobs, tree)) == tree
        before = os.umask(umask)
        try:
            checkout.to_write(tree, folder / "write", blobs, None)
            checkout.to_read(tree, folder / "read", blobs)
        finally:
            os.umask(before)
        assert captured(folder / "write", MemoryBlobs()) == tree
        assert captured(folder / "read", MemoryBlobs()) == tree


@given(st.lists(st.tuples(names | odd_names, st.booleans()), unique_by=lambda pair: pair[0]), st.randoms())
def test_the_order_of_entries_does_not_matter(pairs, random):
    def entry(pair: tuple[str, bool]) -> Entry:
        return LinkEntry(path=pair[0], target="t") if pair[1] else FolderEntry(path=pair[0])

    tree = Tree.of([entry(pair) for pair in pairs])
    random.shuffle(pairs)
    assert Tree.of([entry(pair) for pair in pairs]) == tree
    assert Tree.from_bytes(tree.to_bytes()) == tree


def test_files_and_size():
    one, two = (FileEntry(path=path, digest=Digest(EMPTY), size=3) for path in ("a", "b/c"))
    tree = Tree.of([two, FolderEntry(path="d"), one])
    assert (tree.files, tree.size) == ({"a": one, "b/c": two}, 6)


def file(path: str, **more: object) -> dict:
    return {"kind": "file", "path": path, "digest": EMPTY, "size": 0, "executable": False, **more}


def link(path: str, target: str) -> dict:
    return {"kind": "link", "path": path, "target": target}


def folder(path: str) -> dict:
    return {"kind": "folder", "path": path}


HOSTILE = {
    "..": [file("..")],
    "out": [file("../out")],
    "out and in": [file("a/../../out")],
    "absolute": [file("/etc/passwd")],
    "NUL": [file("a\0b")],
    "empty": [file("")],
    "dot": [folder("./a")],
    "two slashes": [file("a//b")],
    "slash at the end": [folder("a/")],
    "one path twice": [file("a"), file("a")],
    "a file and a folder": [file("a"), folder("a")],
    "not in order": [file("b"), file("a")],
    "through a link": [link("out", "/tmp"), file("out/x")],
    "through a link, further down": [link("a", ".."), folder("a-b"), file("a/b/c/d")],
    "in a file": [file("a"), file("a/b")],
    "in an empty folder": [folder("a"), folder("a/b")],
    "link to nothing": [link("a", "")],
    "link to NUL": [link("a", "x\0y")],
    "less than nothing": [file("a", size=-1)],
    "unknown kind": [{"kind": "device", "path": "a"}],
    "unknown field": [file("a", mode=0o4755)],
    "no digest": [file("a", digest="sha256:00")],
}


@pytest.mark.parametrize("entries", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused(entries):
    with pytest.raises(Corruption, match="not a Tree"):
        Tree.from_bytes(canonical({"format": "orchestrator.tree/1", "entries": entries}))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format":"orchestrator.tree/2","entries":[]}',
        b'{"entries":[{"kind":"folder","path":"\xff"}]}',
    ],
)
def test_what_is_no_document(document):
    with pytest.raises(Corruption, match="not a Tree"):
        Tree.from_bytes(document)


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b\0"]), min_size=1, max_size=6).map("/".join))
def test_only_paths_that_stay_inside_are_taken(path):
    document = canonical({"format": "orchestrator.tree/1", "entries": [folder(path)]})
    if set(path.split("/")) == {"a"}:
        assert Tree.from_bytes(document).entries == (FolderEntry(path=path),)
    else:
        with pytest.raises(Corruption):
            Tree.from_bytes(document)
