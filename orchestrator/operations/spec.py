"""A runspec from its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.runspec.load import parse
from orchestrator.runspec.model import RunSpec
from orchestrator.runspec.yaml import MAX_BYTES


@dataclass(frozen=True)
class SpecFile:
    """A parsed runspec, the bytes it was parsed from, and where it lies."""

    path: Path
    text: bytes
    spec: RunSpec

    @property
    def folder(self) -> Path:
        """What relative paths in the spec are relative to."""
        return self.path.parent

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.folder / (self.spec.image.lock or f"{self.path.stem}.lock")


def read_spec(path: Path, overrides: tuple[str, ...] = ()) -> SpecFile:
    """Read and parse. A folder stands for the ``runspec.yaml`` in it.

    Raises:
        UsageError: there is no such file.
        SpecError: it cannot be right; carries every finding.
    """
    file = path / "runspec.yaml" if path.is_dir() else path
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}", hint="`orchestrator init` writes a runspec to begin with"
        ) from error
    return SpecFile(file.absolute(), text, parse(text, str(file), overrides))
