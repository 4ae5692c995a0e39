"""The program that `apart` runs: ``python -m … NAME LEFT RIGHT``, its answer on stdout."""

from __future__ import annotations

import resource
import sys
from itertools import islice
from pathlib import Path

from orchestrator.compare.content.apart import Answer
from orchestrator.compare.content.hdf5 import HDF5
from orchestrator.compare.content.inspect import look_into, reason
from orchestrator.compare.content.parquet import ARROW, PARQUET
from orchestrator.compare.content.port import Desk, Side
from orchestrator.compare.content.sqlite import SQLITE

_COMPARATORS = {comparator.name: comparator for comparator in (HDF5, PARQUET, ARROW, SQLITE)}
_MOST_NODES = 10_000
_MEMORY = 4 << 30
"""Bytes of addresses; what numerical libraries reserve and never use counts too."""
_SECONDS = 300
"""Of CPU."""


def answer(name: str, left: Path, right: Path) -> Answer:
    """What a comparator says of two files. Never raises for what these hold."""
    try:
        with left.open("rb") as one, right.open("rb") as other:
            sides = Side.of("left", one), Side.of("right", other)
            desk = Desk.for_files(lambda a, b, _: look_into(a, b, ()), *sides)
            return Answer(nodes=tuple(islice(_COMPARATORS[name].compare(*sides, desk), _MOST_NODES)))
    except Exception as error:  # whatever a hostile file makes a parser raise
        return Answer(why=reason(error))


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _bounded()
    sys.stdout.write(answer(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])).model_dump_json())
