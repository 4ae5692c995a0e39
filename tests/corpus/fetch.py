"""Release files by name and hash, through pip's own session: its indexes, its certificates, its settings.

`pip download` would run an sdist's build backend, and nothing is built here: a script is read out of the archive. So
pip is asked for the two things that it does before that, and both are internal to it: which files an index has, and
one of them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pip._internal.commands.index import IndexCommand
from pip._internal.models.target_python import TargetPython
from pip._internal.network.download import Downloader

from orchestrator.digest import Digest


class NotThere(Exception):
    """No configured index has this file, or what it has under this name is something else."""


def fetch(package: str, file: str, sha256: str, folder: Path) -> Path:
    """A release file: from ``folder`` where it lies there, else from pip's indexes into it.

    Raises:
        NotThere: no configured index has a file of this name, or it has another hash.
    """
    kept = folder / file
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            Path(_download(package, file, aside)).replace(kept)
    with kept.open("rb") as stream:
        found = Digest.of_stream(stream).hex
    if found != sha256:
        kept.unlink()
        raise NotThere(f"{file} hashes to {found}, the manifest says {sha256}")
    return kept


def _download(package: str, file: str, folder: str) -> str:
    command = IndexCommand("index", "")
    options, _ = command.parse_args(["versions", package, "-qqq"])
    with command.main_context():
        session = command._build_session(options)
        finder = command._build_package_finder(options, session, TargetPython(), ignore_requires_python=True)
        links = [one.link for one in finder.find_all_candidates(package) if one.link.filename == file]
        if not links:
            raise NotThere(f"no configured index has {file}")
        return Downloader(session, "off")(links[0], folder)[0]
