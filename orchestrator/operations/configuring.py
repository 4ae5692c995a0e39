"""The settings in force, and who has set them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import NotFound
from orchestrator.settings import trust as trusted
from orchestrator.settings.check import nearest
from orchestrator.settings.files import project_file
from orchestrator.settings.model import KEYS, PROFILE, describe
from orchestrator.settings.resolve import resolve


@dataclass(frozen=True)
class Setting:
    """One value, as people may see it: without a password."""

    key: str
    value: str | None
    origin: str
    """``--store``, ``ORCHESTRATOR_STORE``, ``file:line``, ``profile local`` or ``default``."""
    description: str


@dataclass(frozen=True)
class Configuration:
    """All settings."""

    settings: tuple[Setting, ...]
    untrusted: tuple[str, ...]
    """What a project file sets that takes effect once the file is trusted; every other command says so and ends."""


def config(flags: Mapping[str, str] | None = None, key: str | None = None) -> Configuration:
    """The settings in force for the working directory; with ``key``, that one alone.

    Raises:
        SettingsError: something in them is wrong.
        NotFound: there is no such key.
    """
    known = (PROFILE, *KEYS)
    if key is not None and key not in known:
        meant = nearest(key, known)
        hint = f"did you mean {meant}?" if meant else f"known: {', '.join(known)}"
        raise NotFound(f"no setting {key!r}", hint=hint)
    found = resolve(flags)
    values = {PROFILE: found.profile, **{one: found.settings.shown(one) for one in KEYS}}
    told = {PROFILE: "the name under which a file has more settings", **{one: describe(one) for one in KEYS}}
    settings = (Setting(one, values[one], str(found.origins[one]), told[one]) for one in known if key in (None, one))
    return Configuration(tuple(settings), tuple(found.untrusted))


def trust() -> Path:
    """Let the project file of the working directory take effect, as it is now. Returns its path.

    Raises:
        NotFound: there is none.
    """
    return trusted.trust(project_file(Path.cwd()), os.environ)
