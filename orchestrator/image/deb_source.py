"""Debian packages from a mirror, through an apt of our own: the host's suites and pins do not matter."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, NotReplayable
from orchestrator.image.apt_sources import MIRROR_VARIABLE, find_mirror
from orchestrator.image.debian_recipe import Recipe, relock_hint
from orchestrator.lock.model import DebPin
from orchestrator.process import ProgramFailed, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_UNKNOWN = re.compile(r"Version '[^']*' for '([^':]+)[^']*' was not found|Unable to locate package ([^\s:]+)")


def fetch_debs(recipe: Recipe, pins: Sequence[DebPin], scratch: Path) -> Iterator[tuple[DebPin, Path]]:
    """Download exactly these packages; each is a file below ``scratch`` whose sha256 has been checked.

    Raises:
        NotReplayable: a pin is gone from the mirror, or the mirror has other bytes under its name.
        EnvironmentProblem: no mirror answers.
    """
    if not pins:
        return
    apt = _PrivateApt(recipe, scratch / "apt")
    apt.update()
    try:
        apt.run("download", *(f"{pin.package}:{pin.architecture}={pin.version}" for pin in pins))
    except ProgramFailed as failure:
        raise _explained(failure, pins) from failure
    for pin in pins:
        file = apt.folder / file_name(pin)
        with file.open("rb") as stream:
            found = Digest.of_stream(stream)
        if found != pin.sha256:
            raise NotReplayable(
                f"the mirror's {_named(pin)} is {found}, but {pin.sha256} is pinned", hint=_way_out(pin)
            )
        yield pin, file


def resolve_debs(recipe: Recipe, scratch: Path) -> Iterator[tuple[DebPin, Path]]:
    """Download what the recipe comes to with today's packages, essential ones included, sorted by name.

    Raises:
        EnvironmentProblem: no mirror answers, or the packages cannot be installed together.
    """
    apt = _PrivateApt(recipe, scratch / "apt")
    apt.update()
    apt.run("install", "--yes", "--download-only", "?essential", *recipe.packages)
    for file in sorted(apt.archives.glob("*.deb")):
        yield read_pin(file), file


def read_pin(file: Path) -> DebPin:
    """What pins a .deb: the fields in it, and its bytes."""
    fields = run(["dpkg-deb", "--show", "--showformat", "${Package}\n${Version}\n${Architecture}", str(file)])
    package, version, architecture = fields.decode().splitlines()
    with file.open("rb") as stream:
        digest = Digest.of_stream(stream)
    return DebPin(package=package, version=version, architecture=architecture, sha256=digest, size=file.stat().st_size)


def file_name(pin: DebPin) -> str:
    """The file name that apt gives to a package; an epoch's colon is escaped."""
    return f"{pin.package}_{pin.version.replace(':', '%3a')}_{pin.architecture}.deb"


class _PrivateApt:
    """An apt that knows one suite and has nothing installed.

    The host's apt.conf.d still applies, because the way through a proxy is configured there.
    """

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        if not KEYRING.is_file():
            raise EnvironmentProblem(f"{KEYRING} is missing", hint="apt-get install debian-archive-keyring")
        self.folder = folder
        self.archives = folder / "cache" / "archives"
        (folder / "lists" / "partial").mkdir(parents=True)
        (self.archives / "partial").mkdir(parents=True)
        (folder / "status").touch()
        mirror = find_mirror(recipe.suite, os.environ)
        options = f"[arch={recipe.architecture} signed-by={KEYRING}]"
        line = f"deb {options} {mirror} {recipe.suite} {' '.join(recipe.components)}\n"
        (folder / "sources.list").write_text(line)
        self._options = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": folder,
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Cache::archives": self.archives,
            "APT::Architecture": recipe.architecture,
            "APT::Architectures": recipe.architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",  # root's sandbox user could not write to a private folder
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "pkgCacheGen::ForceEssential": ",",  # else apt takes itself for an essential package
        }

    def update(self) -> None:
        """Fetch the lists of packages."""
        self.run("update", hint=f"set {MIRROR_VARIABLE} to the URI of a Debian mirror that has the suite")

    def run(self, *arguments: str, hint: str = "") -> None:
        """Run apt-get here; what ``download`` fetches lies in ``folder``."""
        options = [part for name, value in self._options.items() for part in ("-o", f"{name}={value}")]
        environ = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "-qq", *options, *arguments], cwd=self.folder, env=environ, hint=hint)


def _explained(failure: ProgramFailed, pins: Sequence[DebPin]) -> EnvironmentProblem:
    """Which pin is gone, where that is why apt failed."""
    gone = [pin for pin in pins if _is_gone(pin, failure.stderr)]
    if not gone:
        return failure
    names = ", ".join(map(_named, gone))
    return NotReplayable(f"the mirror no longer has {names}", hint=_way_out(gone[0]))


def _is_gone(pin: DebPin, stderr: str) -> bool:
    """Whether apt says that it knows no such package or version, or that its file is not there."""
    unknown = {one or other for one, other in _UNKNOWN.findall(stderr)}
    file = f"/{pin.package}_{pin.version.partition(':')[2] or pin.version}_{pin.architecture}.deb"
    return pin.package in unknown or any(file in line and "404" in line for line in stderr.splitlines())


def _way_out(pin: DebPin) -> str:
    return f"copy the package's blob {pin.sha256} from a store that has it; or {relock_hint('images/NAME')}"


def _named(pin: DebPin) -> str:
    return f"{pin.package}={pin.version}"
