"""The entry point: finds the verb, runs it, turns errors into exit codes. Verbs are imported when they are called."""

from __future__ import annotations

import errno
import gc
import importlib
import keyword
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from orchestrator.cli.context import Context
from orchestrator.errors import ExitCode, Interrupted, OrchestratorError

_VERBS = {
    "init": ("scaffold", "Write a runspec and a script to begin with."),
    "lock": ("prepare", "Pin every package by hash, beside the spec."),
    "plan": ("prepare", "Show every digest and what is cached; run nothing."),
    "build": ("prepare", "Build the image and load it into the engine."),
    "submit": ("run", "Run a spec and record it."),
    "replay": ("run", "Run a recorded plan again and compare."),
    "sweep": ("sweep", "Run a spec with many parameters, or go on with that."),
    "sweeps": ("sweep", "List sweeps, or show one."),
    "verify": ("run", "Replay a run or a spec N times; for CI."),
    "stop": ("run", "Stop a run; it is recorded as killed."),
    "logs": ("look", "Print a run's console."),
    "ls": ("look", "List runs, or search them."),
    "best": ("look", "Find the run with the best value of a metric."),
    "show": ("look", "Show a run."),
    "checkout": ("look", "Write a run's artifacts, code and spec into a folder."),
    "export-model": ("models", "Write a run's MLflow model into a folder."),
    "export": ("bundles", "Write runs with all they need into one file."),
    "import": ("bundles", "Take in runs that were exported elsewhere."),
    "diff": ("look", "Lay two runs side by side, as a tree."),
    "compare": ("look", "Lay runs side by side, as a table."),
    "report": ("look", "Write runs into one HTML file."),
    "tag": ("annotate", "Give runs tags, or take some away."),
    "note": ("annotate", "Write a note to runs."),
    "archive": ("annotate", "Put runs away: lists leave them out."),
    "unarchive": ("annotate", "Bring runs back into the lists."),
    "ui": ("ui", "Look at runs in a browser, on this machine alone."),
    "push": ("registries", "Push runs to a registry: their images, or whole."),
    "pull": ("registries", "Bring images or runs from a registry."),
    "config": ("settings", "Show the settings in force, and who has set them."),
    "fsck": ("upkeep", "Check the store, and mend it."),
    "gc": ("upkeep", "Remove what nothing needs; a dry run by default."),
    "pin": ("upkeep", "Keep a run, whatever `gc` is told."),
    "unpin": ("upkeep", "Take a run's pin away."),
    "index": ("index", "Rebuild the index from the store, or show how it stands."),
    "doctor": ("machine", "Name what is wrong and the next step."),
    "schema": ("scaffold", "Print the JSON Schema of a runspec."),
    "completion": ("machine", "Print the shell completion script."),
    "supervise": ("run", "Look after a detached run (used by submit --detach)."),
}
_HIDDEN = {"supervise"}
_SWITCHES = ("--json", "-q", "--quiet")
_SETTINGS = ("--profile", "--home", "--store", "--second-store", "--index", "--registry")


def _function(verb: str) -> str:
    """The function behind a verb; `import` is a word of Python's own."""
    name = verb.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


class _Verbs(click.Group):
    """Knows the verbs by name; imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"orchestrator.cli.{_VERBS[cmd_name][0]}")
        command: click.Command = getattr(module, _function(cmd_name))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _VERBS.items() if name not in _HIDDEN])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], set(_VERBS) - _HIDDEN, n=1)
            ctx.fail(f"no command {args[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors.")
@click.option("--profile", metavar="NAME", help="Settings by name: `local`, or one that a file defines.")
@click.option("--home", metavar="FOLDER", help="Where everything is that is kept on this machine.")
@click.option("--store", metavar="URL", help="A team's store: s3://BUCKET/PREFIX.")
@click.option("--second-store", metavar="PLACE", help="A copy of the store, to heal from: a folder or s3://….")
@click.option("--index", metavar="URL", help="A team's index: postgresql://USER@HOST/DATABASE.")
@click.option("--registry", metavar="NAME", help="Where images are pushed to: HOST:PORT/REPOSITORY.")
@click.version_option(package_name="orchestrator", prog_name="orchestrator")
@click.pass_context
def cli(ctx: click.Context, /, as_json: bool, quiet: bool, **settings: str | None) -> None:
    """Training runs that come back bit for bit.

    A runspec becomes a pinned image; the job runs inside it; everything is recorded; any run replays.
    Exit codes: 0 fine or identical, 1 job failed or diverged, 2 bad spec or usage, 3 engine or
    environment, 5 not found, 6 corruption, 130 and 143 signals.
    """
    flags = {name.replace("_", "-"): value for name, value in settings.items() if value is not None}
    ctx.ensure_object(Context).configure(as_json=as_json, quiet=quiet, flags=flags)


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit.

    Collecting garbage while modules are imported, and of all of them at the end, finds none and takes a fifth of a
    short command's time. A command that runs a job turns it on again.
    """
    gc.disable()
    _complete()
    code = run(sys.argv[1:] if argv is None else argv)
    gc.freeze()
    sys.exit(code)


def _help(command: str, ctx: click.Context | None = None) -> str:
    """Where to read on, where nothing better is known."""
    place = f"orchestrator {command}" if command in _VERBS else "orchestrator"
    return f"see `{ctx.command_path if ctx else place} --help`"


def _complete() -> None:
    """Answer the shell, where it asks for completions: the script of `completion` sets a variable by our name."""
    name = Path(sys.argv[0]).name
    variable = f"_{name.upper()}_COMPLETE"
    if asked := os.environ.get(variable):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(cli, {}, name, variable, asked))


def run(argv: list[str]) -> int:
    """Run the command line; returns the exit code."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them reads all installed metadata
    context = Context()
    context.as_json = "--json" in argv  # errors in the arguments come as JSON too
    options, words = _global_first(argv)
    command = next((word for word in words if not word.startswith("-")), "")
    try:
        signal.signal(signal.SIGINT, _on_signal)
        signal.signal(signal.SIGTERM, _on_signal)
        if words[-1:] and words[-1] in _SETTINGS and "--" not in words:
            raise click.UsageError(f"Option {words[-1]!r} requires an argument.")
        with cli.make_context("orchestrator", [*options, *words], obj=context) as ctx:
            cli.invoke(ctx)
        return int(context.exit_code)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return ExitCode.OK
    except click.ClickException as error:
        context.fail(command, error.format_message(), _help(command, getattr(error, "ctx", None)), ExitCode.USAGE)
        return ExitCode.USAGE
    except OrchestratorError as error:
        hint = error.hint or (_help(command) if error.exit_code == ExitCode.USAGE else "")
        context.fail(command, error.message, hint, error.exit_code, findings=getattr(error, "findings", None))
        return error.exit_code
    except BrokenPipeError:  # before its base class below
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read us has gone: nothing is left to flush
        return 128 + signal.SIGPIPE
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "make room: the next command records what has run" if full else "`orchestrator doctor`"
        context.fail(command, f"{error.filename or 'the system'}: {error.strerror}", hint, ExitCode.ENGINE)
        return ExitCode.ENGINE
    except Exception:
        import traceback

        context.fail(
            command, traceback.format_exc().rstrip(), "this is a bug in orchestrator: please report it", ExitCode.BUG
        )
        return ExitCode.BUG


def _global_first(argv: list[str]) -> tuple[list[str], list[str]]:
    """The global options, which are understood after the verb too, and all other words."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            return front, [*rest, word, *words]
        name, given, _ = word.partition("=")
        if word in _SWITCHES or (name in _SETTINGS and given):
            front.append(word)
        elif word in _SETTINGS and (value := next(words, None)) is not None:
            front += [word, value]
        else:
            rest.append(word)
    return front, rest


def _on_signal(number: int, frame: FrameType | None) -> None:
    from orchestrator.cli.context import STOP

    if STOP is None:
        raise Interrupted("interrupted", number)
    STOP.request(number)


if __name__ == "__main__":
    main()
