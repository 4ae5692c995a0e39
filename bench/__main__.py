"""``python -m bench [NAME…] [--rounds N] [--json FILE] [--check]``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the servers that tests start are measured too

from bench import report
from bench.figures import FIGURES
from bench.measure import Figure
from bench.setting import Setting


def main() -> int:
    asked = _arguments()
    figures: list[Figure] = []
    with Setting.open() as setting:
        for name in asked.names or FIGURES:
            module = importlib.import_module(f"bench.figures.{FIGURES[name]}")
            figure: Figure = module.measure(setting, asked.rounds or module.ROUNDS)
            figures.append(figure)
            setting.say(f"{name}: {report.headline(figure)}")
    print(report.table(figures))
    if asked.json:
        asked.json.write_text(report.as_json(figures))
    return 1 if asked.check and not all(figure.met for figure in figures) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure each figure against its peer.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which figures: {', '.join(FIGURES)} (default: all)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each (default: the figure's own)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample and the machine to FILE too")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(FIGURES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    if asked.rounds is not None and asked.rounds < 1:
        parser.error("--rounds: at least 1")
    return asked


if __name__ == "__main__":
    sys.exit(main())
