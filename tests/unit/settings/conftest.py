"""A desk for settings: a folder for a project, one for the user's own files, an environment that says nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.settings.resolve import Effective, resolve


class Place:
    """Writes the files and asks what is in force."""

    def __init__(self, root: Path) -> None:
        self.project = root / "work" / "project"
        self.below = self.project / "src" / "deep"
        self.user = root / "config" / "orchestrator" / "config.toml"
        self.below.mkdir(parents=True)
        self.user.parent.mkdir(parents=True)
        self.environ = {"XDG_CONFIG_HOME": str(root / "config"), "XDG_STATE_HOME": str(root / "state")}

    def write(self, text: str, name: str = "orchestrator.toml") -> Path:
        path = self.project / name
        path.write_text(text)
        return path

    def write_user(self, text: str) -> Path:
        self.user.write_text(text)
        self.user.chmod(0o600)
        return self.user

    def resolve(self, *, flags: dict[str, str] | None = None, folder: Path | None = None, **environ: str) -> Effective:
        return resolve(flags, {**self.environ, **environ}, folder or self.project)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in [name for name in os.environ if name.startswith("ORCHESTRATOR_")]:
        monkeypatch.delenv(name)
    return Place(tmp_path)
