"""The benchmarks are not run here; that each of them could be, is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOAD = """
import importlib
import bench.__main__
from bench.figures import FIGURES
for module in FIGURES.values():
    figure = importlib.import_module(f"bench.figures.{module}")
    assert figure.ROUNDS and callable(figure.measure)
"""


def test_every_figure_can_be_asked_for():
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", LOAD], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    named = {path.stem for path in (root / "bench" / "figures").glob("*.py")} - {"__init__"}
    from bench.figures import FIGURES

    assert set(FIGURES.values()) == named
