"""mmdebstrap, cut off from the host: from the packages in the store to a root file system in a tar."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.determinism import EPOCH
from orchestrator.errors import EnvironmentProblem
from orchestrator.image.deb_source import file_name
from orchestrator.image.debian_recipe import Recipe
from orchestrator.image.debian_repository import POOL, write_repository
from orchestrator.lock.model import DebPin
from orchestrator.process import ProgramFailed, find, run
from orchestrator.store.port import BlobStore
from orchestrator.store.verified import Verified

_CHUNK = 1 << 20
_INSTALL = "apt-get install mmdebstrap"
_REFUSED = "its last lines say why; a container needs --privileged to build base images"

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": str(EPOCH),  # also has Python's .pyc carry a hash of their source, not its time
}
"""All that a maintainer script can see of the host's environment, beside a folder for its temporary files."""

_NAMESPACES = ("unshare", "--net", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child")
"""As root. No network; and what mmdebstrap mounts or starts ends with it, even when it is killed."""

_LEAVINGS = (
    "etc/apt/sources.list*",
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/hostname",
    "etc/machine-id",
    "etc/resolv.conf",
    "var/cache/apt",
    "var/cache/debconf/*-old",
    "var/cache/ldconfig/*",
    "var/lib/apt",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/*-old",
    "var/log/*",
    "var/tmp/*",
)
"""What tells of the host, of the mirror or of the way here, and serves nothing."""


def check_host() -> None:
    """Say before the work what would stop it.

    Raises:
        EnvironmentProblem: mmdebstrap is missing, or what it needs where this is not root.
    """
    find("mmdebstrap", hint=_INSTALL)
    if not _is_root():
        find("newuidmap", hint="apt-get install uidmap, or run this once as root")


@contextlib.contextmanager
def workshop(scratch: Path) -> Iterator[Path]:
    """A folder to build in, gone afterwards: within ``scratch``, or, where this is not root, in the system's own place.

    Without root, mmdebstrap works as users that exist only within its name space: the way there must be open to all.
    """
    with tempfile.TemporaryDirectory(dir=scratch if _is_root() else None, prefix="orchestrator-base-") as name:
        folder = Path(name)
        if not _is_root():
            folder.chmod(0o755)
        yield folder


def bootstrap(recipe: Recipe, pins: Sequence[DebPin], blobs: BlobStore, scratch: Path) -> Path:
    """Install the store's packages into a root file system; returns its tar, a file in ``scratch``.

    Raises:
        NotFound: the store lacks a package.
        Corruption: the store's bytes of a package are not the pinned ones.
        EnvironmentProblem: mmdebstrap fails.
    """
    pool = scratch / "repository" / POOL
    pool.mkdir(parents=True)
    debs = {file_name(pin): pin for pin in pins}
    for name, pin in debs.items():
        _check_out(pin, blobs, pool / name)
    source = write_repository(pool.parent, recipe, debs)
    if not _is_root():
        _open_to_readers(pool.parent)
    tar = scratch / "rootfs.tar"
    try:
        run(_command(recipe, source, tar))
    except ProgramFailed as failure:
        raise EnvironmentProblem(f"mmdebstrap failed: {failure.message}", hint=_REFUSED) from failure
    return tar


def _is_root() -> bool:
    return os.geteuid() == 0


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _check_out(pin: DebPin, blobs: BlobStore, file: Path) -> None:
    with Verified(blobs).get(pin.sha256) as stream, file.open("xb") as sink:
        while chunk := stream.read(_CHUNK):
            sink.write(chunk)


def _command(recipe: Recipe, source: str, tar: Path) -> list[str]:
    environment = {**_ENVIRONMENT, "TMPDIR": str(tar.parent)}
    return [
        *(_NAMESPACES if _is_root() else ()),
        *("env", "-i", *(f"{name}={value}" for name, value in environment.items())),
        *("sh", "-c", 'umask 022; exec "$@"', "sh"),
        *("mmdebstrap", "--quiet", f"--mode={'root' if _is_root() else 'unshare'}", "--format=tar"),
        f"--variant={recipe.variant}",
        f"--architectures={recipe.architecture}",
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        "--skip=cleanup/apt",  # it would leave folders that belong to the host's user _apt
        '--aptopt=APT::Sandbox::User "root"',  # _apt could not read a private scratch folder
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in recipe.exclude),
        *(f"--dpkgopt=path-include={pattern}" for pattern in recipe.include),
        f"--include={','.join(recipe.packages)}",
        f"--customize-hook={_finish(recipe)}",
        recipe.suite,
        str(tar),
        source,
    ]


def _finish(recipe: Recipe) -> str:
    """The last words in shell, ``$1`` being the root: add the recipe's links, take away the leavings."""
    links = [f'ln -s {shlex.quote(target)} "$1"{shlex.quote(path)}' for path, target in recipe.links.items()]
    return "\n".join(["set -e", *links, 'cd "$1"', f"rm -rf {' '.join(_LEAVINGS)}"])
