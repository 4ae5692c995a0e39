"""Which settings are in force: flag > environment > project file > user file > default.

In a file, what the chosen profile says goes above what the file says for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.errors import SettingsError
from orchestrator.runspec.position import quote
from orchestrator.settings import check, files, trust
from orchestrator.settings.files import SettingsFile
from orchestrator.settings.model import KEYS, PROFILE, Settings, name_of, variable_of

NO_CONFIG = "ORCHESTRATOR_NO_CONFIG"
"""Set to anything, no file is read: for what must depend on its environment alone."""


@dataclass(frozen=True)
class Origin:
    """Who has set a value."""

    place: str
    """``--store``, ``ORCHESTRATOR_STORE``, ``default``, ``profile local``, or empty where a file tells it."""
    file: SettingsFile | None = None
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.file.place(*self.keys) if self.file else self.place


DEFAULT = Origin("default")


@dataclass(frozen=True)
class Layer:
    """The values of one place."""

    values: Mapping[str, Any]
    origins: Mapping[str, Origin]


@dataclass(frozen=True)
class Effective:
    """The settings in force, and who has set each. Whether project files are trusted is not asked yet."""

    settings: Settings
    profile: str | None
    origins: Mapping[str, Origin]
    """By key, ``profile`` among them."""
    untrusted: list[str] = field(default_factory=list)
    """What a project file sets that nobody has looked at, as findings."""
    project: SettingsFile | None = None

    def trusted(self) -> Settings:
        """The settings, to be used.

        Raises:
            SettingsError: a project file leads elsewhere, and nobody has said that it may.
        """
        if self.untrusted:
            raise SettingsError(self.untrusted, hint="look at that file, then `orchestrator config --trust`")
        return self.settings


def resolve(
    flags: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Effective:
    """The settings in force.

    Args:
        flags: text by key, ``profile`` among them.
        environ: the environment; by default this process's.
        folder: where the project file is looked for, going up; by default the working directory.

    Raises:
        SettingsError: everything that is wrong in any of the layers.
    """
    flags, environ = flags or {}, os.environ if environ is None else environ
    findings: list[str] = []
    check.flags_hold_no_password(flags, findings)
    found = _files(environ, folder or Path.cwd(), findings)
    checked = [(file, *check.file(file, findings)) for file in found]
    top = [_given(flags, lambda key: f"--{key}", findings), _given(_variables(environ), variable_of, findings)]
    profile, chosen_by = _profile([*top, *(_of_file(file, own) for file, own, _ in checked)])
    _check_profile(profile, chosen_by, {name for *_, profiles in checked for name in profiles}, findings)
    if findings:
        raise SettingsError(list(dict.fromkeys(findings)))
    below: list[Layer] = [_local()] if profile == check.LOCAL else []
    for file, own, profiles in checked:
        if profile in profiles:
            below.append(_of_file(file, profiles[profile], check.PROFILES, profile))
        below.append(_of_file(file, own))
    values, origins = _merged([*top, *below])
    project = next((file for file in found if file.kind == "project"), None)
    return Effective(
        Settings(**{name_of(key): values[key] for key in KEYS if key in values}),
        profile,
        {PROFILE: chosen_by, **{key: origins.get(key, DEFAULT) for key in KEYS}},
        _untrusted(project, {**origins, PROFILE: chosen_by}, environ),
        project,
    )


def _files(environ: Mapping[str, str], folder: Path, findings: list[str]) -> list[SettingsFile]:
    looks: list[Callable[[], SettingsFile | None]] = []
    if not environ.get(NO_CONFIG):
        looks = [lambda: files.project_file(folder), lambda: files.user_file(environ)]
    found = []
    for look in looks:
        try:
            if (file := look()) is not None:
                found.append(file)
        except SettingsError as error:
            findings += error.findings
    return found


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """An empty variable is none."""
    return {key: value for key in (*KEYS, PROFILE) if (value := environ.get(variable_of(key)))}


def _given(given: Mapping[str, str], place: Callable[[str], str], findings: list[str]) -> Layer:
    values = check.texts({key: value for key, value in given.items() if key != PROFILE}, place, findings)
    if PROFILE in given:
        values[PROFILE] = given[PROFILE]
    return Layer(values, {key: Origin(place(key)) for key in values})


def _of_file(file: SettingsFile, values: check.Values, *above: str) -> Layer:
    return Layer(values, {key: Origin("", file, (*above, key)) for key in values})


def _local() -> Layer:
    """Everything lies in home, whatever the files say."""
    values = dict.fromkeys(key for key in KEYS if key != "home")
    return Layer(values, dict.fromkeys(values, Origin(f"profile {check.LOCAL}")))


def _profile(layers: list[Layer]) -> tuple[str | None, Origin]:
    values, origins = _merged(layers)
    return values.get(PROFILE), origins.get(PROFILE, DEFAULT)


def _check_profile(profile: str | None, chosen_by: Origin, known: set[str], findings: list[str]) -> None:
    if not isinstance(profile, str) or profile in known or profile == check.LOCAL:
        return
    names = sorted(known | {check.LOCAL})
    meant = check.nearest(profile, names)
    better = f"did you mean {quote(meant)}? " if meant else ""
    findings.append(f"{chosen_by}: no profile {quote(profile)}; {better}known: {', '.join(names)}")


def _merged(layers: list[Layer]) -> tuple[dict[str, Any], dict[str, Origin]]:
    """The first of the layers that says something about a key counts."""
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for layer in reversed(layers):
        values |= layer.values
        origins |= layer.origins
    return values, origins


def _untrusted(project: SettingsFile | None, origins: Mapping[str, Origin], environ: Mapping[str, str]) -> list[str]:
    """What a project file says that nobody has looked at: to choose among our stores, or none of them, counts too."""
    if project is None:
        return []
    set_here = [key for key in (PROFILE, *KEYS) if key in origins and origins[key].file is project]
    if not set_here or trust.is_trusted(project, environ):
        return []
    return [f"{origins[key]}: {quote(key)} takes effect only once this file is trusted" for key in set_here]
