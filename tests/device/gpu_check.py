"""The controls on a GPU: one training, twice at each level. A program of its own; needs torch with CUDA and a compiler.

    python tests/device/gpu_check.py [--steps N]

No container here, so the agent is not the first process; all else is as in a run: the variables of a level, the
interposer, its ledger recorded and then fed back, the mends in Python. Prints a table; exits 1 where a level that
promises the same bits does not bring them. About two minutes on one GPU.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from hatch_build import compile_interposer, glibc_wanted  # noqa: E402
from orchestrator.agent.nvml import Gpus  # noqa: E402
from orchestrator.determinism.environment import Setting, pins  # noqa: E402
from orchestrator.determinism.levels import CONTROLS, LEVELS  # noqa: E402
from orchestrator.execution import ledger  # noqa: E402

SITE = ROOT / "orchestrator" / "agent" / "site"
JOB = Path(__file__).with_name("gpu_job.py")
SEED, CPUS = 0, 4
TIMEOUT = 90
NO_RANDOM_ADDRESSES = 0x0040000
"""linux/personality.h: ADDR_NO_RANDOMIZE"""

VERSIONS = """
import torch
print("torch", torch.__version__, "CUDA", torch.version.cuda, "cuDNN", torch.backends.cudnn.version())
if torch.cuda.is_available():
    print("NCCL", torch.cuda.nccl.version(), torch.cuda.get_device_name(), torch.cuda.get_device_capability())
"""


class Chosen:
    """Stands in for ``Controls``, which needs pydantic: what is on."""

    def __init__(self, on: dict[str, bool | str]) -> None:
        self._on = on

    def has(self, name: str) -> bool:
        return self._on.get(name, False) not in (False, "off")

    def __getattr__(self, name: str) -> Any:
        if name not in CONTROLS:
            raise AttributeError(name)
        return self._on.get(name, "off" if name == "cpu" else False)


@dataclass(frozen=True)
class Row:
    """One way to run the training, twice."""

    name: str
    on: dict[str, bool | str]
    same: bool
    """Whether the two must be equal."""
    strict: bool = False


ROWS = [
    Row("off", {}, same=False),
    Row("standard, no algorithms", {**LEVELS["standard"], "algorithms": False}, same=False),
    Row("standard", LEVELS["standard"], same=True),
    Row("strict", LEVELS["strict"], same=True, strict=True),
]


@dataclass(frozen=True)
class Ran:
    """What one execution came to."""

    code: int
    stdout: str
    """sha256, as is ``weights``."""
    weights: str
    wall: float
    loop: float
    """Seconds of real time from the first step to the last."""
    said: str


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=300)
    steps = parser.parse_args().steps
    library = compile_interposer(ROOT)
    print("interposer asks for glibc {}.{} at most; this machine has {}".format(*glibc_wanted(library), _glibc()))
    tell_machine()
    print(f"{'':26}{'stdout':>8}{'weights':>9}{'wall s':>16}{'steps s':>16}  counters of the second")
    with tempfile.TemporaryDirectory() as folder:
        kept = [check(row, library, Path(folder), steps) for row in ROWS]
    return 0 if all(kept) else 1


def tell_machine() -> None:
    """What nvml.py reads, and torch's versions."""
    try:
        gpus = Gpus()
        print("nvml describe:", gpus.describe())
        print("nvml read:    ", gpus.read())
        gpus.close()
    except OSError as error:
        print("nvml:", error)
    subprocess.run([sys.executable, "-c", VERSIONS], check=False)


def check(row: Row, library: Path, folder: Path, steps: int) -> bool:
    """Run a row twice: record, then replay. Whether it kept what it promises."""
    place = folder / row.name.replace(" ", "-").replace(",", "")
    place.mkdir()
    environment = variables(row, library, place / "ledger")
    owned = "ORCHESTRATOR_LEDGER" in environment
    if owned:
        record = ledger.Mode.RECORD if row.on.get("clock") else ledger.Mode.COUNT
        began = ledger.Began(time.clock_gettime_ns(time.CLOCK_REALTIME), time.clock_gettime_ns(time.CLOCK_MONOTONIC))
        ledger.create(place / "ledger", record, began)
    first = run(row, environment, place, steps)
    if owned:
        lay_down_again(place / "ledger")
    second = run(row, environment, place, steps)
    counters = _counters(place / "ledger") if owned else {}
    same = {name: getattr(first, name) == getattr(second, name) for name in ("stdout", "weights")}
    ended = first.code == second.code == 0
    words = [("equal" if same[name] else "differs") if ended else "failed" for name in same]
    times = [f"{one:.1f} / {other:.1f}" for one, other in ((first.wall, second.wall), (first.loop, second.loop))]
    told = " ".join(f"{name}={count}" for name, count in counters.items() if count)
    print(f"{row.name:26}{words[0]:>8}{words[1]:>9}{times[0]:>16}{times[1]:>16}  {told}", flush=True)
    if not ended:
        print(f"  exit codes {first.code}, {second.code}: {(first.said or second.said)[-1500:]}")
    return not row.same or (ended and all(same.values()))


def variables(row: Row, library: Path, place: Path) -> dict[str, str]:
    """The environment of a job at a level, with this machine's places in it."""
    chosen: Any = Chosen(row.on)
    found = pins(chosen, Setting(seed=SEED, cpus=CPUS, interposer=True, gpus=1, strict=row.strict))
    here = {"LD_PRELOAD": str(library), "ORCHESTRATOR_LEDGER": str(place)}
    found |= {name: value for name, value in here.items() if name in found}
    fixed = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return {**passed_on, **fixed, **found, "PYTHONPATH": str(SITE)}


def run(row: Row, environment: dict[str, str], place: Path, steps: int) -> Ran:
    """One execution of the training, timed from outside: its own clock may be a recorded one."""
    weights = place / "weights.pt"
    weights.unlink(missing_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryFile() as stdout:
        job = subprocess.Popen(
            [sys.executable, JOB, weights, str(steps)],
            env=environment,
            cwd=place,
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=fixed_addresses if row.on.get("addresses") else None,
        )
        marks, said = follow(job)
        code = job.wait()
        wall = time.monotonic() - began
        stdout.seek(0)
        shown = stdout.read()
    saved = weights.read_bytes() if weights.exists() else b""
    loop = marks.get("end", wall) - marks.get("begin", 0.0)
    return Ran(code, hashlib.sha256(shown).hexdigest(), hashlib.sha256(saved).hexdigest(), wall, loop, said)


def follow(job: subprocess.Popen[bytes]) -> tuple[dict[str, float], str]:
    """When the job said that its steps begin and end, and what else it said there."""
    assert job.stderr is not None
    until, marks, said = time.monotonic() + TIMEOUT, {}, io.StringIO()
    watchdog = _kill_later(job)
    for line in io.TextIOWrapper(job.stderr, errors="replace"):
        if line.strip() in ("begin", "end"):
            marks[line.strip()] = time.monotonic()
        else:
            said.write(line)
    watchdog()
    if time.monotonic() >= until:
        said.write(f"killed after {TIMEOUT} s\n")
    return marks, said.getvalue()


def lay_down_again(place: Path) -> None:
    """A recorded ledger, stored and restored as the store does it, or an empty one where only counters are kept."""
    with place.open("rb") as stream:
        seen = ledger.read(stream)
        packed = b"".join(ledger.pack(stream, seen)) if seen.mode == ledger.Mode.RECORD else b""
    place.unlink()
    if packed:
        ledger.restore(place, io.BytesIO(packed))
    else:
        ledger.create(place, ledger.Mode.COUNT, seen.began)


def fixed_addresses() -> None:
    """No address-space randomisation, from the next exec on."""
    ctypes.CDLL(None).personality(ctypes.c_ulong(NO_RANDOM_ADDRESSES))


def _kill_later(job: subprocess.Popen[bytes]) -> Callable[[], None]:
    import threading

    timer = threading.Timer(TIMEOUT, job.kill)
    timer.start()
    return timer.cancel


def _counters(place: Path) -> dict[str, int]:
    with place.open("rb") as stream:
        return ledger.read(stream).counters


def _glibc() -> str:
    return os.confstr("CS_GNU_LIBC_VERSION") or "none"


if __name__ == "__main__":
    sys.exit(main())
