"""Where this machine gets Debian packages from: read from its own apt configuration, in both formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from orchestrator.errors import EnvironmentProblem

MIRROR_VARIABLE = "ORCHESTRATOR_DEBIAN_MIRROR"

_ONE_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)(.*)")


class Source(NamedTuple):
    """One place that has packages of one suite."""

    uri: str
    suite: str
    components: tuple[str, ...]


def find_mirror(suite: str, environ: Mapping[str, str], etc: Path = Path("/etc/apt")) -> str:
    """The URI to fetch a suite from: the environment's, else the one this machine's apt uses.

    Which server has a file is configuration, never part of a lock: the hash decides.

    Raises:
        EnvironmentProblem: neither names one.
    """
    if named := environ.get(MIRROR_VARIABLE):
        return named
    sources = [source for source in read_sources(etc) if "main" in source.components]
    for wanted in (lambda found: found == suite, lambda found: "/" not in found and "-" not in found):
        for source in sources:
            if wanted(source.suite):
                return source.uri
    raise EnvironmentProblem(
        f"{etc} names no source of Debian packages",
        hint=f"set {MIRROR_VARIABLE} to the URI of a Debian mirror",
    )


def read_sources(etc: Path) -> list[Source]:
    """Every source of binary packages in ``sources.list`` and ``sources.list.d``, in apt's order."""
    found: list[Source] = []
    for file in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if file.is_file() and file.suffix in _PARSERS:
            found.extend(_PARSERS[file.suffix](file.read_text(errors="replace")))
    return found


def parse_one_line(text: str) -> Iterator[Source]:
    """The sources in a ``.list`` file: ``deb [options] uri suite components``."""
    for line in text.splitlines():
        if match := _ONE_LINE.fullmatch(line.partition("#")[0].strip()):
            yield Source(match[1], match[2], tuple(match[3].split()))


def parse_deb822(text: str) -> Iterator[Source]:
    """The sources in a ``.sources`` file: stanzas with Types, URIs, Suites and Components."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza.splitlines())
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield Source(uri, suite, tuple(fields.get("components", [])))


def _fields(lines: Iterable[str]) -> dict[str, list[str]]:
    """A stanza's fields, split into words; a line that begins with a blank continues the one before."""
    fields: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if line.startswith("#"):
            continue
        if not line[:1].isspace():
            name, _, line = line.partition(":")
        fields.setdefault(name.strip().lower(), []).extend(line.split())
    return fields


_PARSERS = {".list": parse_one_line, ".sources": parse_deb822}
