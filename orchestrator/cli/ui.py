"""ui."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import click

from orchestrator.cli.context import Context
from orchestrator.errors import Interrupted


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Default: 8620, or any where that one is taken.")
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of this machine's loopback.")
@click.option("--open/--no-open", "opening", default=True, help="Open it in the browser of this desktop.")
@click.pass_obj
def ui(context: Context, port: int | None, host: str, opening: bool) -> None:
    """Look at runs in a browser: read-only, on this machine alone, until Ctrl-C.

    The address that is printed has a token: whoever has it can read everything here.
    """
    from orchestrator.web.serve import Page

    workspace = context.workspace()  # what is wrong with the settings is said now
    page = Page(context.workspace, host, port)
    context.result("ui", {"address": page.address, "port": page.port}, lambda: page.address)
    sys.stdout.flush()  # whoever reads it through a pipe waits for it
    with contextlib.ExitStack() as stack:
        if opening and not context.as_json and _has_desktop():
            _open(page.address, stack.enter_context(NamedTemporaryFile("w", suffix=".html", dir=workspace.scratch)))
        stack.enter_context(contextlib.suppress(Interrupted))  # this is how it is ended
        page.serve()


def _has_desktop() -> bool:
    """Without one, a browser would open in this very terminal."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _open(address: str, file: IO[str]) -> None:
    """Through a file that only this user can read: the arguments of a browser are seen by everybody on this machine."""
    import webbrowser

    file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Orchestrator</title>')
    file.flush()
    webbrowser.open(Path(file.name).as_uri())
