from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import numpy as np
import pytest

JSON = b'{"a": 1}', b'{"a":1}', b'{"a": 2}'


def zipped(files, year=2020, packing=zipfile.ZIP_DEFLATED, level=6) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", packing, compresslevel=level) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data, packing)
    return sink.getvalue()


def tarred(files, mtime=0, mode=0o644) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), mtime, mode
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def savez(**arrays) -> bytes:
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_members_are_looked_into_with_the_same_comparators(look, pack):
    found = look("a", pack({"x.json": JSON[0], "y": b"1"}), pack({"x.json": JSON[2], "z": b"1"}))
    assert [(child.name, child.state) for child in found.children] == [
        ("x.json", "changed"),
        ("y", "removed"),
        ("z", "added"),
    ]
    assert (found.children[0].comparator, found.children[0].children[0].name) == ("JSON", "a")


def test_times_order_and_packing_are_not_content(look):
    files = {"a": b"1" * 99, "b": b"2"}
    turned = dict(reversed(files.items()))
    for one, other in [
        (zipped(files), zipped(turned, 2021, zipfile.ZIP_STORED)),
        (tarred(files, 1.5), tarred(turned, 2)),
        (gzip.compress(b"x" * 999, mtime=1), gzip.compress(b"x" * 999, 1, mtime=2)),
        (zlib.compress(b"x" * 5000 + b"y", 0), zlib.compress(b"x" * 5000 + b"y", 9)),
        (bz2.compress(b"x" * 999999, 1), bz2.compress(b"x" * 999999, 9)),
        (lzma.compress(b"x" * 999, preset=1), lzma.compress(b"x" * 999, preset=9, check=lzma.CHECK_SHA256)),
    ]:
        found = look("a", one, other)
        assert found.state == "content", found
        assert found.comparator in found.detail


def test_what_is_equal_by_content_within_is_so_outside_too(look):
    found = look("a.zip", zipped({"x.json": JSON[0]}), zipped({"x.json": JSON[1]}))
    assert (found.state, found.children[0].state) == ("content", "content")
    assert found.comparators == {"zip", "JSON"}
    deeper = look("a.tar.gz", *(gzip.compress(tarred({"x.json": data}), mtime=7) for data in JSON[:2]))
    assert deeper.comparators == {"gzip", "tar", "JSON"}


def test_modes_targets_and_comments_are_content(look):
    assert look("a.tar", tarred({"a": b""}), tarred({"a": b""}, mode=0o755)).children[0].name == "a (mode)"
    one = io.BytesIO()
    with zipfile.ZipFile(one, "w") as archive:
        archive.comment = b"x"
    assert look("a.zip", zipped({}), one.getvalue()).children[0].name == "(comment)"


def test_npz(look, told):
    one, other = savez(w=np.ones((2, 2)), b=np.zeros(3)), savez(w=np.ones((2, 2)), b=np.array([0, 0, 1.0]))
    found = look("a.npz", one, other)
    assert found.comparator == "npz"
    (member,) = found.children
    assert (member.name, member.comparator) == ("b.npy", "npy")
    assert told(member)["array"].startswith("1 of 3 differ (float64 [3]), first at [2]: 0.0 → 1.0")
    packed = io.BytesIO()
    np.savez_compressed(packed, w=np.ones((2, 2)), b=np.zeros(3))
    assert look("a.npz", one, packed.getvalue()).detail == "equal by content (npz)"


def test_several_members_of_one_name(look):
    def twice(second):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive, pytest.warns(UserWarning):
            for data in (b"1", second):
                archive.writestr(zipfile.ZipInfo("a"), data)
        return sink.getvalue()

    assert [child.name for child in look("x", twice(b"2"), twice(b"3")).children] == ["a#2"]


def test_a_bomb_is_given_up(look, monkeypatch):
    monkeypatch.setattr("orchestrator.compare.content.port._ALLOWANCE", 4 << 20)
    zeros = bytes(16 << 20)
    for name, one, other in [
        ("a.zip", zipped({"a": zeros}), zipped({"a": zeros}, 2021)),
        ("a.gz", gzip.compress(zeros, mtime=1), gzip.compress(zeros, mtime=2)),
        ("a", zlib.compress(zeros, 1), zlib.compress(zeros, 9)),
        ("a.xz", lzma.compress(zeros), lzma.compress(zeros, check=lzma.CHECK_SHA256)),
    ]:
        found = look(name, one, other)
        assert (found.state, found.comparator) == ("changed", "bytes")
        assert "too much inside" in found.detail


def test_an_archive_in_an_archive_has_an_end(look):
    one, other = b"1", b"2"
    for _ in range(12):
        one, other = zipped({"a.zip": one}), zipped({"a.zip": other})
    found, names = look("a.zip", one, other), []
    while found.children:
        names.append(found.comparator)
        found = found.children[0]
    assert names[:6] == ["zip"] * 6 and len(names) < 12 and found.state == "changed"


def test_an_encrypted_member_is_not_read(look):
    data = bytearray(zipped({"a": b"1"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "not readable as zip: encrypted" in look("a.zip", bytes(data), zipped({"a": b"2"})).detail


def test_names_of_several_members_that_could_be_mistaken(look):
    def three(second):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive, pytest.warns(UserWarning):
            for name, data in (("a", b"1"), ("a", second), ("a#2", b"3")):
                archive.writestr(zipfile.ZipInfo(name), data)
        return sink.getvalue()

    assert look("a.zip", three(b"2"), three(b"9")).state == "changed"
    with pytest.warns(UserWarning):
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            for data in (b"1", b"2"):
                archive.writestr(zipfile.ZipInfo("a"), data)
    assert look("a.zip", sink.getvalue(), zipped({"a": b"1", "a#2": b"2"})).state == "changed"


def with_gap(archive: bytes, gap: bytes) -> bytes:
    """Bytes before the directory that belong to nothing."""
    at = archive.index(b"PK\x01\x02")
    moved = bytearray(archive[:at] + gap + archive[at:])
    end = moved.rindex(b"PK\x05\x06")
    moved[end + 16 : end + 20] = (at + len(gap)).to_bytes(4, "little")
    return bytes(moved)


def test_bytes_between_the_members_of_a_zip(look, told):
    one, other = (with_gap(zipped({"a": b"1"}), gap) for gap in (b"HELLO", b"WORLD"))
    assert set(told(look("a.zip", one, other))) == {"(between members)"}
    assert look("a.zip", one, with_gap(zipped({"a": b"1"}, 2021), b"HELLO")).state == "content"
    plain = zipped({"a": b"1"})
    for more in (b"before" + plain, plain + b"behind"):
        assert look("a.zip", plain, more).state == "changed"


class Unseekable(io.BytesIO):
    """Makes zipfile write sizes and sums behind a member's data."""

    def seekable(self):
        return False

    def seek(self, *args):
        raise OSError

    def tell(self):
        raise OSError


def test_sums_behind_a_member_are_packing(look):
    sink = Unseekable()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), b"1" * 99)
    assert look("a.zip", zipped({"a": b"1" * 99}), sink.getvalue()).state == "content"


def test_bytes_behind_the_end(look):
    tars = [tarred({"a": b"1"}) + tarred({"b": data}) for data in (b"2", b"3")]
    assert [child.name for child in look("a.tar", *tars).children] == ["(behind the end)"]
    assert look("a.tar", tars[0], tarred({"a": b"1"})).state == "changed"
    assert look("a.tar", tarred({"a": b"1"}), tarred({"a": b"1"}) + bytes(512)).state == "content"
    packed = bz2.compress(b"a")
    assert look("a.bz2", packed + b"xxx", packed + b"yyy").comparator == "bytes"
    assert look("a.bz2", packed + bz2.compress(b"b"), bz2.compress(b"ab")).state == "content"
    assert look("a.bz2", packed + bz2.compress(b"b"), bz2.compress(b"a")).state == "changed"


def test_devices_are_content(look, told):
    def device(major):
        sink = io.BytesIO()
        with tarfile.open(fileobj=sink, mode="w") as archive:
            info = tarfile.TarInfo("d")
            info.type, info.devmajor = tarfile.CHRTYPE, major
            archive.addfile(info)
        return sink.getvalue()

    assert told(look("a.tar", device(1), device(2))) == {"d (device)": "1:0 → 2:0"}
