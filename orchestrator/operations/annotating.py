"""Say something of runs that are recorded: tags, a note, that they are put away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.errors import UsageError
from orchestrator.index.filter import names
from orchestrator.maintenance import annotation
from orchestrator.maintenance.annotation import Annotation, Annotations
from orchestrator.operations import runs
from orchestrator.operations.indexing import tell_index
from orchestrator.workspace import Workspace

_LONGEST_NAME, _LONGEST_TEXT = 250, 1 << 16


def tag(workspace: Workspace, ids: Sequence[str], tags: Mapping[str, str | None]) -> dict[str, Annotations]:
    """Give runs these tags, in place of those of the same names; None takes one away.

    Raises:
        NotFound: one of the runs is not there; nothing is changed.
        UsageError: a tag's name cannot be one.
    """
    for name, value in tags.items():
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise UsageError(f"no name for a tag: {name[:80]!r}", hint=f"up to {_LONGEST_NAME} printable characters")
        if name.startswith(names.OURS):
            raise UsageError(
                f"the tag {name!r} is set by orchestrator itself", hint=f"choose one without {names.OURS!r}"
            )
        _check_length(value or "")
    return _say(workspace, ids, tags=dict(tags))


def note(workspace: Workspace, ids: Sequence[str], text: str) -> dict[str, Annotations]:
    """Write a note to runs, in place of the one before; an empty one takes it away. Raises as :func:`tag` does."""
    _check_length(text)
    return _say(workspace, ids, note=text)


def archive(workspace: Workspace, ids: Sequence[str], *, undo: bool = False) -> dict[str, Annotations]:
    """Put runs away: lists leave them out, all else is as before; ``undo`` brings them back. Raises as :func:`tag`."""
    return _say(workspace, ids, archived=not undo)


def _say(
    workspace: Workspace,
    ids: Sequence[str],
    *,
    tags: Mapping[str, str | None] | None = None,
    note: str | None = None,
    archived: bool | None = None,
) -> dict[str, Annotations]:
    """Say it of every run, then tell the index."""
    with workspace.claims.shared():
        found = [runs.find(workspace, text) for text in ids]
        for run in found:
            created = _after_all(workspace, run.id)
            said = Annotation(run=run.id, created=created, tags=dict(tags or {}), note=note, archived=archived)
            workspace.records.create(annotation.key(run.id, created, workspace.chance()), said.to_bytes())
        tell_index(workspace, found)
    return {run.id: annotation.of(workspace.records, run.id) for run in found}


def _after_all(workspace: Workspace, run_id: str) -> str:
    """Now; or just behind what was said last, by a machine whose clock was wrong."""
    last = max(annotation.keys(workspace.records, run_id), default="")
    return max(workspace.timestamp(), annotation.just_after(last) if last else "")


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_TEXT:
        raise UsageError(f"this text has {len(text):,} characters", hint=f"{_LONGEST_TEXT:,} at most: log it as a file")
