"""Tar archives, uncompressed: members by name with mode, owner and target. Times and padding are not content."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import partial
from typing import IO, cast

from orchestrator.compare.content.members import Member, by_name, compare_members
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.content.trailing import trailing
from orchestrator.compare.difference import Difference

_MARK = slice(257, 262)
_TIMES = frozenset({"mtime", "atime", "ctime"})


def knows(side: Side) -> bool:
    """By the mark in its first header."""
    return side.head()[_MARK] == b"ustar"


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Member by member; then what stands behind the end, another archive perhaps."""
    with _opened(left) as one, _opened(right) as other:
        members = _members(one), _members(other)
        ends = one.offset, other.offset
        yield from compare_members(*members, desk)
    behind = [trailing(side, end, desk) for side, end in zip((left, right), ends, strict=True)]
    if behind[0] != behind[1]:
        yield Difference(name="(behind the end)", state="changed", detail="bytes behind the archive's end differ")


def _opened(side: Side) -> tarfile.TarFile:
    side.stream.seek(0)
    return tarfile.open(fileobj=side.stream, mode="r:")


def _members(archive: tarfile.TarFile) -> dict[str, Member]:
    return by_name(_member(archive, info) for info in archive)


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    if info.issparse():
        raise Unreadable("a sparse member")
    more = sorted((key, value) for key, value in info.pax_headers.items() if key not in _TIMES | {"path", "linkpath"})
    about: dict[str, str | int] = {
        "type": info.type.decode("ascii", "replace"),
        "mode": info.mode,
        "owner": f"{info.uid}:{info.gid} {info.uname}:{info.gname}",
        "target": info.linkname,
        "device": f"{info.devmajor}:{info.devminor}" if info.ischr() or info.isblk() else "",
        "headers": repr([(key, value) for key, value in more if key not in ("uid", "gid", "uname", "gname", "size")]),
    }
    held = info.isreg() or info.type not in tarfile.SUPPORTED_TYPES
    opener = partial(_open, archive, info) if held else None
    return Member(info.name, tuple(about.items()), info.size, opener)


def _open(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return cast(IO[bytes], archive.extractfile(info))


TAR = Comparator("tar", knows, compare)
