"""A wheel as the entries of a layer: what an installer would write, without one, the same every time.

Follows the binary distribution format: ``.data`` folders, entry points, ``#!python``, RECORD written anew.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.errors import LockError
from orchestrator.image.tar import Entry, content

PREFIX = "opt/env"
"""The virtual environment inside the image."""

_DROPPED = {"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "direct_url.json", "REQUESTED"}
_SCRIPT = """\
# -*- coding: utf-8 -*-
import re
import sys
from {module} import {first}
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit({attribute}())
"""


@dataclass(frozen=True)
class Layout:
    """Where a wheel's files go, for an interpreter of this version (``3.11``)."""

    python: str

    @classmethod
    def of(cls, version: str) -> Layout:
        """For an interpreter's full version, ``3.11.2``."""
        return cls(".".join(version.split(".")[:2]))

    @property
    def site(self) -> str:
        """site-packages."""
        return f"{PREFIX}/lib/python{self.python}/site-packages"

    @property
    def scripts(self) -> str:
        """The folder on PATH."""
        return f"{PREFIX}/bin"

    @property
    def shebang(self) -> bytes:
        """The first line of every script."""
        return f"#!/{self.scripts}/python\n".encode()

    def data(self, key: str, distribution: str) -> str:
        """The folder of a ``.data`` key.

        Raises:
            KeyError: no such key in the format.
        """
        return {
            "purelib": self.site,
            "platlib": self.site,
            "scripts": self.scripts,
            "data": PREFIX,
            "headers": f"{PREFIX}/include/site/python{self.python}/{distribution}",
        }[key]


class Wheel:
    """An open wheel, checked: one dist-info, no duplicates, no links, no way out.

    Raises:
        LockError: it is none of this.
    """

    def __init__(self, archive: zipfile.ZipFile, layout: Layout) -> None:
        self._archive = archive
        self._layout = layout
        self._members = [info for info in archive.infolist() if not info.is_dir()]
        self._check()
        self._info = self._dist_info()
        if len({self._place(info.filename) for info in self._members}) != len(self._members):
            raise self._refused("two members for one place")

    def sources(self) -> dict[str, str]:
        """Installed path -> member, of the Python sources that jobs import; tests are laid down, but not compiled."""
        placed = {self._place(member.filename): member.filename for member in self._members}
        site = self._layout.site + "/"
        return {place: name for place, name in placed.items() if place.startswith(site) and _is_imported(place)}

    def entries(self, bytecode: Mapping[str, bytes]) -> dict[str, Entry]:
        """Path -> entry of everything that is installed. ``bytecode``: installed path of a source -> its .pyc."""
        files = {self._place(info.filename): self._entry(info) for info in self._members if not self._dropped(info)}
        files.update(self._entry_points())
        files[f"{self._layout.site}/{self._info}/INSTALLER"] = Entry(data=b"orchestrator\n")
        compiled = {self._cache_file(source): Entry(data=code) for source, code in bytecode.items()}
        files = {path: entry for path, entry in files.items() if path not in compiled}
        record = {f"{self._layout.site}/{self._info}/RECORD": Entry(data=self._record(files, compiled))}
        return {**files, **compiled, **record}

    def _check(self) -> None:
        names = [info.filename for info in self._members]
        for info in self._members:
            parts = info.filename.split("/")
            if info.filename.startswith("/") or "\\" in info.filename or {"..", ".", ""} & set(parts):
                raise self._refused(f"unsafe name {info.filename!r}")
            if any(part.startswith(".wh.") for part in parts):
                raise self._refused(f"a whiteout: {info.filename!r}")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise self._refused(f"a symbolic link: {info.filename!r}")
        if len(set(names)) != len(names):
            raise self._refused("two members of one name")

    def _dist_info(self) -> str:
        found = {name for info in self._members if (name := info.filename.split("/")[0]).endswith(".dist-info")}
        if len(found) != 1:
            raise self._refused(f"{len(found)} dist-info folders")
        return found.pop()

    def _place(self, name: str) -> str:
        data = self._info.removesuffix(".dist-info") + ".data/"
        if not name.startswith(data):
            return f"{self._layout.site}/{name}"
        try:
            _, key, rest = name.split("/", 2)
            return f"{self._layout.data(key, self._info.split('-')[0])}/{rest}"
        except (ValueError, KeyError):
            raise self._refused(f"an unknown place: {name!r}") from None

    def _cache_file(self, source: str) -> str:
        folder, _, name = source.rpartition("/")
        return f"{folder}/__pycache__/{name[:-3]}.cpython-{self._layout.python.replace('.', '')}.pyc"

    def _entry(self, info: zipfile.ZipInfo) -> Entry:
        executable = bool(info.external_attr >> 16 & 0o111)
        is_script = info.filename.startswith(self._info.removesuffix(".dist-info") + ".data/scripts/")
        if is_script and self._archive.open(info).read(9).startswith(b"#!python"):
            body = self._archive.read(info).partition(b"\n")[2]
            return Entry(mode=0o755, data=self._layout.shebang + body)
        return Entry(
            mode=0o755 if executable or is_script else 0o644,
            open=lambda: self._archive.open(info),
            size=info.file_size,
        )

    def _dropped(self, info: zipfile.ZipInfo) -> bool:
        folder, _, name = info.filename.partition("/")
        return folder == self._info and name in _DROPPED

    def _entry_points(self) -> dict[str, Entry]:
        path = f"{self._info}/entry_points.txt"
        if path not in self._archive.namelist():
            return {}
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        try:
            parser.read_string(self._text(path))
        except configparser.Error as error:
            raise self._refused(f"entry points that cannot be read: {error}") from None
        sections = [parser[name] for name in ("console_scripts", "gui_scripts") if parser.has_section(name)]
        targets = {name: target for section in sections for name, target in section.items()}
        if wrong := [name for name in targets if "/" in name or not name.strip(".") or name.startswith(".wh.")]:
            raise self._refused(f"an entry point of an unsafe name: {wrong[0]!r}")
        return {
            f"{self._layout.scripts}/{name}": Entry(mode=0o755, data=self._script(target))
            for name, target in targets.items()
        }

    def _script(self, target: str) -> bytes:
        match = re.fullmatch(r"\s*([\w.]+)\s*:\s*([\w.]+)\s*(\[.*\])?\s*", target)
        if not match:
            raise self._refused(f"an entry point that names no function: {target!r}")
        body = _SCRIPT.format(module=match[1], first=match[2].split(".")[0], attribute=match[2])
        return self._layout.shebang + body.encode()

    def _record(self, files: Mapping[str, Entry], compiled: Mapping[str, Entry]) -> bytes:
        known = self._known_hashes()
        rows = [
            (_relative(path, self._layout.site), *_hash_and_size(entry, known.get(path)))
            for path, entry in files.items()
        ]
        rows += [(_relative(path, self._layout.site), "", "") for path in compiled]
        rows.append((f"{self._info}/RECORD", "", ""))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(sorted(set(rows)))
        return text.getvalue().encode()

    def _known_hashes(self) -> dict[str, tuple[str, str]]:
        """Installed path -> (hash, size) as the wheel's own RECORD says, of files that are laid down unchanged."""
        try:
            rows = list(csv.reader(io.StringIO(self._text(f"{self._info}/RECORD"))))
        except KeyError:
            raise self._refused("no RECORD") from None
        except csv.Error as error:
            raise self._refused(f"a RECORD that cannot be read: {error}") from None
        return {self._place(row[0]): (row[1], row[2]) for row in rows if len(row) >= 3}

    def _text(self, member: str) -> str:
        try:
            return self._archive.read(member).decode()
        except UnicodeDecodeError:
            raise self._refused(f"{member} is not UTF-8") from None

    def _refused(self, why: str) -> LockError:
        return LockError(
            f"{self._archive.filename or 'a wheel'} is refused: {why}",
            hint="ask its authors, or pin another version",
        )


def _is_imported(path: str) -> bool:
    return path.endswith(".py") and not {"tests", "test"} & set(path.split("/"))


def _hash_and_size(entry: Entry, known: tuple[str, str] | None) -> tuple[str, str]:
    if entry.data is None and known and known[0]:
        return known
    digest = base64.urlsafe_b64encode(hashlib.sha256(content(entry)).digest()).rstrip(b"=").decode()
    return f"sha256={digest}", str(entry.size if entry.data is None else len(entry.data))


def _relative(path: str, site: str) -> str:
    return os.path.relpath(path, site)
