"""The interposer as jobs get it, and programs to try it on: real processes, real ledgers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import orchestrator.agent
from orchestrator.execution import ledger
from orchestrator.execution.ledger import Began, Mode

SOURCES = Path(orchestrator.agent.__file__).parent / "interpose"
LIBRARY = SOURCES / "libinterpose.so"
DRIVER = Path(__file__).with_name("driver.c")
SECONDS = 60
"""No program here may take longer: a hang is a failure."""


@dataclass(frozen=True)
class Told:
    """What one program said, and what the ledger counted."""

    out: str
    err: str
    code: int
    counters: dict[str, int]

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Owned:
    """Runs programs under the interposer: a recording, then any number of replays of it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.ledger = folder / "ledger"
        self.preload = str(LIBRARY)
        self.variables = {
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "ORCHESTRATOR_ENTROPY": "7",
            "ORCHESTRATOR_LISTINGS": "sorted",
            "ORCHESTRATOR_LEDGER": str(self.ledger),
            **variables,
        }
        self.capacity = 64 << 20

    def record(self, *command: str) -> Told:
        self.ledger.unlink(missing_ok=True)
        ledger.create(self.ledger, Mode.RECORD, Began(time.time_ns(), time.monotonic_ns()), self.capacity)
        return self.run(*command)

    def replay(self, *command: str) -> Told:
        """Feed back what the last :meth:`record` left, as it would come out of the store."""
        packed = self.folder / "packed"
        if not packed.exists():
            packed.write_bytes(self.packed())
        self.ledger.unlink()
        ledger.restore(self.ledger, BytesIO(packed.read_bytes()))
        return self.run(*command)

    def packed(self) -> bytes:
        with self.ledger.open("rb") as stream:
            return b"".join(ledger.pack(stream, ledger.read(stream)))

    def run(self, *command: str) -> Told:
        done = subprocess.run(
            command,
            env=self.variables | ({"LD_PRELOAD": self.preload} if self.preload else {}),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=self.folder,
        )
        counters = {}
        if self.ledger.exists():
            with self.ledger.open("rb") as stream:
                counters = ledger.read(stream).counters
        return Told(done.stdout, done.stderr, done.returncode, counters)

    def python(self, text: str) -> tuple[str, ...]:
        """The command of a Python program; it is the same file in every run."""
        file = self.folder / "program.py"
        file.write_text(text)
        return (sys.executable, "-I", str(file))

    def twice(self, text: str) -> tuple[Told, Told]:
        command = self.python(text)
        first, second = self.record(*command), self.replay(*command)
        assert (first.code, first.err) == (0, "")
        return first, second


def build(folder: Path, *flags: str) -> Path:
    program = folder / "driver"
    sources = sorted(str(source) for source in SOURCES.glob("*.c"))
    options = ["-std=gnu11", "-g", "-O1", "-fno-math-errno", "-rdynamic", *flags]
    subprocess.run(["cc", *options, "-o", program, DRIVER, *sources, "-pthread", "-ldl", "-lm"], check=True)
    return program
