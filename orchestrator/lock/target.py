"""What an image can run: the wheel tags of its interpreter and glibc, not of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

_OLDEST_GLIBC_MINOR = 5
_LEGACY = {17: "manylinux2014_x86_64", 12: "manylinux2010_x86_64", 5: "manylinux1_x86_64"}


@dataclass(frozen=True)
class Target:
    """An interpreter's full version (3.11.2) and a glibc version (2.36), on x86-64 Linux."""

    python: str
    glibc: str

    @property
    def release(self) -> tuple[int, int]:
        """(3, 11)."""
        major, minor = self.python.split(".")[:2]
        return int(major), int(minor)

    @property
    def abi(self) -> str:
        """cp311."""
        return f"cp{self.release[0]}{self.release[1]}"

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """Platform tags, best first."""
        return (*self._manylinux(), "linux_x86_64")

    @cached_property
    def _ranks(self) -> dict[Tag, int]:
        native = cpython_tags(self.release, abis=[self.abi], platforms=self.platforms)
        pure = compatible_tags(self.release, interpreter=self.abi, platforms=self.platforms)
        return {tag: rank for rank, tag in reversed(list(enumerate([*native, *pure])))}

    def choose(self, files: Iterable[str]) -> str | None:
        """The file name of the best wheel for this target, or None where none fits."""
        ranked = [(rank, file) for file in files if (rank := self._rank(file)) is not None]
        return min(ranked)[1] if ranked else None

    def _rank(self, file: str) -> tuple[int, int] | None:
        try:
            _, _, build, tags = parse_wheel_filename(file)
        except InvalidWheelFilename:
            return None
        ranks = [self._ranks[tag] for tag in tags if tag in self._ranks]
        return (min(ranks), -(build[0] if build else 0)) if ranks else None

    def _manylinux(self) -> Iterator[str]:
        for minor in range(int(self.glibc.split(".")[1]), _OLDEST_GLIBC_MINOR - 1, -1):
            yield f"manylinux_2_{minor}_x86_64"
            if minor in _LEGACY:
                yield _LEGACY[minor]
