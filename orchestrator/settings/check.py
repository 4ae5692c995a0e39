"""What each layer says, checked: every finding with its place, all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.runspec.position import quote
from orchestrator.settings.files import SettingsFile
from orchestrator.settings.kinds import NOTHING
from orchestrator.settings.model import KEYS, PROFILE, parse
from orchestrator.settings.urls import has_password

LOCAL = "local"
"""The profile that is always there: everything in home."""
PROFILES = "profiles"
Values = dict[str, Any]
"""By key; None takes back what a layer below has set."""

_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FREE = "use PGPASSWORD, or ~/.pgpass"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """See :func:`orchestrator.runspec.wording.nearest`, which is imported only where something is wrong."""
    from orchestrator.runspec import wording

    return wording.nearest(name[:64], known)


def texts(given: Mapping[str, str], place: Callable[[str], str], findings: list[str]) -> Values:
    """Flags or variables: text by key."""
    return _values(given, Path.cwd(), lambda key: f"{place(key)}: ", findings)


def flags_hold_no_password(flags: Mapping[str, str], findings: list[str]) -> None:
    """Everybody on a machine sees the arguments of its programs."""
    findings += [
        f"--{key}: holds a password, and others on this machine can see it: {_FREE}"
        for key, value in flags.items()
        if key == "index" and has_password(value)
    ]


def file(source: SettingsFile, findings: list[str]) -> tuple[Values, dict[str, Values]]:
    """A file's own values, and those of each of its profiles."""
    content = source.content
    if not isinstance(content, dict):
        findings.append(f"{source.place()}: {'.'.join(source.table)} must be a table")
        return {}, {}
    own = {key: value for key, value in content.items() if key != PROFILES}
    top = _table(source, own, (), (*KEYS, PROFILE, PROFILES), findings)
    profiles = {name: _table(source, table, (PROFILES, name), KEYS, findings) for name, table in _profiles(content)}
    findings += _about_profiles(source, content)
    return top, profiles


def _profiles(content: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = content.get(PROFILES)
    if isinstance(tables, dict):
        yield from ((name, table) for name, table in tables.items() if isinstance(table, dict))


def _about_profiles(source: SettingsFile, content: Mapping[str, Any]) -> Iterator[str]:
    tables = content.get(PROFILES, {})
    if not isinstance(tables, dict):
        yield f"{source.place(PROFILES)}: `profiles` must be a table of tables: [profiles.team]"
        return
    for name, table in tables.items():
        place = source.place(PROFILES, name)
        if not isinstance(table, dict):
            yield f"{place}: a profile must be a table: [profiles.NAME]"
        elif name == LOCAL:
            yield f"{place}: `local` is built in: everything lies in home. Give this profile another name"
        elif not _PROFILE_NAME.fullmatch(name):
            yield f"{place}: a profile's name must be letters, digits, `_`, `-`"


def _table(
    source: SettingsFile, table: Mapping[str, Any], above: tuple[str, ...], known: tuple[str, ...], findings: list[str]
) -> Values:
    def place(key: str) -> str:
        return f"{source.place(*above, key)}: {quote(key)} "

    for key in table:
        if key not in known:
            meant = nearest(key, known)
            better = f"did you mean {quote(meant)}?" if meant else f"known: {', '.join(known)}"
            findings.append(f"{source.place(*above, key)}: unknown key {quote(key)}; {better}")
    if PROFILE in known and not isinstance(table.get(PROFILE, ""), str):
        findings.append(f"{place(PROFILE)}must be text")
    for key, value in table.items():
        if isinstance(value, str) and has_password(value) and (problem := _exposed(source)):
            findings.append(f"{place(key)}{problem}")
    given = {key: value for key, value in table.items() if key in KEYS}
    values = _values(given, source.path.parent, place, findings)
    return {**values, **({PROFILE: table[PROFILE]} if PROFILE in table and PROFILE in known else {})}


def _exposed(source: SettingsFile) -> str:
    """Why a password may not stand in a file; nothing where it may."""
    if source.kind == "project":
        return f"holds a password, and a project's file is seen by others: {_FREE}"
    if source.path.stat().st_mode & 0o077:
        return f"holds a password, and others can read this file: `chmod 600` it, or {_FREE}"
    return ""


def _values(given: Mapping[str, Any], base: Path, place: Callable[[str], str], findings: list[str]) -> Values:
    """The values of known keys. ``place``: how a finding about a key begins."""
    asked = {key: value for key, value in given.items() if value != NOTHING}
    values: Values = {key: None for key in given if key not in asked}
    if "home" in values:
        findings.append(f"{place('home')}must be a folder")
    for key, value in asked.items():
        try:
            values[key] = parse(key, value, base)
        except ValueError as error:
            findings.append(f"{place(key)}{error}")
    return values
