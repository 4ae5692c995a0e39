"""The code as it is: which files count, and what git says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator import process
from orchestrator.agent.redact import NO_SECRETS, Secrets
from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, UsageError
from orchestrator.execution import patterns, spilled
from orchestrator.operations.data import refuse_system
from orchestrator.runspec.model import CodeSpec
from orchestrator.store import capture, tree
from orchestrator.workspace import Workspace

ALWAYS_LEFT_OUT = (".git", ".git/", *patterns.CACHES, ".venv/")


def capture_code(
    workspace: Workspace, spec: CodeSpec, folder: Path, secrets: Secrets = NO_SECRETS
) -> tuple[Digest, dict[str, Any]]:
    """Store the code; returns its tree digest and the facts of its git work tree (empty where it is none).

    Raises:
        UsageError: the root is no folder, a file cannot be read or stored, it changed meanwhile, or holds a secret.
    """
    root = refuse_system("code.root", folder / spec.root)
    if not root.is_dir():
        raise UsageError(f"code.root: {root} is no folder")
    found = _choose(root, spec, _within(root, workspace.home))
    if found.refused:
        raise UsageError("code: " + "; ".join(found.refused), hint="exclude these under code.exclude")
    if secrets:
        _refuse_secrets(root, found, secrets)
    entries = capture.capture(root, found, workspace.blobs, cache=workspace.stat_cache)
    return tree.save(workspace.blobs, tree.Tree.of(entries)), _git_facts(root)


def _refuse_secrets(root: Path, found: capture.Found, secrets: Secrets) -> None:
    """What is stored is kept for good, and shared: a ``.env`` is no code."""
    for path in (*found.files, *found.links):
        if problem := spilled.problem(root, path, secrets):
            raise UsageError(f"code: {path}: {problem}", hint="exclude it under code.exclude, or from git")


def _within(root: Path, home: Path) -> str | None:
    """Where our own home lies within the code: it is none of it, and would hold a copy of itself."""
    try:
        return f"{home.resolve().relative_to(root).as_posix()}/"
    except ValueError:
        return None


def _choose(root: Path, spec: CodeSpec, home: str | None) -> capture.Found:
    included = patterns.matcher(spec.include) if spec.include else None
    excluded = patterns.matcher((*ALWAYS_LEFT_OUT, *spec.exclude))
    tracked = _git_files(root)

    def leave_out(path: str) -> bool:
        if excluded(path) or path == home:
            return True
        if path.endswith("/"):
            return tracked is not None and path not in tracked
        return (tracked is not None and path not in tracked) or (included is not None and not included(path))

    found = capture.find(root, leave_out)
    if included is not None or tracked is not None:
        found.folders.clear()  # git knows no empty folders, and patterns choose files
    return found


def _git_files(root: Path) -> set[str] | None:
    """All that git does not ignore, tracked or not, and the folders above; None outside a work tree."""
    if not _in_work_tree(root):
        return None
    listed = process.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root)
    files: set[str] = set()
    for name in filter(None, listed.split(b"\0")):
        path = name.decode(errors="surrogateescape").rstrip("/")
        inner = root / path
        if inner.is_dir() and not inner.is_symlink():  # a submodule, or a clone within the clone
            files |= {f"{path}/{file}" for file in _git_files(inner) or ()}
        else:
            files.add(path)
    return files | {f"{parent}/" for path in files for parent in Path(path).parents if parent != Path()}


def _in_work_tree(root: Path) -> bool:
    return any((parent / ".git").exists() for parent in (root, *root.parents))


def _git_facts(root: Path) -> dict[str, Any]:
    if not _in_work_tree(root):
        return {}
    try:
        status = process.run(["git", "status", "--porcelain=v2", "--branch", "--", "."], cwd=root).decode(
            errors="replace"
        )
    except EnvironmentProblem as error:
        raise EnvironmentProblem(f"git cannot say what belongs to {root}: {error.message}", hint=error.hint) from error
    facts: dict[str, Any] = {"dirty": any(not line.startswith("# ") for line in status.splitlines())}
    for line in status.splitlines():
        if line.startswith("# branch.oid ") and not line.endswith("(initial)"):
            facts["commit"] = line.split()[-1]
        if line.startswith("# branch.head "):
            facts["branch"] = line.split(maxsplit=2)[-1]
    return facts
