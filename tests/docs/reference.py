"""The command reference and the schema, made from the program itself: `python -m tests.docs.reference` writes them."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.main import cli
from orchestrator.runspec.schema import schema_text

DOCS = Path(__file__).parents[2] / "docs"


def command_reference() -> str:
    """docs/cli.md."""
    top = cli.make_context("orchestrator", [], resilient_parsing=True, terminal_width=100)
    parts = ["# Commands\n\nMade from `--help` by `make golden`; do not edit.\n", _help(top)]
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        assert command is not None
        if not command.hidden:
            context = click.Context(command, top, name)
            parts.append(f"## {name}\n\n{_help(context)}")
    return "\n".join(parts)


def generated() -> dict[Path, str]:
    """Every generated document."""
    return {DOCS / "cli.md": command_reference(), DOCS / "runspec.schema.json": schema_text()}


def _help(context: click.Context) -> str:
    return f"```text\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text)
