"""The agent's two small documents: there whole or not at all, also where the disk is full or the job in the way."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.agent import durable


def test_it_is_written_whole_and_replaces_what_was_there(tmp_path: Path):
    (tmp_path / "exit.json").write_text("before" * 100)
    for flush in (True, False):
        durable.write_json(str(tmp_path), "exit.json", {"code": flush}, flush)
        assert json.loads((tmp_path / "exit.json").read_bytes()) == {"code": flush}
    assert [file.name for file in tmp_path.iterdir()] == ["exit.json"]


def test_room_is_reserved_on_the_disk_and_is_what_is_written_to(tmp_path: Path):
    durable.reserve(str(tmp_path), "exit.json")
    reserved = (tmp_path / "exit.json.part").stat()
    assert reserved.st_blocks * 512 >= durable.RESERVED
    durable.write_json(str(tmp_path), "exit.json", {"code": 0})
    written = (tmp_path / "exit.json").stat()
    assert written.st_ino == reserved.st_ino
    assert written.st_blocks * 512 < durable.RESERVED  # the rest is given back
    assert json.loads((tmp_path / "exit.json").read_bytes()) == {"code": 0}


def test_a_pipe_or_a_link_in_its_place_goes(tmp_path: Path):
    (tmp_path / "other").write_text("kept")
    for make in (os.mkfifo, lambda path: path.symlink_to(tmp_path / "other"), lambda path: path.symlink_to("/no/such")):
        make(tmp_path / "exit.json.part")
        durable.write_json(str(tmp_path), "exit.json", {"code": 0})
        assert json.loads((tmp_path / "exit.json").read_bytes()) == {"code": 0}
        make(tmp_path / "exit.json.part")
        durable.reserve(str(tmp_path), "exit.json")
        (tmp_path / "exit.json.part").unlink()
    assert (tmp_path / "other").read_text() == "kept"


def test_a_folder_in_its_place_is_said(tmp_path: Path):
    (tmp_path / "exit.json.part").mkdir()
    with pytest.raises(OSError):
        durable.write_json(str(tmp_path), "exit.json", {})
