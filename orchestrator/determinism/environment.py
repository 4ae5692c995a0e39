"""The environment of a job: what is fixed, what the controls in force pin, and the spec's own variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.agent import wire
from orchestrator.determinism import EPOCH, USER, processor
from orchestrator.determinism.levels import Processor

if TYPE_CHECKING:
    from orchestrator.determinism.controls import Controls

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

INTERPOSER = f"{wire.PACKAGE}/interpose/libinterpose.so"
"""Where the library lies in the container."""

LEDGER = f"{wire.RECORD}/ledger"
"""Where the library finds its ledger in the container: its counters, and the clock."""


_THREAD_COUNTS = (
    "OMP_NUM_THREADS",  # OpenMP, and with it scikit-learn, XGBoost, LightGBM, torch, Arrow
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",  # Rust: tokenizers, safetensors
    "POLARS_MAX_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "LOKY_MAX_CPU_COUNT",  # what joblib's n_jobs=-1 comes to
)


@dataclass(frozen=True)
class Setting:
    """What the pins are made of besides the controls."""

    seed: int
    cpus: int
    interposer: bool = False
    """Whether the library that is preloaded is there."""
    gpus: int = 0
    strict: bool = False
    """Whether torch refuses an operation that has no deterministic algorithm on a GPU; else it warns."""


def environment(controls: Controls, setting: Setting, own: dict[str, str]) -> dict[str, str]:
    """The whole environment of a job; ``own`` are the spec's variables."""
    path = [wire.LIBRARY, wire.SITE, *filter(None, [own.get("PYTHONPATH")])]
    return {**TRACKING, **FIXED, **own, **pins(controls, setting), "PYTHONPATH": ":".join(path)}


def pins(controls: Controls, setting: Setting) -> dict[str, str]:
    """What the controls in force set, and nothing else; a later control's value goes before an earlier one's."""
    found: dict[str, str] = {}
    for name, variables in _VARIABLES.items():
        if controls.has(name):
            found |= variables(setting)
    if controls.cpu != "off":
        found |= _cpu(controls.cpu)
    if mends := _mends(controls, setting):
        found |= {"ORCHESTRATOR_MENDS": ",".join(mends), "ORCHESTRATOR_SEED": str(setting.seed)}
    if not setting.interposer:
        return {name: value for name, value in found.items() if name not in _OF_THE_LIBRARY}
    if _OF_THE_LIBRARY & found.keys():
        found |= {"LD_PRELOAD": INTERPOSER, "ORCHESTRATOR_LEDGER": LEDGER}
    return found


def _threads(count: int) -> dict[str, str]:
    return {**dict.fromkeys(_THREAD_COUNTS, str(count)), "ORCHESTRATOR_PROCESSORS": str(count)}


_ALGORITHMS = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "NVIDIA_TF32_OVERRIDE": "0",
    "NCCL_ALGO": "Ring",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_CUDNN_DETERMINISTIC": "1",
    "KMP_DETERMINISTIC_REDUCTION": "TRUE",  # LLVM's and Intel's OpenMP: threads are added up in a fixed order
}

_VARIABLES: dict[str, Callable[[Setting], dict[str, str]]] = {
    "hash": lambda setting: {"PYTHONHASHSEED": "0"},
    "dates": lambda setting: {"SOURCE_DATE_EPOCH": str(EPOCH)},
    "algorithms": lambda setting: _ALGORITHMS,
    # MKL would take fewer threads than it is told where it thinks that better; OpenMP may
    "threads": lambda setting: {**_threads(setting.cpus), "MKL_DYNAMIC": "FALSE", "OMP_DYNAMIC": "FALSE"},
    "one_thread": lambda setting: _threads(1),
    "joblib": lambda setting: {"LOKY_MAX_CPU_COUNT": "1"},
    "entropy": lambda setting: {"ORCHESTRATOR_ENTROPY": str(setting.seed)},
    "clock": lambda setting: {"ORCHESTRATOR_LEDGER": LEDGER},
    "listings": lambda setting: {"ORCHESTRATOR_LISTINGS": "sorted"},
}
"""Control -> its variables. Those that are not here are seen to by whoever starts the job, from the plan."""

_OF_THE_LIBRARY = frozenset(f"ORCHESTRATOR_{name}" for name in ("ENTROPY", "LEDGER", "LISTINGS", "PROCESSORS", "SQRT"))
"""What the preloaded library reads; where none of these is set, it is not preloaded."""


def _cpu(instructions: Processor) -> dict[str, str]:
    return {**processor.pins(instructions), "ORCHESTRATOR_SQRT": "exact"}


def _mends(controls: Controls, setting: Setting) -> list[str]:
    """What is mended in Python as it is imported: see ``agent/seeding``."""
    mends = ["seeds"] if controls.seeds else []
    if controls.algorithms:
        # with one thread on a CPU an error would be a false alarm
        mends += ["algorithms=error" if setting.strict and setting.gpus else "algorithms"]
        mends += ["cuda"] if setting.gpus else []
    if controls.joblib:
        mends += ["joblib"]
    elif controls.algorithms:
        mends += ["sharedmem"]
    return mends


def owners(controls: Controls | None = None) -> dict[str, str]:
    """The variables that a spec cannot set, and who sets them.

    Args:
        controls: those in force. What only others would set is the spec's to set, but for the orchestrator's own
            (``ORCHESTRATOR_…``). None: whatever any control sets is taken.
    """
    ours = Setting(seed=0, cpus=1, interposer=True)
    always = {
        "PATH": "the image",
        **dict.fromkeys(("LD_PRELOAD", "LD_AUDIT"), "the orchestrator, which preloads its own library alone"),
        **dict.fromkeys(("PYTHONHOME", "GCONV_PATH"), "the image"),
        **dict.fromkeys(FIXED, "the orchestrator, the same on every machine"),
        **dict.fromkeys(("ORCHESTRATOR_MENDS", "ORCHESTRATOR_SEED"), "`determinism` and `seed`"),
        "ORCHESTRATOR_STREAM": "the orchestrator, whose library it is for",
    }
    pinned = {
        **dict.fromkeys(_cpu("x86-64-v2"), "`determinism`, to its control `cpu`"),
        **{
            name: f"`determinism`, to its control `{control}`"
            for control, variables in _VARIABLES.items()
            for name in variables(ours)
        },
        **dict.fromkeys(_THREAD_COUNTS, "`resources.cpus` and `determinism`"),
    }
    needed = pinned.keys() if controls is None else pins(controls, ours).keys()
    taken = {name: who for name, who in pinned.items() if name in needed or name.startswith("ORCHESTRATOR_")}
    return {**always, **taken}
