"""The wheel: `pip install .` in a clean environment gives working commands, base images included."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The bin folder of a new virtual environment with nothing but the project, installed from a copy."""
    folder = tmp_path_factory.mktemp("install")
    leave_out = shutil.ignore_patterns(".git", ".venv", ".cache", ".*_cache", ".hypothesis", "__pycache__")
    shutil.copytree(ROOT, folder / "source", ignore=leave_out)
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    pip = [folder / "env/bin/python", "-m", "pip", "install", "--quiet"]
    constraints = ["--constraint", ROOT / ".ci/constraints.txt"]
    subprocess.run([*pip, *constraints, folder / "source"], check=True, cwd=folder)
    return folder / "env/bin"


def run(installed, cwd, *argv):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"ORCHESTRATOR_HOME": str(cwd / "home"), "PATH": f"{installed}:{os.environ['PATH']}"}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["orchestrator", "orch"])
def test_both_names_answer(installed, tmp_path, name):
    done = run(installed, tmp_path, name, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("orchestrator, version ")


@pytest.mark.slow
def test_the_base_images_come_with_it(installed, tmp_path):
    assert run(installed, tmp_path, "orchestrator", "init", "job").returncode == 0
    done = run(installed, tmp_path, "orchestrator", "lock", "job")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "job/runspec.lock").is_file()


@pytest.mark.slow
def test_the_agent_and_the_types_come_with_it(installed, tmp_path):
    script = (
        "import orchestrator.agent, pathlib; folder = pathlib.Path(orchestrator.agent.__file__).parent; "
        "print(sorted(str(p.relative_to(folder)) for p in [*folder.glob('etc/*'), *folder.glob('site/*.py')]), "
        "(folder.parent / 'py.typed').exists())"
    )
    done = run(installed, tmp_path, installed / "python", "-c", script)
    assert done.stdout == "['etc/group', 'etc/passwd', 'site/sitecustomize.py'] True\n", done.stderr
