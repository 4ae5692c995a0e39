"""What is there where Optuna is not."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
sys.modules["optuna"] = None  # as where it is not installed
from orchestrator.errors import EnvironmentProblem
from orchestrator.operations.sweep_strategy import strategy
from orchestrator.operations.sweeping import Trial, importance
from orchestrator.runspec.sweep import SweepSpec

def section(**said):
    return SweepSpec.model_validate(
        {"objective": {"metric": "m", "direction": "minimize"}, "params": {"x": [1, 2, 3]}, "trials": 3, **said}
    )

print(strategy(section(), 0).name, strategy(section(method="grid"), 0).name)
trials = [Trial(number, "complete", "", {"x": number}, float(number)) for number in range(4)]
print(*importance(section(), trials))
for said in ({"method": "tpe"}, {"pruner": "median"}):
    try:
        strategy(section(**said), 0)
    except EnvironmentProblem as error:
        print(error.message.partition(",")[0], "|", error.hint.partition(";")[0])
"""


def test_grid_and_chance_need_nothing_and_the_others_say_what_to_install():
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    hint = "install orchestrator with the extra `sweep`: pip install 'orchestrator[sweep]'"
    assert said.splitlines() == [
        "orchestrator orchestrator",
        "{'x': 1.0} ranks",
        f"`method: tpe` needs Optuna | {hint}",
        f"`pruner: median` needs Optuna | {hint}",
    ]
