"""What each level pins, as environment variables of the job. Pure: a plan carries the result, replays do not ask again.

This is the first step (seeds, hash seed, threads, deterministic algorithms); docs/determinism.md says what is owned and
what is not.
"""

from __future__ import annotations

from typing import Literal

from orchestrator.agent import wire

Level = Literal["off", "standard", "strict"]

EPOCH = 315_532_800
"""1980-01-01 UTC, the oldest time that zip can carry: the time of every file and image we make."""

USER = "job"
UID = 1000
HOSTNAME = "orchestrator"

_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "BLIS_NUM_THREADS",
)

FIXED = {
    "HOME": wire.HOME,
    "USER": USER,
    "LOGNAME": USER,
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TMPDIR": "/tmp",  # noqa: S108  (inside the container)
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""True of every container, whatever the level."""

TRACKING = {
    "MLFLOW_TRACKING_URI": wire.TRACKING_URI,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # nobody can open it: it is the container's own loopback
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Where MLflow's clients find the agent. A spec may say otherwise: then they log where it says, not to us."""


def environment(level: Level, seed: int, cpus: int, own: dict[str, str]) -> dict[str, str]:
    """The whole environment of a job: what is fixed, what the level pins, and the spec's ``own`` variables."""
    path = [wire.LIBRARY, wire.SITE, *filter(None, [own.get("PYTHONPATH")])]
    return {**TRACKING, **FIXED, **own, **_pins(level, seed, cpus), "PYTHONPATH": ":".join(path)}


def owners() -> dict[str, str]:
    """The variables that a spec cannot set, and who sets them."""
    return {
        "PATH": "the image",
        **dict.fromkeys(("LD_PRELOAD", "LD_AUDIT"), "the orchestrator, which preloads nothing"),
        **dict.fromkeys(("PYTHONHOME", "GCONV_PATH"), "the image"),
        **dict.fromkeys(FIXED, "the orchestrator, the same on every machine"),
        **dict.fromkeys(_pins("strict", 0, 1), "`determinism` and `seed`"),
        **dict.fromkeys(_THREAD_COUNTS, "`resources.cpus` and `determinism`"),
    }


def _pins(level: Level, seed: int, cpus: int) -> dict[str, str]:
    if level == "off":
        return {}
    threads = "1" if level == "strict" else str(cpus)
    return {
        "ORCHESTRATOR_SEED": str(seed),
        "ORCHESTRATOR_DETERMINISM": level,
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "TF_DETERMINISTIC_OPS": "1",
        **dict.fromkeys(_THREAD_COUNTS, threads),
        **({"LOKY_MAX_CPU_COUNT": "1"} if level == "strict" else {}),
    }
