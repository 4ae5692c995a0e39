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
from orchestrator.image.tar import Entry

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
        """Installed path -> member, of every Python source in site-packages: what can be compiled."""
        placed = {self._place(member.filename): member.filename for member in self._members}
        site = self._layout.site + "/"
        return {place: name for place, name in placed.items() if place.startswith(site) and place.endswith(".py")}

    def entries(self, bytecode: Mapping[str, bytes]) -> dict[str, Entry]:
        """Path -> entry of everything that is installed. ``bytecode``: installed path of a source -> its .pyc."""
        files = {self._place(info.filename): self._entry(info) for info in self._members if not self._dropped(info)}
        files.update(self._entry_points())
        files[f"{self._layout.site}/{self._info}/INSTALLER"] = Entry(data=b"orchestrator\n")
        recorded = dict(files)
        tag = self._layout.python.replace(".", "")
        for source, code in bytecode.items():
            folder, _, name = source.rpartition("/")
            files[f"{folder}/__pycache__/{name[:-3]}.cpython-{tag}.pyc"] = Entry(data=code)
        files[f"{self._layout.site}/{self._info}/RECORD"] = Entry(data=self._record(recorded, files))
        return files

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

    def _entry(self, info: zipfile.ZipInfo) -> Entry:
        executable = bool(info.external_attr >> 16 & 0o111)
        is_script = self._place(info.filename).startswith(self._layout.scripts + "/")
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
        parser.read_string(self._archive.read(path).decode())
        return {
            f"{self._layout.scripts}/{name}": Entry(mode=0o755, data=self._script(target))
            for section in ("console_scripts", "gui_scripts")
            if parser.has_section(section)
            for name, target in parser.items(section)
        }

    def _script(self, target: str) -> bytes:
        match = re.fullmatch(r"\s*([\w.]+)\s*:\s*([\w.]+)\s*(\[.*\])?\s*", target)
        if not match:
            raise self._refused(f"an entry point that names no function: {target!r}")
        body = _SCRIPT.format(module=match[1], first=match[2].split(".")[0], attribute=match[2])
        return self._layout.shebang + body.encode()

    def _record(self, recorded: Mapping[str, Entry], files: Mapping[str, Entry]) -> bytes:
        known = self._known_hashes()
        rows = [
            (_relative(path, self._layout.site), *_hash_and_size(entry, known.get(path)))
            for path, entry in recorded.items()
        ]
        rows += [(_relative(path, self._layout.site), "", "") for path in files if path not in recorded]
        rows.append((f"{self._info}/RECORD", "", ""))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(sorted(set(rows)))
        return text.getvalue().encode()

    def _known_hashes(self) -> dict[str, tuple[str, str]]:
        """Installed path -> (hash, size) as the wheel's own RECORD says, of files that are laid down unchanged."""
        try:
            text = self._archive.read(f"{self._info}/RECORD").decode()
        except KeyError:
            raise self._refused("no RECORD") from None
        rows = [row for row in csv.reader(io.StringIO(text)) if len(row) >= 3]
        return {self._place(name): (digest, size) for name, digest, size, *_ in rows}

    def _refused(self, why: str) -> LockError:
        return LockError(
            f"{self._archive.filename or 'a wheel'} is refused: {why}",
            hint="ask its authors, or pin another version",
        )


def _hash_and_size(entry: Entry, known: tuple[str, str] | None) -> tuple[str, str]:
    if entry.data is not None:
        digest = base64.urlsafe_b64encode(hashlib.sha256(entry.data).digest()).rstrip(b"=").decode()
        return f"sha256={digest}", str(len(entry.data))
    return known or ("", "")


def _relative(path: str, site: str) -> str:
    return os.path.relpath(path, site)
