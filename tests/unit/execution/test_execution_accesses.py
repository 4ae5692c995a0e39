"""What a job reached for, sorted out: by what its plan declares, whatever stands in the notes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.digest import Digest
from orchestrator.execution.accesses import Accesses, Connection, InputFile, InputFolder, summarise
from orchestrator.execution.trail import MAX_BYTES
from orchestrator.plan import DataPin
from orchestrator.store.tree import FileEntry, LinkEntry, Tree

NOWHERE = Digest.of(b"nothing")
CODE = Tree.of(
    [
        *(FileEntry(path=path, digest=NOWHERE, size=1) for path in ("job.py", "train.csv", "sub/größe.csv")),
        LinkEntry(path="link", target="train.csv"),
    ]
)
DATA = {
    "train": DataPin(kind="tree", digest=NOWHERE, mount="/data/train"),
    "test": DataPin(kind="file", digest=NOWHERE, mount="/data/test/test.csv"),
    "home": DataPin(kind="tree", digest=NOWHERE, mount="/home/job/input"),
}


@pytest.fixture
def noted(bench, tmp_path: Path):
    """Sums up notes; ``notes``: JSON values, or bytes as they are."""

    def sum_up(*notes: object) -> Accesses | None:
        lines = [note if isinstance(note, bytes) else json.dumps(note).encode() + b"\n" for note in notes]
        (tmp_path / wire.ACCESSES).write_bytes(b"".join(lines))
        return summarise(tmp_path, bench.plan(data=DATA), CODE)

    return sum_up


def kinds(accesses: Accesses) -> dict[str, str]:
    return {one.path: one.kind for one in accesses.files}


def test_each_file_is_of_a_kind(noted):
    paths = {
        "/data/train/a/b.png": "data",
        "/data/test/test.csv": "data",
        "/home/job/input/x": "data",
        "/workspace/job.py": "code",
        "/workspace/sub/größe.csv": "code",
        "/proc/cpuinfo": "host",
        "/etc/hosts": "host",
        "/usr/share/zoneinfo/UTC": "image",
        "/data/trainer": "image",
        "/etcetera": "image",
    }
    found = noted(*(["r", path, 7] for path in paths))
    assert kinds(found) == paths
    assert [one.path for one in found.files] == sorted(paths)
    assert {one.size for one in found.files} == {7}
    assert (found.unread, found.missed) == ((), 0)


def test_what_the_job_made_is_no_input(noted):
    made = ["/workspace/log.txt", "/outputs/model", "/tmp/x", "/home/job/.cache/y", "/run/orchestrator/events.jsonl"]
    found = noted(
        *(["r", path, 1] for path in made),
        *(["w", "/dev/shm/torch"], ["r", "/dev/shm/torch", 1]),
        *(["w", "/workspace/train.csv"], ["r", "/workspace/train.csv", 1]),
    )
    assert found.files == ()


def test_what_is_read_before_it_is_changed_is_an_input(noted):
    found = noted(["r", "/workspace/train.csv", 5], ["w", "/workspace/train.csv"], ["r", "/workspace/train.csv", 9])
    assert found.files == (InputFile(path="/workspace/train.csv", size=5, kind="code"),)


def test_a_secret_leaves_no_trace(noted):
    assert noted(["r", "/run/secrets/TOKEN", 40]).files == ()


def test_data_that_was_not_read_is_named(noted):
    assert noted(["r", "/data/train/a", 1], ["r", "/data/test/other", 1]).unread == ("home", "test")
    assert noted(["r", "/data/train/a", 1], ["more", 3]).unread == ()  # nobody can say


def test_many_files_of_a_folder_are_counted(noted):
    found = noted(
        *(["r", f"/data/train/{number}.png", 10] for number in range(51)),
        *(["r", f"/data/train/labels/{number}", 1] for number in range(50)),
    )
    assert found.folders == (InputFolder(path="/data/train", files=51, size=510, kind="data"),)
    assert len(found.files) == 50
    assert found.total("data", "/data/train") == (101, 560)
    assert found.total("data", "/data/trai") == (0, 0)
    assert found.total("code") == (0, 0)


def test_connections_are_counted(noted):
    tries = [["c", "b.example", 443]] * 2 + [["c", "192.0.2.1", 80]] * 3 + [["c", "a.example", 0]]
    assert noted(*tries).connections == (
        Connection(host="192.0.2.1", port=80, tries=3),
        Connection(host="b.example", port=443, tries=2),
        Connection(host="a.example", port=0, tries=1),
    )


def test_names_of_any_bytes_are_recorded(noted):
    found = noted(["r", "/usr/\udcff\n", 1], ["c", "\ud800.example", 1])
    assert found.files[0].path == "/usr/\\udcff\n"
    assert found.connections[0].host == "\\ud800.example"
    assert Accesses.from_bytes(found.to_bytes()) == found


@pytest.mark.parametrize(
    "note",
    [
        *(b"\n", b"\xff\n", b'["r","/a"', b"null\n", b"7\n", b"[]\n", b'{"r": 1}\n', b"[" * 60_000 + b"\n"),
        *(["r"], ["r", "/a"], ["r", 1, 1], ["r", "/a", "1"], ["r", "/a", -1], ["r", "/a", 1.5], ["r", "/a", 2**60]),
        *(["r", "/a", True], ["r", "a", 1], ["r", "/a/../b", 1], ["r", "/a/", 1], ["r", "/" + "a" * 5000, 1]),
        *(["w"], ["w", None], ["w", ""], ["c", "x"], ["c", "", 1], ["c", "x" * 300, 1], ["c", "x", None]),
        *(["more", -1], ["more", None], ["more"], ["x", "/a", 1], [["r"], "/a", 1], b'["more",1e400]\n'),
        b'["more",' + b"9" * 5000 + b"]\n",
    ],
)
def test_what_is_no_note_is_counted(noted, note):
    found = noted(["r", "/usr/a", 1], note)
    assert (len(found.files), found.connections, found.missed) == (1, (), 1)
    assert found.to_bytes()


def test_a_file_without_end_is_read_in_part(noted):
    found = noted(*[b'["r","/usr/%07d",1]\n' % number for number in range(10)], b"x" * (MAX_BYTES + (1 << 20)))
    assert len(found.files) == 10
    assert 0 < found.missed <= MAX_BYTES // (1 << 16) + 2


def test_what_is_listed_has_an_end(noted):
    found = noted(
        *(["r", f"/usr/{number}/x", 1] for number in range(1100)),
        *(["c", f"{number}.example", 1] for number in range(150)),
    )
    assert (len(found.files), len(found.connections), found.missed) == (1000, 100, 150)


def test_large_counts_survive_json(noted):
    found = noted(*(["r", f"/usr/{number}", 2**48] for number in range(60)), *[["more", 2**48]] * 60)
    assert found.to_bytes()


@pytest.mark.parametrize("trap", ["nothing", "a link", "a pipe", "a folder"])
def test_without_a_file_there_is_no_summary(bench, tmp_path, trap):
    file = tmp_path / wire.ACCESSES
    if trap == "a link":
        (tmp_path / "host").write_text('["r","/usr/secret",1]\n')
        file.symlink_to("host")
    elif trap == "a pipe":
        os.mkfifo(file)
    elif trap == "a folder":
        file.mkdir()
    assert summarise(tmp_path, bench.plan(), CODE) is None
