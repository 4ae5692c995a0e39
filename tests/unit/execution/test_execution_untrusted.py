"""Opening what a job could have put there: regular files, and nothing on the way that leads elsewhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.agent import wire
from orchestrator.execution.untrusted import is_readable, open_below, open_regular, replaced


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


TRAPS: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a link to nothing": lambda path: path.symlink_to("/no/such/file"),
    "a pipe": lambda path: os.mkfifo(path),
    "a folder": lambda path: path.mkdir(),
    "a socket": bind,
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_only_a_regular_file_is_opened(tmp_path, trap):
    trap(tmp_path / "x")
    for attempt in (lambda: open_regular(tmp_path / "x"), lambda: open_below(tmp_path, "x")):
        with pytest.raises(OSError):
            attempt()
    assert not is_readable(tmp_path / "x")


def test_a_regular_file_is_opened_below_a_folder(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"kept")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with open_below(tmp_path, "a/b/c") as stream:
        assert stream.read() == b"kept"
    with open_below(tmp_path / "link", "b/c") as stream:  # the folder itself is ours
        assert stream.read() == b"kept"


@pytest.mark.parametrize("target", ["/", ".", "..", "other"])
def test_a_link_on_the_way_is_not_followed(tmp_path, target):
    record = tmp_path / "record"
    (record / "other").mkdir(parents=True)
    for folder in (tmp_path, record, record / "other"):
        (folder / "file").write_bytes(b"of the host")
    (record / "mlflow").symlink_to(target)
    with pytest.raises(OSError, match="on the way"):
        open_below(record, "mlflow/file")


def test_what_was_replaced_is_named(tmp_path):
    assert replaced(tmp_path) == []
    (tmp_path / wire.MLFLOW_ARTIFACTS).mkdir(parents=True)
    for name in (wire.STDOUT, wire.EVENTS, wire.MLFLOW_NOTES):
        (tmp_path / name).touch()
    assert replaced(tmp_path) == []
    (tmp_path / wire.MLFLOW_ARTIFACTS).rmdir()
    (tmp_path / wire.MLFLOW_ARTIFACTS).symlink_to("/etc")
    (tmp_path / wire.EVENTS).unlink()
    os.mkfifo(tmp_path / wire.EVENTS)
    (tmp_path / wire.STDERR).mkdir()
    said = "of the record: something else was put in its place"
    assert replaced(tmp_path) == [
        f"left out mlflow/artifacts {said}", f"left out stderr {said}", f"left out events.jsonl {said}",
    ]  # fmt: skip


def test_of_a_folder_that_was_replaced_what_was_in_it_is_not_named(tmp_path):
    host = tmp_path / "host"
    (host / "notes.jsonl").mkdir(parents=True)
    (host / "artifacts").touch()
    record = tmp_path / "record"
    record.mkdir()
    (record / wire.MLFLOW).symlink_to(host)
    assert replaced(record) == ["left out mlflow of the record: something else was put in its place"]
