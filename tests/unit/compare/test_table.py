"""Runs side by side, and code line by line."""

from __future__ import annotations

import io

import pytest

from orchestrator.compare.table import ComparedRow, section
from orchestrator.compare.unified import MAX_BYTES, Code, Effort
from orchestrator.compare.unified import compare_code as compare
from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store import tree
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.tree import FileEntry, LinkEntry, Tree


def test_rows_that_are_equal_are_counted_and_left_out():
    found = section("parameters", [{"lr": "0.1", "seed": "1"}, {"lr": "0.2", "seed": "1"}, {"seed": "1", "new": ""}])
    assert found.equal == 1
    assert found.rows == (ComparedRow("lr", ("0.1", "0.2", "")), ComparedRow("new", ("", "", "")))


def test_nothing_to_compare():
    assert section("data", [{}, {}]) == section("data", [])
    assert (section("data", [{}, {}]).rows, section("data", [{}, {}]).equal) == ((), 0)


def compare_code(left, right, blobs, effort=None):
    return compare(Code("one", left), Code("other", right), blobs, effort or Effort())


@pytest.fixture
def blobs():
    return MemoryBlobs()


def code(blobs, **files: bytes) -> Digest:
    entries = [
        FileEntry(path=name.replace("_", "."), digest=blobs.put(io.BytesIO(data)), size=len(data))
        for name, data in sorted(files.items())
    ]
    return tree.save(blobs, Tree(entries=tuple(entries)))


def test_a_changed_line_and_its_surroundings(blobs):
    left, right = code(blobs, job_py=b"a\nb\nc\n", same=b"x"), code(blobs, job_py=b"a\nB\nc\n", same=b"x")
    (found,) = compare_code(left, right, blobs)
    assert (found.path, found.left, found.right) == ("job.py", "one", "other")
    assert found.lines == ("--- a/job.py", "+++ b/job.py", "@@ -1,3 +1,3 @@", " a", "-b", "+B", " c")
    assert list(compare_code(left, left, blobs)) == []


def test_files_that_came_and_went(blobs):
    gone, new = compare_code(code(blobs, a=b"1\n"), code(blobs, b=b"2\n"), blobs)
    assert gone.lines == ("--- a/a", "+++ /dev/null", "@@ -1 +0,0 @@", "-1")
    assert new.lines == ("--- /dev/null", "+++ b/b", "@@ -0,0 +1 @@", "+2")


@pytest.mark.parametrize("data", [b"\0\1", b"\xff\xfe", b"x" * (MAX_BYTES + 1)])
def test_what_is_no_text_or_too_long_is_one_line(blobs, data):
    (found,) = compare_code(code(blobs, f=b"1"), code(blobs, f=data), blobs)
    (line,) = found.lines
    assert line.startswith("1 B, ")


def test_effort_has_an_end_for_all_files_together(blobs):
    left = code(blobs, a=b"1\n" * 50, b=b"1\n" * 50, c=b"same\n" * 999 + b"x")
    right = code(blobs, a=b"2\n" * 50, b=b"2\n" * 50, c=b"same\n" * 999 + b"y")
    found = {one.path: one.lines for one in compare_code(left, right, blobs, Effort(2500 + 100 + 2001))}
    assert len(found["a"]) > 100
    assert len(found["b"]) == 1  # a has spent it
    assert found["c"][-2:] == ("-x", "+y")  # what is alike at both ends costs little


def test_values_are_compared_whole_and_shown_short():
    found = section("parameters", [{"prompt": "x" * 500 + "a"}, {"prompt": "x" * 500 + "b"}])
    assert len(found.rows) == 1
    assert len(found.rows[0].values[0]) == 200


def test_only_the_mode_or_a_link_differs(blobs):
    digest = blobs.put(io.BytesIO(b"x"))
    plain, executable = (
        tree.save(blobs, Tree(entries=(FileEntry(path="f", digest=digest, size=1, executable=mode),)))
        for mode in (False, True)
    )
    (found,) = compare_code(plain, executable, blobs)
    assert found.lines
    linked = tree.save(blobs, Tree(entries=(LinkEntry(path="f", target="/etc/passwd"),)))
    (found,) = compare_code(plain, linked, blobs)
    assert found.lines[-1] == "-x"


def test_control_characters_do_not_come_through(blobs):
    (found,) = compare_code(code(blobs, f=b"a\x1b[31m\n"), code(blobs, f=b"b\n"), blobs)
    assert all(line.isprintable() for line in found.lines)


def test_code_that_is_gone(blobs):
    with pytest.raises(NotFound):
        list(compare_code(code(blobs, f=b"1"), Digest("sha256:" + "0" * 64), blobs))
