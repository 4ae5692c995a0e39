"""What every verb is given: where results, talk and errors go. Results on stdout, all else on stderr."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.talk import Silence, Talk, talk
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.engine.docker import DockerEngine
    from orchestrator.engine.port import Engine
    from orchestrator.operations.execute import Watcher
    from orchestrator.operations.signals import Stop
    from orchestrator.workspace import Workspace

ENVELOPE = 1
"""The version of what ``--json`` prints."""

STOP: Stop | None = None
"""What a signal does while a command runs that must not just die."""


class Context:
    """One invocation."""

    def __init__(self) -> None:
        self.as_json = False
        self.talk: Talk = Silence()
        self.exit_code = ExitCode.OK
        self.flags: dict[str, str] = {}
        """Settings that the command line gives, as text by key."""
        self.profile: str | None = None
        """The one that was chosen, once there is a workspace."""

    def configure(self, *, as_json: bool, quiet: bool, flags: dict[str, str]) -> None:
        """Set what the global options say."""
        self.as_json = as_json
        self.talk = talk(quiet=quiet)
        self.flags = flags

    def workspace(self, *, runs: bool = False) -> Workspace:
        """The workspace that is configured. ``runs``: the command will need the engine for sure."""
        engine = _engine_apart() if runs else None
        from orchestrator.settings.resolve import resolve
        from orchestrator.workspace import Workspace

        found = resolve(self.flags)
        self.profile = found.profile
        return Workspace(settings=found.trusted(), report=self.talk.say, engine=engine)

    def watcher(self, stop: Stop) -> Watcher:
        """Whoever sits at this terminal."""
        from orchestrator.operations.execute import Watcher

        return Watcher(self.talk.console, stop, self.talk.progress, self.talk.tails)

    def result(self, command: str, data: Any, text: Callable[[], str]) -> None:
        """The command's result: ``data`` as JSON in the envelope, or ``text()``."""
        self.talk.end()
        if self.as_json:
            self._envelope(command, data=data)
        else:
            shown = text()
            if shown:
                click.echo(shown, color=_colour(sys.stdout))

    def listing(self, command: str, name: str, items: Iterable[Any]) -> None:
        """The command's result where it may not fit into memory: the JSON of ``{name: [...]}``, item by item."""
        self.talk.end()
        opening, closing = _document(command, data={name: []}).rsplit("[]", 1)
        shown = (json.dumps(item, ensure_ascii=False) for item in items)
        first = next(shown, "")  # what fails, fails before anything is printed
        click.echo(f"{opening}[{first}", nl=False)
        for item in shown:
            click.echo(f", {item}", nl=False)
        click.echo(f"]{closing}")

    def fail(self, command: str, message: str, hint: str, code: int, findings: list[str] | None = None) -> None:
        """An error, with what to do next; ``findings`` are the parts of its message, where it has several.

        No address in it shows its password, whoever wrote the message.
        """
        from orchestrator.settings.urls import shown_in

        self.talk.end()
        message, hint = shown_in(message), shown_in(hint)
        findings = [shown_in(finding) for finding in findings or ()]
        if self.as_json:
            parts = {"findings": findings} if findings else {}
            self._envelope(command, error={"message": message, "hint": hint, "exit_code": int(code), **parts})
        shown = "\n".join(map(_plain, message.split("\n")))
        click.secho(f"error: {shown}", err=True, fg="red", color=_colour(sys.stderr))
        if hint:
            click.secho(f"next: {_plain(hint)}", err=True, color=_colour(sys.stderr))

    @contextlib.contextmanager
    def stoppable(self) -> Iterator[Stop]:
        """Within this block a signal stops the job first."""
        global STOP
        from orchestrator.operations.signals import Stop

        STOP = Stop()
        gc.freeze()
        gc.enable()  # a job may run for days
        try:
            yield STOP
        finally:
            STOP = None

    def _envelope(self, command: str, **content: Any) -> None:
        click.echo(_document(command, **content))


def _document(command: str, **content: Any) -> str:
    return json.dumps({"orchestrator": ENVELOPE, "command": command, **content}, ensure_ascii=False)


def _plain(line: str) -> str:
    """Without control characters: what a spec or a job says must not write to the terminal by itself."""
    return "".join(letter if letter.isprintable() or letter == "\t" else repr(letter)[1:-1] for letter in line)


def _engine_apart() -> Engine:
    """Forked before anything else is imported, so that both processes import at the same time."""
    from orchestrator.engine.apart import EngineApart

    def make() -> DockerEngine:
        from orchestrator.workspace import docker_engine

        return docker_engine()

    return EngineApart(make)


def _colour(stream: Any) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ
