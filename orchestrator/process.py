"""The only caller of subprocess: other programs are run from here, with a clear error when they fail."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.errors import EnvironmentProblem

_TAIL_LINES = 20


class ProgramFailed(EnvironmentProblem):
    """A program ended with another code than 0; carries its code and all it said on stderr."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str, *, hint: str = "") -> None:
        tail = "\n".join(stderr.strip().splitlines()[-_TAIL_LINES:])
        super().__init__(f"`{argv[0]}` ended with code {code}:\n{tail}", hint=hint)
        self.code = code
        self.stderr = stderr


def find(program: str, *, hint: str = "") -> str:
    """The path of a program on PATH.

    Raises:
        EnvironmentProblem: it is not installed.
    """
    path = shutil.which(program)
    if path is None:
        raise EnvironmentProblem(f"`{program}` is not installed", hint=hint)
    return path


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    hint: str = "",
) -> bytes:
    """Run a program to its end and return its stdout. ``env`` is added to this process's environment.

    Raises:
        EnvironmentProblem: the program is not installed.
        ProgramFailed: it ended with another code than 0.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            env={**os.environ, **env} if env else None,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise EnvironmentProblem(f"`{argv[0]}` cannot run in {cwd}: no such folder", hint=hint) from error
        raise EnvironmentProblem(f"`{argv[0]}` is not installed", hint=hint) from error
    except PermissionError as error:
        raise EnvironmentProblem(f"`{argv[0]}` may not be run: {error.strerror}", hint=hint) from error
    if done.returncode != 0:
        raise ProgramFailed(argv, done.returncode, done.stderr.decode(errors="replace"), hint=hint)
    return done.stdout


def detach(argv: Sequence[str], *, log: Path, env: Mapping[str, str], keep: Sequence[int] = ()) -> int:
    """Start a program that outlives this one, in a session of its own. Returns its PID.

    Its talk goes to ``log``; ``env`` is added to this process's environment; it inherits the descriptors in ``keep``,
    and with them the locks they hold.
    """
    with log.open("ab") as sink:
        child = subprocess.Popen(
            list(argv),
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            pass_fds=tuple(keep),
        )
    return child.pid
