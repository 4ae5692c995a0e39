"""Zip archives, NumPy's ``.npz`` among them: members by name. Times, and how they are packed, are not content."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from typing import IO

from orchestrator.compare.content.members import MOST, Member, by_name, compare_members
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.content.zip_layout import unclaimed
from orchestrator.compare.difference import Difference, leaf

_ENCRYPTED = 1


def knows(side: Side) -> bool:
    """By its first bytes: a first member, or the end of an archive without any."""
    return side.head(4) in (b"PK\x03\x04", b"PK\x05\x06")


def knows_npz(side: Side) -> bool:
    """A zip whose members are arrays."""
    if not knows(side):
        return False
    with opened(side) as archive:
        names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """Comments, then member by member."""
    with opened(left) as one, opened(right) as other:
        yield from outside(one, other, desk)
        yield from compare_members(members(one), members(other), desk)


def outside(left: zipfile.ZipFile, right: zipfile.ZipFile, desk: Desk) -> Iterator[Difference]:
    """What an archive says besides its members: its comment, and bytes that belong to nothing."""
    if left.comment != right.comment:
        yield leaf("(comment)", repr(left.comment), repr(right.comment))
    if unclaimed(left, desk) != unclaimed(right, desk):
        yield Difference(name="(between members)", state="changed", detail="bytes that belong to no member differ")


def opened(side: Side) -> zipfile.ZipFile:
    """The archive.

    Raises:
        Unreadable: it is none, or has too many members.
    """
    try:
        archive = zipfile.ZipFile(side.stream)
    except zipfile.BadZipFile as error:
        raise Unreadable(str(error)) from error
    if len(archive.filelist) > MOST:
        raise Unreadable(f"more than {MOST:,} members")
    return archive


def members(archive: zipfile.ZipFile) -> dict[str, Member]:
    """Its members by name."""
    return by_name(_member(archive, info) for info in archive.infolist())


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("encrypted")
    about = (("attributes", info.external_attr), ("comment", repr(info.comment)))
    opener = None if info.is_dir() and not info.file_size else partial(_open, archive, info)
    return Member(info.filename, about, info.file_size, opener)


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    return archive.open(info)


ZIP = Comparator("zip", knows, compare)
NPZ = Comparator("npz", knows_npz, compare)
