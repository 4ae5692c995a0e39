"""The folders of a store on this disk, made once. The file ``format``, written last, says that all of them are durable.

A name in a folder survives a power cut only once that folder was flushed. What every blob and record stands in is
flushed here, so that writing one takes care of its own name alone.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import EnvironmentProblem
from orchestrator.store import durable

FORMAT = "orchestrator.store/1\n"
FOLDERS = ("blobs", "blobs/sha256", "tmp", "records", "records/runs")


def ensure(root: Path) -> None:
    """Have a store's folders.

    Raises:
        EnvironmentProblem: the store was made by a program that lays it out in another way.
    """
    try:
        found = (root / "format").read_text()
    except FileNotFoundError:
        make(root)
        return
    if found != FORMAT:
        raise EnvironmentProblem(
            f"{root} is laid out as {found.strip()[:80]!r}; this program knows {FORMAT.strip()!r}",
            hint="use the version of orchestrator that made it, or another home",
        )
    if not (root / "tmp").is_dir():
        make(root)


def make(root: Path) -> None:
    """Make the folders, all or those that went away: tools that copy stores leave out empty ones."""
    durable.make_folder(root)
    for name in FOLDERS:
        _folder(root / name)
    shards = root / "blobs" / "sha256"
    for number in range(256):
        _folder(shards / f"{number:02x}")
    durable.fsync_directory(shards)
    for name in FOLDERS:
        durable.fsync_directory((root / name).parent)
    durable.write(root / "format", FORMAT.encode())


def _folder(folder: Path) -> None:
    """Made by us, or by one who was killed before it was flushed."""
    folder.mkdir(mode=0o700, exist_ok=True)
