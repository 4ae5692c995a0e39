"""Lock a spec: every wheel by hash, beside the spec, to be committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import LockError, UsageError
from orchestrator.failpoint import reached
from orchestrator.image.asked import asked as image_asked
from orchestrator.lock import file, requirements
from orchestrator.lock.model import Asked, Lock
from orchestrator.operations.spec import SpecFile, read_spec
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Locked:
    """A lock and its file."""

    path: Path
    lock: Lock
    changed: bool


def lock(workspace: Workspace, spec: Path) -> Locked:
    """Resolve what the spec asks for today and write the lock file.

    Raises:
        LockError: it cannot be resolved.
    """
    read = read_spec(spec)
    before = _readable(read.lock)
    with workspace.claims.shared():
        made = resolve(workspace, read)
    return Locked(read.lock, made, changed=before is None or before.digest != made.digest)


def resolve(workspace: Workspace, spec: SpecFile) -> Lock:
    """As :func:`lock`, for a spec that is read already."""
    wanted = asked(workspace, spec)
    workspace.report(f"locking {spec.path.name}: {', '.join(wanted.requirements) or 'no requirements'}")
    _refuse_another_file(spec.lock)
    reached("lock.asked")
    made = workspace.make_lock(wanted, spec.folder)
    reached("lock.made")
    file.write(spec.lock, made)
    reached("lock.written")
    return made


def fresh(workspace: Workspace, spec: SpecFile) -> Lock | None:
    """The spec's lock, or None where there is none yet.

    Raises:
        LockError: it is stale: it answers another question than the spec asks.
    """
    found = file.read(spec.lock)
    if found is not None:
        try:
            file.require_fresh(spec.lock, found, asked(workspace, spec))
        except LockError as error:
            raise LockError(error.message, hint=f"run `orchestrator lock {spec.path}`") from error
    return found


def asked(workspace: Workspace, spec: SpecFile) -> Asked:
    """What the spec asks of its image."""
    return image_asked(spec.spec.image, _requirements(spec), spec.folder, workspace.blobs)


def _requirements(spec: SpecFile) -> tuple[str, ...]:
    wanted = spec.spec.image.requirements
    if not isinstance(wanted, str):
        return requirements.parse(list(wanted), f"{spec.path.name}: image.requirements")
    path = spec.folder / wanted
    if not path.is_file():
        raise UsageError(f"image.requirements: {path} is no file")
    try:
        return requirements.parse(path.read_text().splitlines(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"image.requirements: {path}: {error}") from error


def _refuse_another_file(path: Path) -> None:
    """``image.lock`` may name any path: what is no lock is not replaced."""
    if path.exists() and not (path.is_file() and b'"orchestrator.lock/' in path.read_bytes()):
        raise UsageError(f"{path} is there and is no lock", hint="name another file under image.lock")


def _readable(path: Path) -> Lock | None:
    try:
        return file.read(path)
    except LockError:
        return None
