"""Parameters that stand on the command line: ``--epochs 5``, ``--lr=0.1``, ``-v``, and Hydra's ``model.width=64``.

They are recorded without the script saying so. Which options a script has is not known here: a word after an option is
its value unless it looks like an option itself, so a switch before a positional argument takes that for its value. More
numbers after a number are taken for values of the same option: ``--sizes 10 30``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from orchestrator.runspec.fields import MAX_EXACT_INT, Scalar
from orchestrator.runspec.scalars import ScalarProblem, resolve

_OPTION = re.compile(r"(--?[A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_SETTING = re.compile(r"\+{0,2}([A-Za-z_][\w./-]*)=(.*)", re.DOTALL)
_NUMBER = re.compile(r"-[\d.]")
_SHELLS = ("sh", "bash", "dash", "zsh")
_SCRIPTS = (".py", ".sh", ".R", ".r")
_INLINE = re.compile(r"-[A-Za-z]*c")
_MODULE = re.compile(r"-[A-Za-z]*m")
"""Also after switches that stand in the same word: ``sh -ec``, ``python -um``."""


def given(command: Sequence[str]) -> dict[str, Scalar]:
    """The parameters in a command, by the option's name as argparse has it; a switch is true."""
    found: dict[str, Scalar] = {}
    words = list(_of_the_script(command))
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if option := _OPTION.fullmatch(word):
            name = option[1].lstrip("-").replace("-", "_")
            value = option[2] if option[2] is not None else _value(words)
            found[name] = True if value is None else _scalar(value)
        elif setting := _SETTING.fullmatch(word):
            found[setting[1]] = _scalar(setting[2])
    return found


def _value(words: list[str]) -> str | None:
    """Take an option's value off the words that follow it."""
    if not words or _is_option(words[0]):
        return None
    taken = [words.pop(0)]
    while words and all(isinstance(_scalar(word), int | float) for word in (taken[0], words[0])):
        taken.append(words.pop(0))
    return " ".join(taken)


def _of_the_script(command: Sequence[str]) -> Sequence[str]:
    """What comes after the script or module: options before it belong to the interpreter or a launcher."""
    program = command[0].rpartition("/")[2]
    for position, word in enumerate(command[1:], 1):
        if word.endswith(_SCRIPTS):
            return command[position + 1 :]
        if program in _SHELLS and _INLINE.fullmatch(word):
            return ()
        if program.startswith("python") and (_INLINE.fullmatch(word) or _MODULE.fullmatch(word)):
            return command[position + 2 :]
    return command[1:]


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1 and not _NUMBER.match(word)


def _scalar(text: str) -> Scalar:
    """A number where the text is one, as it would be under ``params``; otherwise the text as it stands."""
    try:
        value = resolve(text)
    except ScalarProblem:
        return text
    if type(value) is int and abs(value) <= MAX_EXACT_INT:
        return value
    return value if type(value) is float and isfinite(value) else text
