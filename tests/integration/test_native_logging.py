"""Logging without MLflow: from Python, from a shell, and without any call; and getting what was kept back."""

from __future__ import annotations

import pytest
from desk import Desk

import orchestrator
from orchestrator import operations
from orchestrator.errors import Corruption, NotFound, UsageError

pytestmark = pytest.mark.engine

SHELL = """
set -e
for loss in 0.5 0.25; do orchestrator-log metric "train loss" $loss; done
orchestrator-log metric "train loss" 0.125 --step 7
orchestrator-log metric "train loss" nan
orchestrator-log param optimizer 'adam "w"'
orchestrator-log param layers 3
orchestrator-log tag team cellar
mkdir model && echo weights > model/w && orchestrator-log artifact model && orchestrator-log artifact model/w copy.bin
orchestrator-log metric loss many || echo "refused $?"
orchestrator-log || echo "usage $?"
"""


def test_a_shell_job_logs_by_a_program_on_its_path(desk: Desk):
    (desk.folder / "job.sh").write_text(SHELL)
    done, streams = desk.seen("", run={"command": "sh job.sh"})
    assert done.status == "finished", streams["stderr"].decode()
    shown = desk.show(done)
    points = [(step, repr(value)) for step, value in shown.metrics["train loss"]]
    assert points == [(0, "0.5"), (1, "0.25"), (7, "0.125"), (8, "nan")]
    assert list(shown.metrics) == ["train loss"]
    assert shown.outcome.params == {"optimizer": 'adam "w"', "layers": 3}
    assert done.facts.tags == {"team": "cellar"}
    assert set(shown.artifacts.files) == {"outputs/model/w", "outputs/copy.bin", "workspace/model/w"}
    assert streams["stdout"] == b"refused 1\nusage 2\n"
    assert b"orchestrator-log: could not convert string to float: 'many'" in streams["stderr"]


def test_parameters_are_recorded_without_any_call(desk: Desk):
    script = "import json, orchestrator; print(json.dumps(orchestrator.params()))"
    command = "python job.py --lr {params.lr} --epochs=5 --name 'a b' -v --offset -1 model.width=64 -- --no"
    spec = {"run": {"command": command}, "params": {"lr": 0.5, "note": "kept"}}
    expected = {
        "lr": 0.5, "note": "kept", "epochs": 5, "name": "a b", "v": True, "offset": -1, "model.width": 64,
    }  # fmt: skip
    assert desk.answers(script, **spec) == expected
    (run,) = desk.recorded()
    assert desk.show(run).outcome.params == expected
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


def test_tags_are_no_part_of_what_must_come_back(desk: Desk):
    run = desk.submit("import orchestrator, os; orchestrator.set_tag('now', os.urandom(8).hex())")
    assert len(run.facts.tags["now"]) == 16
    assert operations.replay(desk.workspace, run.id).verdict.answer == "identical"


KEEP = """
import os
os.makedirs("/outputs/folder/deep")
open("/outputs/folder/deep/a.bin", "wb").write(bytes(range(256)))
open("/outputs/folder/run.sh", "w").write("#!/bin/sh\\n")
os.chmod("/outputs/folder/run.sh", 0o755)
os.symlink("deep/a.bin", "/outputs/folder/link")
"""


def test_artifacts_load_back_as_files_and_folders(desk: Desk, tmp_path, monkeypatch):
    run = desk.submit(KEEP)
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(desk.home))
    assert orchestrator.load_artifact(run.id, "outputs/folder/deep/a.bin").read_bytes() == bytes(range(256))
    folder = orchestrator.load_artifact("last", "outputs/folder/", to=tmp_path / "new" / "place")
    assert folder == tmp_path / "new" / "place"
    assert (folder / "link").readlink().name == "a.bin"
    assert (folder / "run.sh").stat().st_mode & 0o777 == 0o755
    (folder / "deep" / "a.bin").write_bytes(b"mine")  # a copy: the record keeps its own
    assert orchestrator.load_artifact(run.id, "outputs/folder/deep/a.bin").read_bytes() == bytes(range(256))
    with pytest.raises(UsageError, match="there already"):
        orchestrator.load_artifact(run.id, "outputs/folder", to=folder)
    for path in ("outputs/folder/none", "outputs/fold", "", "/", "../x"):
        with pytest.raises(NotFound, match="no artifact"):
            orchestrator.load_artifact(run.id, path)
    no_model = desk.cli("export-model", run.id, str(tmp_path / "model"))
    assert no_model.returncode == 5
    assert b"has no MLflow model" in no_model.stderr
    desk.damage(desk.show(run).artifacts.files["outputs/folder/deep/a.bin"].digest)
    with pytest.raises(Corruption):
        orchestrator.load_artifact(run.id, "outputs/folder/deep/a.bin")


MODELS = """
import os
for name, inner in (("a", ""), ("b", ""), ("b", "/part")):
    os.makedirs(f"/outputs/{name}{inner}", exist_ok=True)
    open(f"/outputs/{name}{inner}/MLmodel", "w").write(name)
"""


def test_one_of_several_models_is_exported_by_name(desk: Desk, tmp_path):
    run = desk.submit(MODELS)
    several = desk.cli("export-model", "last", str(tmp_path / "x"))
    assert several.returncode == 2
    assert b"several models: outputs/a, outputs/b" in several.stderr
    assert not (tmp_path / "x").exists()
    for name in ("b", "outputs/b"):
        done = desk.cli("--json", "export-model", run.id, str(tmp_path / name.replace("/", "-")), "--name", name)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name.replace("/", "-") / "part" / "MLmodel").read_text() == "b"
    assert desk.cli("export-model", "last", str(tmp_path / "c"), "--name", "c").returncode == 5
