"""The manifest: which scripts, out of which release files, in which environments."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field

from orchestrator.model import Frozen

FILE = Path(__file__).with_name("manifest.yaml")
LOCKS = Path(__file__).with_name("locks")

Level = Literal["off", "standard", "strict"]
LEVELS: tuple[Level, ...] = ("off", "standard", "strict")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Archive(Frozen):
    """A release file that has scripts in it."""

    package: str
    file: str
    sha256: Sha256


class Script(Frozen):
    """A script as its authors published it, and how it is run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    environment: str
    """A key of ``environments``: what is installed."""
    archive: str | None = None
    """A key of ``archives``. None: the script is a module of an installed wheel, which the lock has by hash."""
    path: str
    """In the archive, below its one top folder; without an archive: the module that ``python -m`` runs."""
    sha256: Sha256 | None = None
    """Of the script."""
    beside: dict[str, Sha256] = Field({})
    """Further files of the archive that the script reads or imports; they lie relative to it as they do there."""
    arguments: tuple[str, ...] = ()
    env: dict[str, str] = Field({})
    nondeterminism: str
    """What makes two plain runs of it differ, or could; a few words."""
    fast: bool = False
    """Whether it belongs to what the suite runs."""
    diverges: dict[Level, str] = Field({})
    """Levels at which its replay is known not to be bit-exact, each with the cause."""

    def claimed(self, level: Level) -> bool:
        """Whether the replay is said to be bit-exact at this level."""
        return level != "off" and level not in self.diverges


class Manifest(Frozen):
    """All of it."""

    environments: dict[str, tuple[str, ...]]
    """Name → requirements; the lock of each lies under ``locks/``."""
    archives: dict[str, Archive]
    scripts: tuple[Script, ...]

    def script(self, name: str) -> Script:
        """The script of this name.

        Raises:
            KeyError: there is none.
        """
        return {one.name: one for one in self.scripts}[name]


@cache
def load(file: Path = FILE) -> Manifest:
    """Read the manifest.

    Raises:
        ValueError: it cannot be right.
    """
    return Manifest.model_validate(yaml.safe_load(file.read_text()))
