"""A command: a line split into words without a shell, then placeholders filled in inside the words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from orchestrator.errors import SpecError
from orchestrator.runspec.position import quote
from orchestrator.runspec.wording import nearest, some

Value = bool | int | float | str

MAX_PROBLEMS = 100
MAX_LINE = 128 << 10
"""What Linux takes as one argument; shlex takes quadratic time for much more."""

_TOKEN = re.compile(r"(?P<literal>\{\{|\}\})|\{(?P<name>[^{}]*)\}|(?P<stray>[{}])")


_SHELL = frozenset(["&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "2>&1"])
"""Words that mean something to a shell alone. In a list of words they are taken as they are."""


class CommandProblem(NamedTuple):
    """What is wrong with a command; ``word`` is the index in a list, None for a line."""

    word: int | None
    message: str


def expand(command: str | Sequence[str], params: Mapping[str, Value], mounts: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command, with ``{params.x}`` and ``{data.x}`` filled in; a value is never split again.

    ``mounts`` maps the name of each input to its path in the container.

    Raises:
        SpecError: the command cannot be split, or has a placeholder that means nothing.
    """
    if problems := check(command, params, mounts):
        raise SpecError([f"run.command: {problem.message}" for problem in problems])
    values = {f"params.{name}": render(value) for name, value in params.items()}
    values |= {f"data.{name}": mount for name, mount in mounts.items()}
    return tuple(_TOKEN.sub(lambda token: _filled(token, values), word) for word in split(command))


def check(command: str | Sequence[str], params: Collection[str], mounts: Collection[str]) -> list[CommandProblem]:
    """What is wrong with a command, given the names of parameters and inputs; MAX_PROBLEMS at most."""
    if isinstance(command, str) and len(command) > MAX_LINE:
        return [CommandProblem(None, f"a command line of more than {MAX_LINE} characters")]
    try:
        words = split(command)
    except ValueError as error:
        return [CommandProblem(None, f"cannot be split into words: {str(error).lower()}")]
    if not words or not words[0].strip():
        return [CommandProblem(None, "the command is empty")]
    if isinstance(command, str) and (found := _SHELL.intersection(words)):
        said = " ".join(sorted(found))
        return [CommandProblem(None, f'there is no shell: {said} would be an argument; write [sh, -c, "…"] for one')]
    known = dict.fromkeys([f"params.{name}" for name in params] + [f"data.{name}" for name in mounts])
    problems = (
        CommandProblem(None if isinstance(command, str) else index, message)
        for index, word in enumerate(words)
        for message in _misplaced(word, known)
    )
    return list(dict.fromkeys(islice(problems, MAX_PROBLEMS)))


def split(command: str | Sequence[str]) -> tuple[str, ...]:
    """The words, placeholders untouched.

    Raises:
        ValueError: a quotation or an escape has no end.
    """
    return tuple(shlex.split(command)) if isinstance(command, str) else tuple(command)


def render(value: Value) -> str:
    """A parameter as it stands in a command: ``true``, ``3``, ``0.1``, text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _filled(token: re.Match[str], values: Mapping[str, str]) -> str:
    return token["literal"][0] if token["literal"] else values[token["name"]]


def _misplaced(word: str, known: Collection[str]) -> Iterator[str]:
    for token in _TOKEN.finditer(word):
        if token["stray"]:
            yield f"a single `{token['stray']}` in {quote(word)}; a literal brace is written twice"
        elif token["name"] is not None and token["name"] not in known:
            yield _unknown(token["name"], known)


def _unknown(name: str, known: Collection[str]) -> str:
    message = f"unknown placeholder {quote('{' + name + '}')}"
    same = next((one for one in known if one.partition(".")[2] == name), None)
    if meant := same or nearest(name, known):
        return f"{message}; did you mean {quote('{' + meant + '}')}?"
    names = some("{" + one + "}" for one in known) or "none: there are no params and no data"
    return f"{message}; known here: {names}; literal braces are written twice"
