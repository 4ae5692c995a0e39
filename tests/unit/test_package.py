"""The package itself: what `import orchestrator` gives outside a container."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_a_script_logs_into_nothing_outside_a_run(tmp_path):
    script = """
import orchestrator
orchestrator.log_params({"lr": 0.1})
for step in range(3):
    orchestrator.log_metric("loss", 1 / (step + 1), step)
orchestrator.log_artifact("nowhere.pt")
print(orchestrator.params())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "{}\n"
    assert list(tmp_path.iterdir()) == []


def test_importing_it_imports_nothing_else():
    script = "import orchestrator, sys; print([name for name in sys.modules if name.startswith('orchestrator.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_name_it_does_not_have_is_an_attribute_error():
    import orchestrator

    with pytest.raises(AttributeError, match="log_metrik"):
        orchestrator.log_metrik  # noqa: B018


@pytest.mark.parametrize("module", ["orchestrator", "orchestrator.operations"])
def test_every_name_it_offers_is_there(module):
    script = f"import {module} as offered; [getattr(offered, name) for name in offered.__all__]"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
