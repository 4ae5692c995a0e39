"""Whether a run that was made elsewhere may be replayed here: what its plan asks of this machine has to be allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from orchestrator.bundle import foreign, imported
from orchestrator.bundle.foreign import Ask
from orchestrator.errors import NotFound, NotReplayable, UsageError
from orchestrator.plan import DataPin, Plan
from orchestrator.run import Run
from orchestrator.store import tree
from orchestrator.workspace import Workspace


class NotAllowed(UsageError):
    """An imported run asks for more than to be run."""


def check(workspace: Workspace, original: Run, plan: Plan, allow: Collection[Ask], *, cold: bool) -> None:
    """Look at an imported run, and at replays of one, before anything runs. Of other runs nothing is asked.

    Raises:
        NotAllowed: its plan asks for something that ``allow`` does not name.
        NotReplayable: data that it needs did not come along.
    """
    if imported.behind(original, workspace.records) is None:
        return
    building = cold or (foreign.would_build(plan, workspace.blobs) and not _in_engine(workspace, plan))
    asked = [one for one in foreign.asks(plan, workspace.blobs, building=building) if one.kind not in allow]
    if asked:
        flags = " ".join(f"--allow {kind}" for kind in dict.fromkeys(one.kind for one in asked))
        what = "\n".join(f"- {one.text}" for one in asked)
        raise NotAllowed(
            f"{original.id} was made elsewhere, and its plan asks for:\n{what}",
            hint=f"if you trust whoever made it: {flags}",
        )
    if missing := [name for name, pin in sorted(plan.data.items()) if not all(_there(workspace, pin))]:
        named = "\n".join(f"- {name}: {plan.data[name].digest}, mounted at {plan.data[name].mount}" for name in missing)
        raise NotReplayable(
            f"the data of {original.id} did not come along:\n{named}",
            hint="have it exported `--with-data`; or submit a spec here that names the same files",
        )


def _in_engine(workspace: Workspace, plan: Plan) -> bool:
    return workspace.engine.find(plan.image.config, plan.image.manifest) is not None


def _there(workspace: Workspace, pin: DataPin) -> Iterator[bool]:
    blobs = workspace.blobs
    yield blobs.has(pin.digest)
    if pin.kind == "tree":
        try:
            yield from (blobs.has(file.digest) for file in tree.load(blobs, pin.digest).files.values())
        except NotFound:
            yield False
