"""Parameters that stand on the command line: ``--epochs 5``, ``--lr=0.1``, ``-v``, and Hydra's ``model.width=64``.

They are recorded without the script saying so. Which options a script has is not known here: a word after an option is
its value unless it looks like an option itself, so a switch before a positional argument takes that for its value.
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


def given(command: Sequence[str]) -> dict[str, Scalar]:
    """The parameters in a command, by the option's name without dashes; a switch is true."""
    found: dict[str, Scalar] = {}
    words = list(_of_the_script(command))
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if option := _OPTION.fullmatch(word):
            name, value = option[1].lstrip("-"), option[2]
            if value is None and words and not _is_option(words[0]):
                value = words.pop(0)
            found[name] = True if value is None else _scalar(value)
        elif setting := _SETTING.fullmatch(word):
            found[setting[1]] = _scalar(setting[2])
    return found


def _of_the_script(command: Sequence[str]) -> Sequence[str]:
    """What comes after the script or module: options before it belong to the interpreter or a launcher."""
    program = command[0].rpartition("/")[2]
    if program in _SHELLS and "-c" in command:
        return ()
    for position, word in enumerate(command[1:], 1):
        if word.endswith((".py", ".sh", ".R", ".r")):
            return command[position + 1 :]
        if word == "-m" and program.startswith("python"):
            return command[position + 2 :]
        if word == "-c" and program.startswith("python"):
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
