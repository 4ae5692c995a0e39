"""config."""

from __future__ import annotations

import click

from orchestrator.cli.context import Context


@click.command()
@click.argument("key", required=False)
@click.option("--show-origin", is_flag=True, help="Say of each value who has set it: flag, variable, file:line.")
@click.option("--trust", is_flag=True, help="Let the project file here take effect, as it is now.")
@click.pass_obj
def config(context: Context, key: str | None, show_origin: bool, trust: bool) -> None:
    """Show the settings in force, or the one named KEY. Passwords are never printed."""
    from dataclasses import asdict

    from orchestrator.cli.render import settings as render
    from orchestrator.operations import configuring

    if trust:
        if key is not None or show_origin:
            raise click.UsageError("--trust stands alone")
        path = configuring.trust()
        context.result("config", {"trusted": str(path)}, lambda: f"trusted: {path}")
        return
    found = configuring.config(context.flags, key)
    data = {"settings": [asdict(one) for one in found.settings], "untrusted": list(found.untrusted)}
    context.result("config", data, lambda: render.settings(found.settings, origins=show_origin, alone=key is not None))
    for finding in found.untrusted:
        context.talk.note(finding)
    if found.untrusted:
        context.talk.note("next: look at that file, then `orchestrator config --trust`")
