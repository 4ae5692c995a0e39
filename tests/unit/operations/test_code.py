"""The code is the folder as it is: git's ignore rules, uncommitted files, submodules, patterns."""

from __future__ import annotations

import os
import subprocess

import pytest

from orchestrator.errors import EnvironmentProblem, UsageError
from orchestrator.operations.code import capture_code
from orchestrator.runspec.model import CodeSpec
from orchestrator.store import tree
from orchestrator.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    return path


def git(folder, *argv):
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for role in ("AUTHOR", "COMMITTER"):
        identity |= {f"GIT_{role}_NAME": "t", f"GIT_{role}_EMAIL": "t@example.invalid"}
    command = ["git", "-c", "protocol.file.allow=always", *argv]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, **identity})


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def captured(workspace, folder, **spec):
    digest, facts = capture_code(workspace, CodeSpec(**spec), folder)
    return {entry.path for entry in tree.load(workspace.blobs, digest).entries}, facts


def test_outside_git_everything_counts_but_caches(workspace, folder):
    write(folder, train_dot_py="1", data__a_dot_csv="2", __pycache____x_dot_pyc="3", _dot_venv__lib_dot_py="4")
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "x.pyc").write_text("3")
    (folder / "empty").mkdir()
    paths, facts = captured(workspace, folder)
    assert paths == {"train.py", "data/a.csv", "empty"}
    assert facts == {}


def test_git_ignores_what_it_ignores_and_nothing_else(workspace, folder):
    git(folder, "init", "-q")
    write(folder, train_dot_py="1", _dot_gitignore="*.log\n/out/\n", a_dot_log="x", out__b="x", sub__new_dot_py="2")
    paths, facts = captured(workspace, folder)
    assert paths == {"train.py", ".gitignore", "sub/new.py"}
    assert facts["dirty"] is True
    assert "commit" not in facts


def test_a_committed_file_counts_even_if_it_is_ignored_and_a_deleted_one_does_not(workspace, folder):
    git(folder, "init", "-q", "-b", "main")
    write(folder, kept_dot_log="1", gone_dot_py="2", _dot_gitignore="*.log\n")
    git(folder, "add", "-f", ".")
    git(folder, "commit", "-qm", "all")
    assert captured(workspace, folder)[1]["dirty"] is False
    (folder / "gone.py").unlink()
    paths, facts = captured(workspace, folder)
    assert paths == {"kept.log", ".gitignore"}
    assert facts["dirty"] is True
    assert facts["branch"] == "main"
    assert len(facts["commit"]) == 40


def test_a_spec_in_a_subfolder_takes_that_folder_alone(workspace, folder):
    git(folder, "init", "-q")
    write(folder, other_dot_py="1", job__train_dot_py="2", job__junk_dot_tmp="3", _dot_gitignore="*.tmp\n")
    assert captured(workspace, folder / "job")[0] == {"train.py"}


def test_a_submodule_is_taken_with_its_files(workspace, folder, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    write(library, lib_dot_py="1")
    git(library, "add", ".")
    git(library, "commit", "-qm", "lib")
    git(folder, "init", "-q")
    git(folder, "submodule", "add", "-q", str(library), "vendor/lib")
    write(folder, train_dot_py="2")
    assert captured(workspace, folder)[0] == {"train.py", ".gitmodules", "vendor/lib/lib.py"}


def test_patterns_choose_and_leave_out(workspace, folder):
    write(folder, train_dot_py="1", notes_dot_md="2", lib__a_dot_py="3", lib__big_dot_bin="4")
    assert captured(workspace, folder, include=["*.py"])[0] == {"train.py", "lib/a.py"}
    assert captured(workspace, folder, exclude=["lib/", "*.md"])[0] == {"train.py"}
    assert captured(workspace, folder, include=["lib/"], exclude=["*.bin"])[0] == {"lib/a.py"}


def test_equal_folders_have_equal_digests_wherever_they_lie(workspace, folder, tmp_path):
    write(folder, train_dot_py="1")
    other = tmp_path / "elsewhere"
    write(other, train_dot_py="1")
    os.utime(other / "train.py", (1, 1))
    assert capture_code(workspace, CodeSpec(), folder)[0] == capture_code(workspace, CodeSpec(), other)[0]


def test_what_cannot_be_kept_is_an_error(workspace, folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(UsageError, match=r"'pipe': neither file, folder nor symbolic link"):
        captured(workspace, folder)
    with pytest.raises(UsageError, match="No such file or directory"):
        captured(workspace, folder, root="nowhere")


def test_a_broken_repository_is_an_error_and_not_a_folder_without_rules(workspace, folder):
    (folder / ".git").mkdir()
    with pytest.raises(EnvironmentProblem, match="git"):
        captured(workspace, folder)


@pytest.mark.parametrize("root", ["/", "/etc", "/proc/self", "/run"])
def test_the_system_is_no_code(workspace, folder, root):
    with pytest.raises(UsageError, match=r"code\.root: .* is never mounted"):
        captured(workspace, folder, root=root)


def test_our_own_home_is_no_code(tmp_path):
    """It would hold a copy of itself, and changes while it is read."""
    (tmp_path / "job.py").write_text("print(1)\n")
    workspace = Workspace(tmp_path / ".orchestrator")
    digest, _ = capture_code(workspace, CodeSpec(), tmp_path)
    assert [entry.path for entry in tree.load(workspace.blobs, digest).entries] == ["job.py"]
