"""The command line's start: ``orchestrator --help`` beside an interpreter that does nothing."""

from __future__ import annotations

import sys

from bench.measure import Figure, Side, seconds, take_turns
from bench.setting import Setting
from orchestrator import process

ROUNDS = 20
_HEAVY = ("docker", "boto3", "sqlalchemy")
_IMPORTED = f"""\
import contextlib, io, sys
from orchestrator.cli.main import run
with contextlib.redirect_stdout(io.StringIO()):
    run(["--help"])
print(*(name for name in {_HEAVY!r} if name in sys.modules))
"""


def measure(setting: Setting, rounds: int) -> Figure:
    sides = [
        Side("orchestrator --help", lambda _: setting.orchestrator("--help")),
        Side("python -c pass", lambda _: process.run([sys.executable, "-c", "pass"])),
    ]
    imported = process.run([sys.executable, "-c", _IMPORTED]).decode().split()
    return Figure(
        "help",
        seconds(0.15),
        take_turns(sides, rounds, warm_up=True),
        notes=() if imported else (f"{', '.join(_HEAVY)} are not imported",),
        wrong=tuple(f"{name} is imported" for name in imported),
    )
