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
from orchestrator.lock.target import Target
from orchestrator.store.port import BlobStore


def fetch(pins: Sequence[WheelPin], target: Target, blobs: BlobStore) -> int:
    """Have every wheel in the store; returns how many had to be fetched.

    Raises:
        LockError: no configured index or find-links has a wheel of this hash.
    """
    missing = [pin for pin in pins if not blobs.has(pin.sha256)]
    if missing:
        with tempfile.TemporaryDirectory(prefix="orchestrator-wheels-") as folder:
            _download(missing, target, Path(folder))
            for pin in missing:
                _keep(pin, Path(folder) / pin.file, blobs)
    return len(missing)


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
