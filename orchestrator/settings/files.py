"""The files that settings come from: the project's, found by going up from a folder, and the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.errors import SettingsError

if TYPE_CHECKING:
    from orchestrator.settings.toml import TomlFile

PROJECT = "orchestrator.toml"
PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "orchestrator")
_MAX_SIZE = 1 << 18


@dataclass(frozen=True)
class SettingsFile:
    """A file that holds settings, parsed but not checked."""

    kind: Literal["project", "user"]
    toml: TomlFile
    table: tuple[str, ...] = ()
    """Where in it our keys stand."""

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.toml.path

    @property
    def content(self) -> Any:
        """Our part of it."""
        content: Any = self.toml.content
        for key in self.table:
            content = content[key]
        return content

    def place(self, *keys: str) -> str:
        """``file:line`` of a key."""
        return f"{self.path}:{self.toml.line(*self.table, *keys)}"


def project_file(folder: Path) -> SettingsFile | None:
    """The nearest project file, going up from a folder.

    It is looked for up to the root of the repository, the home directory, or where another file system begins.

    Raises:
        SettingsError: one that is there cannot be read.
    """
    for place in _upwards(folder):
        if (file := place / PROJECT).is_file():
            return SettingsFile("project", _parsed(file, _read(file)))
        if (file := place / PYPROJECT).is_file() and (found := _in_pyproject(file)):
            return found
    return None


def user_file(environ: Mapping[str, str]) -> SettingsFile | None:
    """``orchestrator/config.toml`` in the XDG configuration directory.

    Raises:
        SettingsError: it is there and cannot be read.
    """
    folder = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    file = folder.absolute() / "orchestrator" / "config.toml"
    return SettingsFile("user", _parsed(file, _read(file))) if file.is_file() else None


def _upwards(folder: Path) -> Iterator[Path]:
    home, device = Path.home(), folder.stat().st_dev
    for place in (folder, *folder.parents):
        if place.stat().st_dev != device:
            return
        yield place
        if place == home or (place / ".git").exists():
            return


def _in_pyproject(file: Path) -> SettingsFile | None:
    data = _read(file)
    if b"orchestrator" not in data and b"\\u" not in data:  # nearly all say nothing to us, and need no parsing
        return None
    toml = _parsed(file, data)
    tools = toml.content.get(_TABLE[0])
    return SettingsFile("project", toml, _TABLE) if isinstance(tools, dict) and _TABLE[1] in tools else None


def _parsed(file: Path, data: bytes) -> TomlFile:
    """Python's parser is loaded only where a file is there: most commands need none."""
    from orchestrator.settings.toml import TomlFile

    return TomlFile(file, data)


def _read(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        SettingsError: it cannot be read, or is too large to be a file of settings.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_SIZE + 1)
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"]) from None
    if len(data) > _MAX_SIZE:
        raise SettingsError([f"{path}: larger than {_MAX_SIZE} bytes: no file of settings"])
    return data
