"""Streams made of pieces, and durable files."""

from __future__ import annotations

import io
import os
import resource
import stat
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.digest import Digest
from orchestrator.errors import NotFound
from orchestrator.store import durable
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.streams import chunks, from_chunks, put_bytes, seekable


@given(st.lists(st.binary(max_size=30)), st.lists(st.integers(-1, 20) | st.none(), max_size=20))
def test_any_reads_come_to_the_whole(pieces, sizes):
    stream = from_chunks(pieces)
    read = [stream.read(size) for size in sizes]
    assert b"".join([*read, stream.read()]) == b"".join(pieces)
    assert stream.read() == stream.read(5) == b""


def test_it_is_made_only_while_it_is_read():
    made = []

    def make():
        for number in range(3):
            made.append(number)
            yield b"%d" % number

    stream = from_chunks(make())
    assert made == []
    assert stream.read(1) == b"0"
    assert made == [0]
    assert stream.read() == b"12"


def test_a_tar_can_be_read_from_it():
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    data = written.getvalue()
    with tarfile.open(fileobj=from_chunks(data[at : at + 7] for at in range(0, len(data), 7)), mode="r|") as archive:
        assert archive.getnames() == ["a"]


def test_chunks_close_what_they_read():
    stream = io.BytesIO(b"x" * (3 << 20))
    assert b"".join(chunks(stream)) == b"x" * (3 << 20)
    assert stream.closed


def test_bytes_that_are_there_are_not_written_again():
    class OneTime(MemoryBlobs):
        def put(self, stream):
            assert not self.has(Digest.of(b"x"))
            return super().put(stream)

    blobs = OneTime()
    assert put_bytes(blobs, b"x") == put_bytes(blobs, b"x") == Digest.of(b"x")


def test_a_blob_to_move_about_in():
    blobs = MemoryBlobs()
    with seekable(blobs, put_bytes(blobs, b"abc")) as stream:
        assert (stream.seek(1), stream.read(), stream.seek(0), stream.read(1)) == (1, b"bc", 0, b"a")
    with pytest.raises(NotFound):
        seekable(blobs, Digest.of(b"absent"))


class TestDurable:
    @pytest.mark.parametrize("umask", [0o000, 0o077])
    def test_a_file_is_replaced_whole(self, tmp_path, umask):
        before = os.umask(umask)
        try:
            durable.write(tmp_path / "f", b"old" * 1000)
            with (tmp_path / "f").open("rb") as reader:
                durable.write(tmp_path / "f", b"new", mode=0o640)
                assert reader.read() == b"old" * 1000
        finally:
            os.umask(before)
        assert (tmp_path / "f").read_bytes() == b"new"
        assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640
        assert os.listdir(tmp_path) == ["f"]

    def test_a_failure_leaves_the_old_file_alone(self, tmp_path):
        durable.write(tmp_path / "f", b"old")
        with pytest.raises(TypeError):
            durable.write(tmp_path / "f", "no bytes")
        assert (tmp_path / "f").read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["f"]

    def test_where_there_is_no_room_the_old_file_stays(self, tmp_path):
        durable.write(tmp_path / "f", b"old")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                durable.write(tmp_path / "f", b"n" * 5000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / "f").read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["f"]

    def test_folders_are_private_and_made_once(self, tmp_path):
        before = os.umask(0)
        try:
            durable.make_folder(tmp_path / "a" / "b")
        finally:
            os.umask(before)
        (tmp_path / "a").chmod(0o755)
        durable.make_folder(tmp_path / "a" / "b")
        assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755
