"""From a script to a job: a folder with the script as it is, a runspec that runs it, its environment's lock."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath

from tests.corpus.manifest import LOCKS, Level, Manifest, Script
from tests.corpus.unpack import unpack

ENV = {"MPLBACKEND": "Agg"}
"""There is no display; figures that a script shows are drawn and not kept, those that it saves are files like any."""


def write_job(manifest: Manifest, script: Script, level: Level, downloads: Path, folder: Path) -> Path:
    """Write a script's folder and its runspec; returns the runspec."""
    folder.mkdir(parents=True)
    unpack(manifest, script, downloads, folder)
    spec = write_spec(folder, script.environment, manifest.environments[script.environment])
    whole = json.loads(spec.read_text())
    whole |= {
        "name": script.name,
        "run": {"command": ["python", *_program(script), *script.arguments]},
        "determinism": level,
        "env": ENV | script.env,
        "verify": {"streams": {"stdout": "exact", "stderr": "ignore"}},
    }
    spec.write_text(json.dumps(whole))
    return spec


def write_spec(folder: Path, environment: str, requirements: tuple[str, ...]) -> Path:
    """A runspec that has an environment's image and does nothing; its lock is the committed one."""
    spec = folder / "runspec.yaml"
    lock = LOCKS / f"{environment}.lock"
    if lock.is_file():
        shutil.copy(lock, spec.with_suffix(".lock"))
    whole = {
        "version": 1,
        "name": environment,
        "image": {"requirements": list(requirements)},
        "code": {"exclude": ["/runspec.*"]},
        "run": {"command": ["python", "-c", "pass"]},
        "resources": {"cpus": 2, "memory": "4g", "timeout": "5m"},
    }
    spec.write_text(json.dumps(whole))
    return spec


def _program(script: Script) -> list[str]:
    return ["-m", script.path] if script.archive is None else [PurePosixPath(script.path).name]
