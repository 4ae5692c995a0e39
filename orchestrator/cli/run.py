"""submit, replay, verify, and the background process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.context import Context
from orchestrator.cli.prepare import SET, SPEC
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.bundle.foreign import Ask
    from orchestrator.run import CertificateRecord
    from orchestrator.workspace import Workspace


@click.command()
@SPEC
@SET
@click.option("--detach", is_flag=True, help="Return at once; `logs -f` follows the run.")
@click.option("--certify", is_flag=True, help="Replay the run at once, and keep with it whether it came back.")
@click.option("--reuse", is_flag=True, help="Where this very plan has run and finished, return that run; run nothing.")
@click.pass_obj
def submit(context: Context, spec: Path, overrides: tuple[str, ...], detach: bool, certify: bool, reuse: bool) -> None:
    """Pin SPEC, build or find its image, run it and record it.

    Exits 1 where the job fails; with --certify also where `replay` would: the policy does not hold.
    """
    if detach and certify:
        raise click.UsageError("a run in the background cannot be certified: leave --detach or --certify out")
    if reuse and certify:
        raise click.UsageError("a run of before is not certified: leave --reuse or --certify out, and `replay` it")
    workspace = context.workspace(runs=True)
    from orchestrator.cli.render import runs
    from orchestrator.operations.observed import observed
    from orchestrator.operations.rows import last_metrics
    from orchestrator.operations.runs import outcome_of

    with context.stoppable() as stop:
        if certify:
            from orchestrator.operations.certifying import certify as certified

            done = certified(workspace, spec, overrides=overrides, watcher=context.watcher(stop))
        else:
            from orchestrator.operations.submitting import submit as operation

            done = operation(
                workspace, spec, overrides=overrides, detach=detach, reuse=reuse, watcher=context.watcher(stop)
            )
    metrics = last_metrics(workspace.blobs, done.run) if done.run else {}
    exit_code = outcome_of(workspace, done.run).exit_code if done.run and done.run.outcome else None
    hints = observed(workspace, done.run, done.plan).hints if done.run else ()
    data = {
        "id": done.id,
        "reused": done.reused,
        "status": done.run.status if done.run else "running",
        "plan": done.plan_digest,
        "outcome": done.run.outcome if done.run else None,
        "image": done.plan.image.model_dump(mode="json"),
        "exit_code": exit_code,
        "metrics": metrics,
        "notes": list(done.run.facts.notes) if done.run else [],
        "hints": list(hints),
        "certificate": done.certificate.model_dump(mode="json") if done.certificate else None,
    }
    passed = _passed(workspace, done.certificate) if done.certificate else True
    if (done.run and done.run.status != "finished") or not passed:
        context.exit_code = ExitCode.FAILED
    context.result("submit", data, lambda: runs.submitted(done, metrics, exit_code))
    if done.certificate and done.certificate.holds and not passed:
        context.talk.note(
            f"{done.certificate.answer}, which the spec's `verify` does not allow: `artifacts: content` would"
            " (docs/comparison.md)"
        )
    for hint in hints:
        context.talk.note(f"hint: {hint}")


def _passed(workspace: Workspace, certificate: CertificateRecord) -> bool:
    """Whether the replay that certified a run passed by the run's policy, as `replay` says it."""
    from orchestrator.compare.verdict import Verdict
    from orchestrator.operations.runs import show

    verdicts = [one.verdict for one in show(workspace, certificate.of).verdicts if one.replay == certificate.replay]
    return certificate.holds and all(Verdict.model_validate(verdict).passed for verdict in verdicts)


FORCE = click.option(
    "--force", is_flag=True, help="Try it on a machine whose CPU or GPUs cannot keep to what the run was pinned to."
)
COLD = click.option("--cold", is_flag=True, help="Make the image again from its lock, wheels and .debs first.")
ALLOW = click.option(
    "--allow",
    multiple=True,
    type=click.Choice(["secrets", "network", "packages"]),
    help="What an imported run may ask of this machine; `import` tells what it does.",
)


@click.command()
@click.argument("run")
@FORCE
@COLD
@ALLOW
@click.pass_obj
def replay(context: Context, run: str, force: bool, cold: bool, allow: tuple[Ask, ...]) -> None:
    """Run the recorded plan of RUN again and compare the outcomes. Exits 0 only if the policy holds.

    A sweep (s-…) is replayed whole: every suggestion is compared, and each complete trial replayed.

    Exits 3, before anything runs, where this machine's CPU or GPUs cannot keep to what the run was pinned to.
    """
    workspace = context.workspace(runs=True)
    if run.startswith("s-"):
        if cold or allow:
            raise click.UsageError("a sweep is replayed without --cold and --allow: its trials' runs take them")
        _replay_sweep(context, workspace, run, force)
        return
    from orchestrator.cli.render import verdicts
    from orchestrator.operations.replaying import replay as operation

    with context.stoppable() as stop:
        done = operation(workspace, run, watcher=context.watcher(stop), force=force, cold=cold, allow=allow)
    context.exit_code = done.verdict.exit_code
    data = {
        "of": done.original.id,
        "id": done.replay.id,
        "plan": done.original.plan,
        "outcomes": [done.original.outcome, done.replay.outcome],
        "verdict": done.verdict.model_dump(mode="json"),
        "causes": list(done.causes),
        "cold": verdicts.cold_data(done.cold),
    }
    context.result("replay", data, lambda: verdicts.replayed(done))
    if not done.verdict.passed:
        context.talk.note(
            "next: docs/determinism.md lists what is owned, docs/logging.md what differs in every run and how to"
            " allow it; `orchestrator diff` shows more"
        )


def _replay_sweep(context: Context, workspace: Workspace, sweep: str, force: bool) -> None:
    from orchestrator.cli.render import sweeps
    from orchestrator.operations.sweep_replaying import replay_sweep

    with context.stoppable() as stop:
        done = replay_sweep(workspace, sweep, stop=stop, force=force)
    context.exit_code = ExitCode.OK if done.passed else ExitCode.FAILED
    context.result("replay", sweeps.replayed_data(done), lambda: sweeps.replayed(done))


@click.command()
@click.argument("target")
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="How many replays.")
@FORCE
@COLD
@ALLOW
@click.option("--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True)
@click.pass_obj
def verify(
    context: Context, target: str, times: int, force: bool, cold: bool, allow: tuple[Ask, ...], form: str
) -> None:
    """Replay TARGET, a run or a spec, and judge it by its policy. Exits 1 where it no longer reproduces."""
    context.as_json = context.as_json or form == "json"
    workspace = context.workspace(runs=True)
    from orchestrator.cli.render import verdicts
    from orchestrator.compare.render.junit import junit
    from orchestrator.operations.verifying import verify as operation

    with context.stoppable() as stop:
        watcher = context.watcher(stop)
        done = operation(workspace, target, times=times, watcher=watcher, force=force, cold=cold, allow=allow)
    context.exit_code = ExitCode.OK if done.passed else ExitCode.FAILED
    data = {
        "run": done.original.id,
        "passed": done.passed,
        "replays": [
            {
                "id": one.replay.id,
                "verdict": one.verdict.model_dump(mode="json"),
                "causes": list(one.causes),
                "cold": verdicts.cold_data(one.cold),
            }
            for one in done.replays
        ],
    }
    if form == "junit":
        click.echo(junit([one.verdict for one in done.replays], name=done.original.name), nl=False)
    else:
        context.result("verify", data, lambda: verdicts.verified(done))


@click.command()
@click.argument("run")
@click.pass_obj
def stop(context: Context, run: str) -> None:
    """Stop RUN, which is still running: SIGTERM, then SIGKILL after ten seconds. It is recorded as killed."""
    from orchestrator.operations.stopping import stop as operation

    run_id = operation(context.workspace(), run)
    context.result("stop", {"id": run_id}, lambda: run_id)


@click.command(hidden=True)
@click.argument("run_id")
@click.argument("descriptor", type=int)
@click.argument("image", required=False)
@click.pass_obj
def supervise(context: Context, run_id: str, descriptor: int, image: str | None) -> None:
    """Look after a detached run. Not for people."""
    from orchestrator.operations.recover import supervise_here

    supervise_here(context.workspace(), run_id, descriptor, image)
