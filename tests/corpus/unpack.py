"""A script and what lies beside it, out of its archive: these members alone, each held against its hash."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from tests.corpus.fetch import NotThere, fetch
from tests.corpus.manifest import Manifest, Script


def unpack(manifest: Manifest, script: Script, downloads: Path, folder: Path) -> None:
    """Write a script and its companions into an empty folder, the script at the top.

    Raises:
        NotThere: the archive is nowhere to be had, or a member of it is missing or has another hash.
    """
    if script.archive is None:
        return
    archive = manifest.archives[script.archive]
    file = fetch(archive.package, archive.file, archive.sha256, downloads)
    wanted = {script.path: script.sha256, **script.beside}
    home = PurePosixPath(script.path).parent
    found = dict(_members(file, wanted))
    for path, sha256 in wanted.items():
        if path not in found:
            raise NotThere(f"{archive.file} has no {path}")
        if hashlib.sha256(found[path]).hexdigest() != sha256:
            raise NotThere(f"{path} of {archive.file} is another file than the manifest says")
        target = folder / PurePosixPath(path).relative_to(home)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(found[path])


def _members(file: Path, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """These members; an sdist's names begin with its top folder, a wheel's do not."""
    paths = set(wanted)
    if file.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(file) as archive:
            yield from ((path, archive.read(path)) for path in paths & set(archive.namelist()))
        return
    with tarfile.open(file) as archive:
        for member in archive:
            path = member.name.partition("/")[2]
            if path in paths and (stream := archive.extractfile(member)):
                yield path, stream.read()
