"""Wheels into the store: looked up there first, fetched by hash otherwise."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from orchestrator import process
from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.lock.model import WheelPin
from orchestrator.lock.sources import find_links
from orchestrator.lock.target import Target
from orchestrator.store.port import BlobStore


def fetch(pins: Sequence[WheelPin], target: Target, blobs: BlobStore) -> int:
    """Have every wheel in the store; returns how many had to be fetched.

    Raises:
        LockError: no configured index or find-links has a wheel of this hash.
    """
    missing = [pin for pin in pins if not blobs.has(pin.sha256)]
    elsewhere = [pin for pin in missing if not _lies_in_a_folder(pin, blobs)]
    if elsewhere:
        with tempfile.TemporaryDirectory(prefix="orchestrator-wheels-") as folder:
            _download(elsewhere, target, Path(folder))
            for pin in elsewhere:
                _keep(pin, Path(folder) / pin.file, blobs)
    return len(missing)


def _lies_in_a_folder(pin: WheelPin, blobs: BlobStore) -> bool:
    """Take a wheel from a find-links folder. pip would choose by tags there, and stumble over a better one's hash."""
    for place in find_links():
        file = Path(place.removeprefix("file://")) / pin.file
        if file.is_file():
            with file.open("rb") as stream:
                if Digest.of_stream(stream) == pin.sha256:
                    stream.seek(0)
                    return blobs.put(stream) == pin.sha256
    return False


def _download(pins: Sequence[WheelPin], target: Target, folder: Path) -> None:
    wanted = folder / "requirements.txt"
    wanted.write_text("".join(f"{pin.name}=={pin.version} --hash={pin.sha256}\n" for pin in pins))
    argv = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--implementation", "cp", "--python-version", target.python,
        "--abi", target.abi, "--abi", "abi3", "--abi", "none",
        *(word for platform in target.platforms for word in ("--platform", platform)),
        "--dest", str(folder), "--requirement", str(wanted),
    ]  # fmt: skip
    try:
        process.run(argv)
    except process.ProgramFailed as error:
        raise LockError(
            f"a locked wheel cannot be fetched:\n{error.stderr.strip()}",
            hint="add the index or folder that has it to pip's configuration (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL),"
            " or run `orchestrator lock SPEC` to choose again",
        ) from error


def _keep(pin: WheelPin, file: Path, blobs: BlobStore) -> None:
    if not file.is_file():
        raise LockError(f"pip brought no file named {pin.file}")
    with file.open("rb") as stream:
        found: Digest = blobs.put(stream)
    if found != pin.sha256:
        raise LockError(f"{pin.file} hashes to {found}, the lock says {pin.sha256}")
