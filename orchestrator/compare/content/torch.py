"""What ``torch.save`` writes: a zip of one pickle and the storages it refers to. The archive's name is not content.

TorchScript and exported programs are such zips too; their other members are compared one by one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial

from orchestrator.compare.content import zip as zips
from orchestrator.compare.content.members import Member, by_name, compare_members
from orchestrator.compare.content.pickled.compare import Comparison
from orchestrator.compare.content.pickled.machine import Bounded, Machine
from orchestrator.compare.content.pickled.torch import Bytes, Storages
from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference

_PICKLE = "data.pkl"
_NOT_CONTENT = frozenset({".data/serialization_id", ".format_version", ".storage_alignment"})
_MOST_PICKLE = 256 << 20


def knows(side: Side) -> bool:
    """A zip with one folder, in which ``data.pkl`` stands."""
    if not zips.knows(side):
        return False
    with zips.opened(side) as archive:
        return _folder(archive) is not None


def compare(left: Side, right: Side, desk: Desk) -> Iterator[Difference]:
    """What was saved, tensor by tensor; then what else there is."""
    with zips.opened(left) as one, zips.opened(right) as other:
        before, after = _Saved(one, desk), _Saved(other, desk)
        yield from zips.outside(one, other, desk)
        yield from Comparison(before.storages, after.storages).run(before.pickle(), after.pickle())
        yield from compare_members(before.others(), after.others(), desk)


class _Saved:
    """One archive."""

    def __init__(self, archive: zipfile.ZipFile, desk: Desk) -> None:
        self._archive = archive
        self._desk = desk
        folder = _folder(archive) or ""
        self._by_name = by_name(zips.members(archive).values())
        self._infos = {name.removeprefix(folder): archive.getinfo(name) for name in archive.namelist()}
        if len(self._infos) != len(archive.namelist()):
            raise Unreadable("two members of one name")
        keys = [name for name in self._infos if name.startswith("data/")]
        self.storages = Storages(
            {name.removeprefix("data/"): self._bytes(name) for name in keys}, desk.budget, self._byteorder()
        )

    def pickle(self) -> object:
        """What ``data.pkl`` describes."""
        info = self._infos[_PICKLE]
        if info.file_size > _MOST_PICKLE:
            raise Unreadable(f"a pickle of more than {_MOST_PICKLE >> 20} MiB")
        self._desk.budget.spend(info.file_size)
        with self._archive.open(info) as stream:
            return Machine(Bounded(stream, info.file_size)).run()

    def others(self) -> dict[str, Member]:
        """The members that are neither the pickle nor its storages."""
        names = [name for name in self._infos if name != _PICKLE and name not in _NOT_CONTENT]
        rest = [name for name in names if not name.startswith("data/")]
        return {
            name: Member(name, (), self._infos[name].file_size, partial(self._archive.open, self._infos[name]))
            for name in rest
            if not self._infos[name].is_dir()
        }

    def _bytes(self, name: str) -> Bytes:
        return Bytes(self._infos[name].file_size, partial(self._archive.open, self._infos[name]))

    def _byteorder(self) -> str:
        if "byteorder" not in self._infos:
            return "little"
        with self._archive.open(self._infos["byteorder"]) as stream:
            return stream.read(16).decode("ascii", "replace")


def _folder(archive: zipfile.ZipFile) -> str | None:
    """``name/`` where the archive holds ``name/data.pkl``."""
    names = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith(f"/{_PICKLE}")]
    return names[0].removesuffix(_PICKLE) if len(names) == 1 else None


TORCH = Comparator("torch", knows, compare)
