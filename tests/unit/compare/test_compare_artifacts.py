from __future__ import annotations

from orchestrator.compare.content.port import Comparator
from orchestrator.compare.difference import Difference
from orchestrator.compare.outcomes import compare_outcomes
from orchestrator.digest import Digest
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry


def section(difference: Difference, name: str) -> Difference:
    node = difference.child(name)
    assert node is not None
    return node


def test_equal_files_are_not_opened_and_equal_parts_are_read_once(bench):
    left = bench.outcome({"loss": [(0, 1.0)]}, {"outputs/a": b"1", "outputs/b": b"2"})
    right = bench.outcome({"loss": [(0, 1.0)]}, {"outputs/a": b"1", "outputs/b": b"3"})
    compare_outcomes(left, left, bench.blobs, streams={"stdout": (bench.put(b"x"), bench.put(b"x"))})
    assert bench.opened == [left.metrics, left.artifacts]
    bench.opened.clear()
    compare_outcomes(left, right, bench.blobs)
    files = [bench.put(b"2"), bench.put(b"3")]
    assert bench.opened == [left.metrics, left.artifacts, right.artifacts, *files]


def test_artifacts(bench):
    digest = bench.put(b"run")
    left = bench.outcome(
        files={
            "bytes": b"12",
            "kind": b"x",
            "link": LinkEntry(path="link", target="a"),
            "mode": FileEntry(path="mode", digest=digest, size=3),
            "gone": b"1",
        }
    )
    right = bench.outcome(
        files={
            "bytes": b"123",
            "kind": FolderEntry(path="kind"),
            "link": LinkEntry(path="link", target="b"),
            "mode": FileEntry(path="mode", digest=digest, size=3, executable=True),
            "new": b"1",
        }
    )
    node = section(compare_outcomes(left, right, bench.blobs), "artifacts")
    told = {child.name: child.summary for child in node.children}
    assert told["bytes"].startswith("other content, 2 → 3 bytes, ")
    assert told["kind"] == "a file became a folder"
    assert told["link"] == "link to a → link to b"
    assert told["mode"] == "now executable"
    assert told["gone"].startswith("only on the left: 1 bytes, sha256:")
    assert told["new"].startswith("only on the right: 1 bytes, sha256:")


def test_a_comparator_explains_only_other_bytes(bench):
    def compare(left, right, desk):
        yield Difference(name="text", state="changed", left=left.head().decode(), right=right.head().decode())

    texts = Comparator("text", lambda side: side.ends_with(".txt"), compare)
    left = bench.outcome(files={"a.txt": b"1", "b.txt": b"2", "c.bin": b"3"})
    right = bench.outcome(files={"a.txt": b"1", "b.txt": b"X", "c.bin": b"Y"})
    node = section(compare_outcomes(left, right, bench.blobs, comparators=[texts]), "artifacts")
    assert [len(child.children) for child in node.children] == [0, 1, 0]
    assert node.children[1].children[0].right == "X"


def test_a_file_that_the_store_has_not_is_not_looked_into(bench):
    absent = FileEntry(path="a", digest=Digest.of(b"elsewhere"), size=9)
    left, right = bench.outcome(files={"a": b"1"}), bench.outcome(files={"a": absent})
    node = section(compare_outcomes(left, right, bench.blobs), "artifacts").children[0]
    assert node.state == "changed" and node.summary.startswith("not looked into: not in this store; other content")
