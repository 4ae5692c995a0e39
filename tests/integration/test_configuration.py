"""The settings as commands see them: flags anywhere, files, trust, and no password in anything that is printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orchestrator.settings import handing_on
from orchestrator.settings.model import KEYS, Settings, describe, variable_of
from orchestrator.settings.resolve import resolve

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


class Person:
    """Runs commands in a project, with an empty environment."""

    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        self.project.mkdir()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")},
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_DATA_HOME": str(root / "data"),
        }

    def run(self, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "orchestrator.cli.main", *argv],
            cwd=self.project,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def test_flags_are_understood_before_and_after_the_verb(person, tmp_path):
    for argv in (["--home", "h", "ls"], ["ls", "--home", "h"], ["ls", "--home=h"], ["--json", "ls", "--home=h"]):
        done = person.run(*argv)
        assert done.returncode == 0, done.stderr
        assert (person.project / "h" / "index.sqlite").exists()
        (person.project / "h").rename(tmp_path / f"was-{'-'.join(argv)}")
    assert person.run("config", "registry", "--registry", "a.test/b").stdout == "a.test/b\n"
    assert "Option '--home' requires an argument" in person.run("ls", "--home").stderr


def test_a_home_that_a_project_asks_for(person):
    (person.project / "orchestrator.toml").write_text("home = 'kept'")
    assert person.run("ls").returncode == 2
    assert person.run("config", "--trust").returncode == 0
    assert person.run("ls").returncode == 0
    assert (person.project / "kept" / "index.sqlite").exists()
    assert person.run("ls", ORCHESTRATOR_HOME=str(person.project / "other")).returncode == 0
    assert (person.project / "other" / "index.sqlite").exists()


def test_what_leads_elsewhere_is_asked_about_once(person):
    file = person.project / "orchestrator.toml"
    file.write_text("second-store = '/nowhere'\n")
    done = person.run("ls")
    assert done.returncode == 2 and f"{file}:1: `second-store` takes effect only once" in done.stderr
    shown = person.run("config", "--show-origin")
    assert ["second-store", "/nowhere", f"{file}:1"] in [line.split() for line in shown.stdout.splitlines()]
    assert shown.returncode == 0 and "config --trust" in shown.stderr
    assert person.run("config", "--trust").stdout == f"trusted: {file}\n"
    assert person.run("ls").returncode == 0
    file.write_text("second-store = '/elsewhere'\n")
    assert person.run("ls").returncode == 2
    assert person.run("config", "--trust").returncode == 0
    file.unlink()
    assert person.run("config", "--trust").returncode == 5


def test_findings_come_as_json_too(person):
    file = person.project / "orchestrator.toml"
    file.write_text("stor = 1\nhome = 2\n")
    done = person.run("ls", "--json")
    assert json.loads(done.stdout)["error"]["findings"] == [
        f"{file}:1: unknown key `stor`; did you mean `store`?",
        f"{file}:2: `home` must be text, not a whole number",
    ]


@pytest.mark.parametrize(
    "command", [["config", "--show-origin"], ["config", "--json"], ["config", "index"], ["doctor"]]
)
@pytest.mark.parametrize(
    "address", ["postgresql://me:geheim@127.0.0.1:1/db", "postgresql://127.0.0.1:1/db?password=geheim"]
)
def test_no_password_is_printed(person, command, address):
    done = person.run(*command, ORCHESTRATOR_INDEX=address)
    assert "geheim" not in done.stdout + done.stderr
    assert "***" in done.stdout
    assert "geheim" not in (said := person.run("ls", ORCHESTRATOR_INDEX=address)).stdout + said.stderr
    refused = person.run(*command, "--index", address)
    assert refused.returncode == 2 and "geheim" not in refused.stdout + refused.stderr


def test_another_process_decides_as_this_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orchestrator.toml").write_text("nonsense")
    made = Settings(tmp_path / "h", store="s3://abc/d", index="postgresql://a:b@c/d", second_store=tmp_path / "s")
    handed = handing_on.environment(made)
    assert (
        resolve(environ={"ORCHESTRATOR_PROFILE": "x", "ORCHESTRATOR_REGISTRY": "a.test/b", **handed}).settings == made
    )


def test_doctor_asks_the_places(person):
    done = person.run("doctor", "--second-store", "nowhere", "--registry", "127.0.0.1:1/x", "--profile", "local")
    assert done.returncode == 3
    assert "settings: profile local; home is" in done.stdout
    assert "second-store: " in done.stdout and "is no folder" in done.stdout
    assert "registry: 127.0.0.1:1/x: " in done.stdout


def test_the_table_in_the_docs_is_the_model():
    rows = re.findall(r"^\| `(\S+)` \| `(\S+)` \| (?:`(\S+)` )?\| (.*) \|$", DOCS.read_text(), re.MULTILINE)
    flags = {"profile", "home", "store", "second-store", "index", "registry"}
    assert [row[0] for row in rows] == ["profile", *KEYS]
    for key, variable, flag, text in rows:
        assert variable == variable_of(key)
        assert flag == (f"--{key}" if key in flags else "")
        assert key == "profile" or text == describe(key)


def test_the_example_in_the_docs(person):
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert tomllib.loads(example)
    (person.project / "orchestrator.toml").write_text(example)
    (told,) = re.findall(r"\$ orchestrator config --show-origin --profile team\n(.*?)```", DOCS.read_text(), re.DOTALL)
    done = person.run("config", "--show-origin", "--profile", "team")
    assert done.returncode == 0
    said = done.stdout.replace(str(person.project), "/work/vision")
    assert [line.split() for line in said.splitlines()] == [line.split() for line in told.splitlines()]
    (refused,) = re.findall(r"\$ orchestrator ls --profile team\n(.*?)\n", DOCS.read_text())
    assert refused in person.run("ls", "--profile", "team").stderr.replace(str(person.project), "/work/vision")


def test_commands_that_need_no_settings_read_none(person):
    (person.project / "orchestrator.toml").write_text("nonsense")
    for argv in (["--help"], ["--version"], ["schema"], ["config", "--help"]):
        assert person.run(*argv).returncode == 0
    code = "import sys; from orchestrator.settings.resolve import resolve; resolve(); print('tomllib' in sys.modules)"
    empty = person.project / "empty"
    empty.mkdir()
    (person.project / "orchestrator.toml").unlink()
    done = subprocess.run([sys.executable, "-c", code], cwd=empty, env=person.environ, capture_output=True, check=True)
    assert done.stdout == b"False\n"
