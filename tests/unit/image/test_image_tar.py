"""Our tar, read by Python's."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.image.tar import BLOCK, FOLDER, Entry, header, member, stream

MTIME = 315_532_800

part = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=60).filter(
    lambda text: text not in (".", "..")
)
target = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=150)
paths = st.lists(part, min_size=1, max_size=4).map("/".join)
entries = (
    st.builds(Entry, mode=st.sampled_from([0o644, 0o755, 0o4755]), data=st.binary(max_size=1500))
    | st.builds(Entry, link=target)
    | st.just(FOLDER)
)


def behind(data: bytes, size: int | None = None, mode: int = 0o644) -> Entry:
    return Entry(mode=mode, open=lambda: io.BytesIO(data), size=len(data) if size is None else size)


def tar(content: dict[str, Entry]) -> bytes:
    return b"".join(stream(content, MTIME))


def read(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data), errorlevel=2) as archive:
        return {item.name: item for item in archive}


def content_of(data: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile(name)
        assert file is not None
        return file.read()


def no_file_is_a_folder(content: dict[str, Entry]) -> bool:
    return not any(
        path.startswith(f"{other}/") for other, entry in content.items() if entry != FOLDER for path in content
    )


@given(st.dictionaries(paths, entries, max_size=8).filter(no_file_is_a_folder), st.randoms())
def test_python_reads_what_we_wrote(content, random):
    data = tar(content)
    found = read(data)
    assert content.keys() <= found.keys()
    for name, entry in content.items():
        item = found[name]
        if entry.link is not None:
            assert (item.issym(), item.linkname) == (True, entry.link)
        elif entry.data is not None:
            assert (item.isreg(), item.mode, content_of(data, name)) == (True, entry.mode, entry.data)
        else:
            assert (item.isdir(), item.mode) == (True, 0o755)
    assert len(data) % BLOCK == 0
    assert data.endswith(bytes(2 * BLOCK))
    shuffled = list(content.items())
    random.shuffle(shuffled)
    assert tar(dict(shuffled)) == data


@pytest.mark.parametrize("length", [99, 100, 101, 255, 300, 5000])
@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_long_names(length, letter):
    name, long_target = letter * length, letter * (length + 1)
    found = read(tar({name: Entry(data=b"x"), "l": Entry(link=long_target), f"d/{name}": FOLDER}))
    assert found.keys() == {name, "l", "d", f"d/{name}"}
    assert found["l"].linkname == long_target


def test_names_are_in_order_and_parents_come_first():
    content = {"b/c/d": Entry(data=b""), "a-b": FOLDER, "a/x": Entry(data=b""), "b/c": Entry(mode=0o700)}
    found = read(tar(content))
    assert list(found) == ["a", "a-b", "a/x", "b", "b/c", "b/c/d"]
    assert {name: item.mode for name, item in found.items() if item.isdir()} == {
        "a": 0o755, "a-b": 0o755, "b": 0o755, "b/c": 0o700,
    }  # fmt: skip


def test_nothing_of_this_machine_is_in_it():
    for item in read(tar({"f": Entry(data=b"x"), "l": Entry(link="f"), "d": FOLDER})).values():
        assert (item.uid, item.gid, item.uname, item.gname, item.mtime) == (0, 0, "", "", MTIME)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, (1 << 20) + 1])
def test_bytes_behind_a_door(size):
    data = bytes(number % 251 for number in range(size))
    written = tar({"f": behind(data), "g": Entry(data=b"after")})
    assert content_of(written, "f") == data
    assert content_of(written, "g") == b"after"
    assert written == tar({"f": Entry(data=data), "g": Entry(data=b"after")})


@pytest.mark.parametrize("announced", [0, 4, 6, 1000])
def test_another_size_than_announced(announced):
    with pytest.raises(ValueError, match=f"f: {announced} bytes were announced, 5 came"):
        tar({"f": behind(b"12345", announced)})


@pytest.mark.parametrize("size", [8**11 - 1, 8**11, 2**40, 2**63])
def test_big_sizes(size):
    """The header alone: Python reads the size that stands in it, and seeks there."""
    item = tarfile.open(fileobj=io.BytesIO(header("big", size, 0o644, b"0", MTIME)), mode="r|").next()  # noqa: SIM115
    assert item is not None
    assert (item.name, item.size) == ("big", size)


def test_it_is_made_while_it_is_read():
    opened = []

    def door() -> io.BytesIO:
        opened.append(True)
        return io.BytesIO(b"x")

    pieces = member("f", Entry(open=door, size=1))
    assert len(next(pieces)) == BLOCK
    assert opened == []
    assert b"".join(pieces) == b"x" + bytes(BLOCK - 1)
