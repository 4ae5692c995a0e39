"""What is found in a folder, and files that change while they are stored."""

from __future__ import annotations

import io
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from orchestrator.digest import Digest
from orchestrator.errors import UsageError
from orchestrator.store.capture import ChangedWhileRead, Found, capture, find, store_file
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.verified import Verified

LONG_AGO = 10**18
"""ns: a change of today leaves another time."""


def everything(path: str) -> bool:
    return False


class Interrupted(MemoryBlobs):
    """Reads half of what it is given, lets something happen, then reads the rest."""

    def __init__(self, happens) -> None:
        super().__init__()
        self._happens = happens

    def put(self, stream: IO[bytes]) -> Digest:
        half = stream.read(100_000)
        self._happens()
        return super().put(io.BytesIO(half + stream.read()))


@pytest.fixture
def big(tmp_path) -> Path:
    path = tmp_path / "big"
    path.write_bytes(b"a" * 200_000)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    time.sleep(0.02)  # the clock of file times ticks every few milliseconds
    return path


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"b")


def overwrite(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.write(b"b" * 200_000)


def overwrite_and_set_the_time_back(path: Path) -> None:
    overwrite(path)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def cut(path: Path) -> None:
    os.truncate(path, 150_000)


def cut_and_grow_back(path: Path) -> None:
    os.truncate(path, 0)
    os.truncate(path, 200_000)


def put_another_in_its_place(path: Path) -> None:
    path.with_name("new").write_bytes(b"new")
    path.with_name("new").replace(path)


CHANGES = [append, overwrite, overwrite_and_set_the_time_back, cut, cut_and_grow_back, put_another_in_its_place]


class TestChangedWhileRead:
    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
    def test_it_is_noticed(self, big, change):
        with pytest.raises(ChangedWhileRead, match=str(big)):
            store_file(big, Interrupted(lambda: change(big)))

    def test_a_file_that_only_is_read_by_others_has_not_changed(self, big):
        assert store_file(big, Interrupted(big.read_bytes)) == Digest.of(b"a" * 200_000)


class TestWhatIsNoFile:
    def test_a_fifo_does_not_hold_us_up(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UsageError, match="neither file"):
            capture(tmp_path, Found(files=["pipe"]), MemoryBlobs())

    @pytest.mark.parametrize("adopt", [False, True])
    def test_a_link_put_in_its_place_is_not_followed(self, tmp_path, adopt):
        (tmp_path / "secret").write_bytes(b"secret")
        (tmp_path / "link").symlink_to("secret")
        blobs = LocalBlobs(tmp_path / "store")
        with pytest.raises(UsageError, match="link"):
            capture(tmp_path, Found(files=["link"]), blobs, adopt=blobs if adopt else None)
        assert list(blobs.list()) == []

    @pytest.mark.parametrize("adopt", [False, True])
    def test_a_file_that_went_away(self, tmp_path, adopt):
        blobs = LocalBlobs(tmp_path / "store")
        with pytest.raises(UsageError, match="No such file"):
            capture(tmp_path, Found(files=["gone"]), blobs, adopt=blobs if adopt else None)

    def test_a_folder_that_is_none(self, tmp_path):
        with pytest.raises(UsageError, match="No such file"):
            find(tmp_path / "gone", everything)


class TestFind:
    def test_everything_by_kind(self, tmp_path):
        (tmp_path / "a/b").mkdir(parents=True)
        (tmp_path / "a/empty").mkdir()
        (tmp_path / "a/b/file").touch()
        (tmp_path / "a/to-folder").symlink_to("b")
        (tmp_path / "dangling").symlink_to("nowhere")
        os.mkfifo(tmp_path / "pipe")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "socket"))
        found = find(tmp_path, everything)
        assert found.files == ["a/b/file"]
        assert sorted(found.links) == ["a/to-folder", "dangling"]
        assert found.folders == ["a/empty"]
        assert found.refused == [
            "'pipe': neither file, folder nor symbolic link",
            "'socket': neither file, folder nor symbolic link",
        ]

    def test_what_is_not_utf_8_is_named(self, tmp_path):
        (tmp_path / os.fsdecode(b"file\xff")).touch()
        (tmp_path / os.fsdecode(b"folder\xff")).mkdir()
        (tmp_path / "link").symlink_to(os.fsdecode(b"\xff"))
        found = find(tmp_path, everything)
        assert (found.files, found.links, found.folders) == ([], [], [])
        assert [text.encode().count(b"its name is not UTF-8") for text in found.refused] == [1, 1, 1]

    def test_what_is_left_out_is_not_looked_into(self, tmp_path):
        (tmp_path / "out/deep").mkdir(parents=True)
        (tmp_path / "in").mkdir()
        (tmp_path / "in/file").touch()
        (tmp_path / "looks-like").symlink_to("out")
        asked = []
        found = find(tmp_path, lambda path: asked.append(path) or path == "out/")
        assert sorted(asked) == ["in/", "in/file", "looks-like", "out/"]
        assert (found.files, found.links, found.folders) == (["in/file"], ["looks-like"], [])

    def test_an_empty_root_has_nothing_in_it(self, tmp_path):
        assert find(tmp_path, everything) == Found()


class TestAdopt:
    def test_files_are_linked(self, tmp_path):
        blobs = Verified(LocalBlobs(tmp_path / "store"))
        (tmp_path / "out").mkdir()
        (tmp_path / "out/model").write_bytes(b"weights")
        (tmp_path / "out/run").write_bytes(b"#!")
        (tmp_path / "out/run").chmod(0o700)
        model, run = capture(tmp_path / "out", find(tmp_path / "out", everything), blobs, adopt=blobs)
        assert (model.executable, run.executable, model.size) == (False, True, 7)
        assert blobs.path(model.digest).samefile(tmp_path / "out/model")

    def test_a_file_with_another_name_is_copied(self, tmp_path):
        """The blob must not change where something writes to the other name."""
        blobs = Verified(LocalBlobs(tmp_path / "store"))
        (tmp_path / "out").mkdir()
        (tmp_path / "kept-by-the-job").write_bytes(b"weights")
        (tmp_path / "out/model").hardlink_to(tmp_path / "kept-by-the-job")
        capture(tmp_path / "out", Found(files=["model"]), blobs, adopt=blobs)
        (tmp_path / "kept-by-the-job").write_bytes(b"changed")
        assert blobs.get(Digest.of(b"weights")).read() == b"weights"

    def test_a_second_attempt_copies_nothing_that_is_there(self, tmp_path):
        """The first may have failed because the disk is full; a blob that was damaged since is copied anew."""
        blobs = Verified(LocalBlobs(tmp_path / "store"))
        (tmp_path / "out").mkdir()
        (tmp_path / "out/model").write_bytes(b"weights")
        first, second = (capture(tmp_path / "out", Found(files=["model"]), blobs, adopt=blobs) for _ in range(2))
        assert first == second
        assert blobs.path(first[0].digest).samefile(tmp_path / "out/model")
        place = blobs.path(first[0].digest)
        place.unlink()
        place.write_bytes(b"damaged")
        (tmp_path / "out/other").hardlink_to(tmp_path / "out/model")
        assert capture(tmp_path / "out", Found(files=["model"]), blobs, adopt=blobs) == first
        assert blobs.get(first[0].digest).read() == b"weights"

    def test_many_names_of_one_file(self, tmp_path):
        """Adopting one sets its time: it must not look like a change to those who read the others."""
        blobs = Verified(LocalBlobs(tmp_path / "store"))
        (tmp_path / "out").mkdir()
        data = os.urandom(2 << 20)
        (tmp_path / "out/0").write_bytes(data)
        for number in range(1, 20):
            (tmp_path / f"out/{number}").hardlink_to(tmp_path / "out/0")
        entries = capture(tmp_path / "out", find(tmp_path / "out", everything), blobs, adopt=blobs)
        assert {entry.digest for entry in entries} == {Digest.of(data)}
        assert len(entries) == 20

    def test_many_files_of_one_content(self, tmp_path):
        blobs = Verified(LocalBlobs(tmp_path / "store"))
        (tmp_path / "out").mkdir()
        for number in range(50):
            (tmp_path / f"out/{number}").write_bytes(b"same")
        with ThreadPoolExecutor(2) as pool:  # two captures at once, as two runs would
            found = find(tmp_path / "out", everything)
            halves = [Found(files=found.files[half::2]) for half in (0, 1)]
            done = list(pool.map(lambda half: capture(tmp_path / "out", half, blobs, adopt=blobs), halves))
        assert {entry.digest for entries in done for entry in entries} == {Digest.of(b"same")}
        assert list(blobs.list()) == [Digest.of(b"same")]
        assert os.listdir(tmp_path / "store/tmp") == []
