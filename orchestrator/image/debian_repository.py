"""The smallest Debian repository that mmdebstrap can install from: ``dists/SUITE`` and ``pool`` on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from orchestrator.image.debian_recipe import Recipe
from orchestrator.lock.model import DebPin
from orchestrator.process import run

POOL = "pool"


def write_repository(folder: Path, recipe: Recipe, debs: Mapping[str, DebPin]) -> str:
    """Index ``folder/pool``, whose files ``debs`` names, as a repository; returns its line for apt.

    A flat repository will not do: mmdebstrap finds the essential packages by the Release file's suite.
    """
    packages = "\n".join(_stanza(folder / POOL / name, pin) for name, pin in sorted(debs.items())).encode()
    component = recipe.components[0]
    index = f"{component}/binary-{recipe.architecture}/Packages"
    dists = folder / "dists" / recipe.suite
    (dists / index).parent.mkdir(parents=True)
    (dists / index).write_bytes(packages)
    (dists / "Release").write_text(release_file(recipe, index, packages))
    return f"deb [trusted=yes] copy://{quote(str(folder.resolve()))} {recipe.suite} {component}"


def release_file(recipe: Recipe, index: str, packages: bytes) -> str:
    """The Release file that vouches for one Packages file."""
    return (
        f"Suite: {recipe.suite}\n"
        f"Codename: {recipe.suite}\n"
        f"Components: {recipe.components[0]}\n"
        f"Architectures: {recipe.architecture}\n"
        "Date: Tue, 01 Jan 1980 00:00:00 UTC\n"
        f"SHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} {index}\n"
    )


def _stanza(deb: Path, pin: DebPin) -> str:
    control = run(["dpkg-deb", "--field", str(deb)]).decode().strip()
    return f"{control}\nFilename: {POOL}/{deb.name}\nSize: {pin.size}\nSHA256: {pin.sha256.hex}\n"
