"""Comparators that stand on parsers in C do their work in a process of its own.

A hostile file may crash such a parser, or make it take all the memory or time there is. Then that process ends, and its
file is one that cannot be read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from orchestrator.compare.content.port import Comparator, Desk, Side, Unreadable
from orchestrator.compare.difference import Difference
from orchestrator.model import Frozen
from orchestrator.process import ProgramFailed, run

_PROGRAM = "orchestrator.compare.content.native"


class Answer(Frozen):
    """What the other process says."""

    nodes: tuple[Difference, ...] = ()
    why: str = ""
    """Why a file could not be read."""


def apart(comparator: Comparator) -> Comparator:
    """The same comparator, at work in another process: `native` has to know it by its name."""
    return replace(comparator, compare=partial(_compare, name=comparator.name))


def _compare(left: Side, right: Side, desk: Desk, *, name: str) -> Iterator[Difference]:
    try:
        said = run([sys.executable, "-m", _PROGRAM, name, _path(left), _path(right)])
    except ProgramFailed as error:
        raise Unreadable(f"its parser ended with {error.code}") from error
    answer = Answer.model_validate_json(said)
    if answer.why:
        raise Unreadable(answer.why)
    yield from answer.nodes


def _path(side: Side) -> str:
    """Where the other process finds the file, though it may have no name any more."""
    side.stream.flush()
    return f"/proc/{os.getpid()}/fd/{side.stream.fileno()}"
