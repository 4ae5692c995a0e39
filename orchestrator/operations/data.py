"""Inputs: hashed, kept, mounted at the same place in every replay."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.plan import DataPin
from orchestrator.runspec.model import DataSpec
from orchestrator.store import capture, tree
from orchestrator.workspace import Workspace

_NEVER = ("/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/boot", "/var/lib/docker")
"""These and all that is below them."""


def mount_of(name: str, spec: DataSpec, folder: Path) -> str:
    """Where an input appears in the container."""
    default = f"/data/{name}"
    source = folder / spec.source
    return spec.mount or (default if source.is_dir() else f"{default}/{source.name}")


def capture_data(workspace: Workspace, name: str, spec: DataSpec, folder: Path) -> DataPin:
    """Store one input.

    Raises:
        UsageError: there is no such source, it must not be mounted, or it does not hash to what the spec says.
    """
    source = _checked(name, folder / spec.source)
    if workspace.home.resolve().is_relative_to(source):
        raise UsageError(
            f"data.{name}: {source} holds the store itself ({workspace.home})",
            hint="name the folder that holds the data",
        )
    if source.is_dir():
        found = capture.find(source, lambda path: False)
        if found.refused:
            raise UsageError(f"data.{name}: " + "; ".join(found.refused))
        entries = capture.capture(source, found, workspace.blobs, cache=workspace.stat_cache)
        digest = tree.save(workspace.blobs, tree.Tree.of(entries))
    else:
        digest = capture.store_file(source, workspace.blobs, workspace.stat_cache)
    if spec.sha256 and digest.hex != spec.sha256:
        raise UsageError(
            f"data.{name}: {source} hashes to {digest.hex}, the spec says {spec.sha256}",
            hint="the data has changed: restore it, or write the new digest into the spec",
        )
    kind = "tree" if source.is_dir() else "file"
    return DataPin(kind=kind, digest=digest, mount=mount_of(name, spec, folder))


def refuse_system(what: str, source: Path) -> Path:
    """The real path of a source, where it is not the system's, nor the whole home folder.

    Raises:
        UsageError: it is one of these, or is not there.
    """
    try:
        real = source.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise UsageError(
            f"{what}: {source}: {getattr(error, 'strerror', None) or error}", hint="paths begin in the spec's folder"
        ) from error
    within = any(real.is_relative_to(place) for place in _NEVER)
    if within or real in (Path("/"), Path.home().resolve()):
        raise UsageError(f"{what}: {real} is never mounted", hint="name the folder that holds what the job needs")
    return real


def _checked(name: str, source: Path) -> Path:
    real = refuse_system(f"data.{name}", source)
    if not (real.is_dir() or real.is_file()):
        raise UsageError(f"data.{name}: {real} is neither a file nor a folder")
    return real
