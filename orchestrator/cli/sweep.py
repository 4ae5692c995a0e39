"""sweep, sweeps."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.context import Context
from orchestrator.cli.prepare import SET
from orchestrator.errors import ExitCode


@click.command()
@click.argument("target", type=click.Path(path_type=Path), default="runspec.yaml")
@SET
@click.option("--trials", type=click.IntRange(min=1), help="How many at most: --set sweep.trials=…")
@click.option("--parallel", type=click.IntRange(min=1), help="How many at a time: --set sweep.parallel=…")
@click.pass_obj
def sweep(context: Context, target: Path, overrides: tuple[str, ...], trials: int | None, parallel: int | None) -> None:
    """Run the trials of TARGET, a spec with a `sweep` section; or, by a sweep's id, those that are left.

    Each trial is an ordinary run. Code, data and image are pinned once. A signal stops the trials that run; `sweep ID`
    goes on from there. Exits 0 where at least one trial is complete. `replay ID` replays the sweep.
    """
    workspace = context.workspace(runs=True)
    from orchestrator.cli.render import sweeps as render
    from orchestrator.operations.sweep_running import sweep as operation

    said = [f"sweep.{name}={value}" for name, value in (("trials", trials), ("parallel", parallel)) if value]
    with context.stoppable() as stop:
        state = operation(workspace, target, overrides=(*overrides, *said), stop=stop)
    if not state.summary.complete:
        context.exit_code = ExitCode.FAILED
    context.result("sweep", render.state_data(state), lambda: render.state(state))


@click.command()
@click.argument("sweep", required=False)
@click.pass_obj
def sweeps(context: Context, sweep: str | None) -> None:
    """List sweeps, the newest first; or show SWEEP: its trials, the best, and which parameters mattered."""
    from orchestrator.cli.render import sweeps as render
    from orchestrator.operations import sweeping

    workspace = context.workspace()
    if sweep is not None:
        state = sweeping.sweep_state(workspace, sweep)
        context.result("sweeps", render.state_data(state), lambda: render.state(state))
        return
    found = sweeping.sweeps(workspace)
    if not found:
        context.talk.say("no sweeps")
    context.result("sweeps", {"sweeps": [render.summary_data(one) for one in found]}, lambda: render.listing(found))
