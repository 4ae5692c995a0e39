"""What a plan asks of a machine's CPU and GPUs, looked at before anything runs. Facts come in as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.errors import EnvironmentProblem, NotReplayable
from orchestrator.execution import cpu
from orchestrator.plan import Plan
from orchestrator.run import Run
from orchestrator.workspace import Workspace

_OFF = "off"
_FORCE = "replay it on a machine like that one, or try here with `--force`: the numbers may differ"


def check_submit(workspace: Workspace, plan: Plan) -> None:
    """A run that this machine cannot hold to its pins is none that could be replayed elsewhere.

    Raises:
        EnvironmentProblem: this CPU lacks what the plan's instruction set has.
    """
    here = workspace.host(gpus=False).get("cpu", {})
    lacks = cpu.missing(_pin(plan), here)
    if lacks:
        raise EnvironmentProblem(
            f"the plan pins arithmetic to {_pin(plan)}, and this CPU, {cpu.name(here)}, lacks {', '.join(lacks)}",
            hint=f"`determinism: {{cpu: {cpu.best(here)}}}` in the spec pins it to what this CPU has",
        )


def check_replay(workspace: Workspace, plan: Plan, original: Run, *, force: bool) -> None:
    """What of a run's contract this machine cannot keep is said before anything runs; ``force``: said, and no more.

    Raises:
        NotReplayable: this CPU lacks what the pins have, or other GPUs are here than the original ran on.
    """
    here = workspace.host(gpus=plan.resources.gpus > 0)
    broken = list(breaches(plan, original.facts.host, here))
    if broken and not force:
        raise NotReplayable("\n".join(broken), hint=_FORCE)
    for breach in broken:
        workspace.report(f"--force: {breach}")


def breaches(plan: Plan, there: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """Why a plan that ran on the host ``there`` may give other numbers on the host ``here``: a sentence each. Pure."""
    lacks = cpu.missing(_pin(plan), here.get("cpu", {}))
    if lacks:
        yield (
            f"the run's arithmetic is pinned to {_pin(plan)}: this CPU, {cpu.name(here.get('cpu', {}))}, lacks "
            f"{', '.join(lacks)}; the original ran on {cpu.name(there.get('cpu', {}))}"
        )
    if plan.resources.gpus and there.get("gpus"):
        yield from _of_gpus(plan.resources.gpus, there["gpus"], here.get("gpus") or {})


def _pin(plan: Plan) -> str:
    return plan.controls.cpu if plan.controls else _OFF


def _of_gpus(count: int, there: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """``count`` GPUs of one machine next to those of another: the engine gives a container the first ones."""
    if not here.get("devices"):
        yield f"the run used {_named(there['devices'][:count])}, and this machine has no NVIDIA GPU that answers"
        return
    ran_on, would_run_on = there["devices"][:count], here["devices"][:count]
    if ran_on != would_run_on:
        yield f"the run used {_named(ran_on)}, this machine would give it {_named(would_run_on)}"
    for fact, what in (("driver", "NVIDIA's driver"), ("cuda", "the driver's CUDA")):
        then, now = there.get(fact), here.get(fact)
        if then != now:
            yield f"the run used {what} {then or '(not told)'}, this machine has {now or '(not told)'}"


def _named(devices: Sequence[Mapping[str, Any]]) -> str:
    names = [f"{device.get('name', 'a GPU')} (compute {device.get('compute', 'not told')})" for device in devices]
    return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
