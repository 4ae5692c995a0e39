"""Which project files take effect. One that came with somebody else's code could send data and passwords elsewhere.

A home within the project is no exception: a store may have come with the code, and a replay of what is in it reads the
secrets that its plans name.

What was trusted is remembered by path and content, outside of every project: a file that changes is asked about again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator.digest import Digest, canonical
from orchestrator.errors import NotFound, SettingsError
from orchestrator.settings.files import SettingsFile


def is_trusted(file: SettingsFile, environ: Mapping[str, str]) -> bool:
    """Whether this content of this file was looked at."""
    try:
        return _line(file) in _ledger(environ).read_text(errors="replace").split("\n")
    except OSError:
        return False


def trust(file: SettingsFile | None, environ: Mapping[str, str]) -> Path:
    """Remember that a project file was looked at; returns its path.

    Raises:
        NotFound: there is none.
        SettingsError: it holds what cannot be told apart again.
    """
    if file is None:
        raise NotFound("there is no project file here", hint="docs/configuration.md says where it is looked for")
    if not is_trusted(file, environ):
        ledger = _ledger(environ)
        ledger.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as lines:
            lines.write(_line(file) + "\n")
    return file.path


def _ledger(environ: Mapping[str, str]) -> Path:
    state = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state).absolute() / "orchestrator" / "trusted"


def _line(file: SettingsFile) -> str:
    """Only our part of a file counts: a pyproject.toml changes with every dependency."""
    try:
        return f"{Digest.of(canonical(file.content))} {os.path.realpath(file.path)!r}"
    except Exception as error:  # a date, or a number beyond JSON: no value of ours
        raise SettingsError([f"{file.path}: cannot be trusted: {error}"]) from None
