"""lock, plan, build."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.context import Context

SPEC = click.argument("spec", type=click.Path(path_type=Path), default="runspec.yaml")
SET = click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Override a value: params.lr=0.1, seed=3."
)


@click.command()
@SPEC
@click.pass_obj
def lock(context: Context, spec: Path) -> None:
    """Pin every package of SPEC by hash, for the image's interpreter; writes the lock file beside it."""
    from orchestrator.operations.locking import lock as operation

    done = operation(context.workspace(), spec)
    data = {
        "path": str(done.path),
        "digest": done.lock.digest,
        "changed": done.changed,
        "wheels": [pin.model_dump(mode="json") for pin in done.lock.wheels],
    }
    state = "written" if done.changed else "unchanged"
    context.result("lock", data, lambda: f"{done.path}: {state}, {len(done.lock.wheels)} wheels, {done.lock.digest}")


@click.command()
@SPEC
@SET
@click.pass_obj
def plan(context: Context, spec: Path, overrides: tuple[str, ...]) -> None:
    """Show what SPEC comes to: every digest, and what is cached. Runs nothing."""
    from orchestrator.cli.render import plans
    from orchestrator.operations.outlook import plan as operation

    seen = operation(context.workspace(), spec, overrides)
    context.result("plan", seen.data(), lambda: plans.outlook(seen))


@click.command()
@SPEC
@click.pass_obj
def build(context: Context, spec: Path) -> None:
    """Build the image of SPEC and load it into the engine."""
    from orchestrator.cli.render import plans
    from orchestrator.operations.building import build as operation

    done = operation(context.workspace(), spec)
    data = {"image": done.image.model_dump(mode="json"), "lock": done.lock.digest}
    context.result("build", data, lambda: plans.image(done.image))
