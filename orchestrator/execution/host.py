"""The machine that an execution ran on: facts."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from orchestrator.agent import system
from orchestrator.execution import cpu


def boot() -> str:
    """Which start of this machine this is: the kernel's boot id."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def describe(*, gpus: bool = False) -> dict[str, Any]:
    """Name, kernel, how many CPUs this process may use, and what they can do.

    Args:
        gpus: ask for NVIDIA's too, which takes a moment: see ``nvml.Gpus.describe``; absent where there are none.
    """
    found = system.describe_gpus() if gpus else {}
    return {
        "name": platform.node(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": cpu.read(),
        "python": platform.python_version(),
        **({"gpus": found} if found else {}),
    }
