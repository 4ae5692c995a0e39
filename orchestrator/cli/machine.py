"""doctor, completion."""

from __future__ import annotations

import click

from orchestrator.cli.context import Context
from orchestrator.errors import ExitCode


@click.command()
@click.pass_obj
def doctor(context: Context) -> None:
    """Look at this machine and at what the settings name. Exits 3 where something must be mended."""
    from dataclasses import asdict

    from orchestrator.cli.render import checks as render
    from orchestrator.operations.checkup import doctor as operation

    workspace = context.workspace()
    checks = operation(workspace, context.profile)
    if any(check.state == "problem" for check in checks):
        context.exit_code = ExitCode.ENGINE
    context.result("doctor", {"checks": [asdict(check) for check in checks]}, lambda: render.checks(checks))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(context: Context, shell: str) -> None:
    """Print the completion script for SHELL, e.g. `eval "$(orchestrator completion bash)"`."""
    from click.shell_completion import get_completion_class

    from orchestrator.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  (the choice lists what click has)
    scripts = [found(cli, {}, name, f"_{name.upper()}_COMPLETE").source() for name in ("orchestrator", "orch")]
    script = "\n".join(scripts)
    context.result("completion", {"shell": shell, "script": script}, lambda: script)
