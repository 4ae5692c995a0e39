"""The docs are true: what is generated is current, what is named exists, what is shown runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import operations
from orchestrator.errors import ExitCode
from orchestrator.workspace import Workspace
from tests.docs.reference import generated

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "images/README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", sorted(generated()), ids=lambda path: path.name)
def test_generated_documents_are_current(path):
    assert path.read_text() == generated()[path], "run `make golden`"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_files_that_are_named_exist(page):
    folders = "orchestrator|tests|images|runspecs|docs|bench|\\.ci"
    for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text()):
        assert "NAME" in path or (ROOT / path).exists(), f"{page.name} names {path}"


def test_the_readme_lists_every_exit_code():
    rows = re.findall(r"^\| (\d+) \|", README.read_text(), re.MULTILINE)
    assert {int(row) for row in rows} == {int(code) for code in ExitCode}


def test_the_readme_shows_the_verbs():
    shown = {shlex.split(command)[1] for command in orchestrator_commands()}
    assert shown >= {"init", "lock", "plan", "build", "submit", "replay", "verify", "diff", "show", "ls", "logs"}


@pytest.mark.engine
@pytest.mark.slow
def test_the_readmes_commands_run(shelf, new_desk):
    """Those that begin with `orchestrator`, in order, beside the repository's runspecs."""
    operations.build(Workspace(shelf), ROOT / "runspecs/simple_nn")
    desk = new_desk()
    shutil.copytree(ROOT / "runspecs", desk.folder / "runspecs")
    environment = desk.environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for command in orchestrator_commands():
        argv = ["bash", "-c", command]
        done = subprocess.run(argv, cwd=desk.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"


def orchestrator_commands() -> list[str]:
    """The `$ orchestrator …` lines of the README's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ orchestrator ")]
