"""A runspec and a script to begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError

SPEC = """\
# yaml-language-server: $schema=runspec.schema.json
version: 1
name: {name}

image:
  base: python3.11
  requirements: []          # e.g. [numpy, scikit-learn]; `orchestrator lock` pins them

run:
  command: python train.py --lr {{params.lr}}

params:
  lr: 0.1

seed: 0
"""

SCRIPT = """\
import argparse
import random

import orchestrator

arguments = argparse.ArgumentParser()
arguments.add_argument("--lr", type=float, required=True)
lr = arguments.parse_args().lr

loss = 1.0
for step in range(10):
    loss *= 1 - lr * random.random()   # the orchestrator owns the seed
    orchestrator.log_metric("loss", loss, step)

print(f"loss {loss}")
with open("result.txt", "w") as result:  # what a job writes beside itself is kept
    result.write(f"{loss}\\n")
"""


@dataclass(frozen=True)
class Initialised:
    """The files that were written."""

    files: tuple[Path, ...]


def init(folder: Path, name: str | None = None) -> Initialised:
    """Write ``runspec.yaml``, its JSON Schema and ``train.py`` into a folder.

    Raises:
        UsageError: one of them is there already; nothing is written.
    """
    from orchestrator.runspec.schema import schema_text

    folder.mkdir(parents=True, exist_ok=True)
    chosen = name or re.sub(r"[^A-Za-z0-9_.-]", "-", folder.resolve().name).lstrip("-.0123456789") or "run"
    content = {
        "runspec.yaml": SPEC.format(name=chosen),
        "train.py": SCRIPT,
        "runspec.schema.json": schema_text(),
    }
    there = [file for file in content if (folder / file).exists()]
    if there:
        raise UsageError(f"{folder} has {', '.join(there)} already", hint="choose another folder")
    for file, text in content.items():
        (folder / file).write_text(text)
    return Initialised(tuple(folder / file for file in content))
