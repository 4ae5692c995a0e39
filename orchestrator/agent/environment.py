"""What the agent sees around it: interpreter, packages, CPU, GPUs, limits. Facts, no part of an outcome."""

from __future__ import annotations

import os
import platform
import sys


def describe() -> dict[str, object]:
    """A description of the container as JSON carries it."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "kernel": platform.release(),
        "libc": _libc(),
        "packages": _packages(),
        "cpu": _cpu(),
        "threads": {name: os.environ[name] for name in _THREADS if name in os.environ},
        **_gpus(),
    }


def oom_kills() -> int:
    """How many processes the kernel has killed at the container's memory limit, as far as it tells."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path, "rb") as stream:
                for line in stream:
                    if line.startswith(b"oom_kill "):
                        return int(line.split()[1])
        except OSError:
            pass
    return 0


_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return ""


def _packages() -> dict[str, str]:
    """Name to version, read from the folders' names: no package is imported."""
    found: dict[str, str] = {}
    version = "python%d.%d" % sys.version_info[:2]
    for folder in (
        os.path.join(os.environ.get("VIRTUAL_ENV", sys.prefix), "lib", version, "site-packages"),
        "/usr/lib/python3/dist-packages",
    ):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info"):
                package, _, release = name[: -len(".dist-info")].partition("-")
                found.setdefault(package, release)
    return found


def _gpus() -> dict[str, object]:
    from .system import describe_gpus  # only now: the job need not wait for it

    found = describe_gpus()
    return {"gpus": found} if found else {}


def _cpu() -> dict[str, object]:
    model = ""
    flags: list[str] = []
    try:
        with open("/proc/cpuinfo", "rb") as stream:
            for line in stream.read(1 << 16).decode("ascii", "replace").splitlines():
                key, _, value = line.partition(":")
                if key.strip() == "model name" and not model:
                    model = value.strip()
                elif key.strip() == "flags" and not flags:
                    flags = sorted(value.split())
    except OSError:
        pass
    return {
        "model": model,
        "flags": flags,
        "machine": platform.machine(),
        "usable": len(os.sched_getaffinity(0)),
    }
