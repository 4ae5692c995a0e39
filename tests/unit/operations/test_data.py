"""Inputs are captured by content, checked against the spec, and never taken from where nothing should be taken."""

from __future__ import annotations

import hashlib

import pytest

from orchestrator.errors import UsageError
from orchestrator.operations.data import capture_data
from orchestrator.runspec.model import DataSpec
from orchestrator.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "home")


def test_a_file_is_mounted_as_a_file(workspace, tmp_path):
    (tmp_path / "train.csv").write_text("1,2\n")
    pin = capture_data(workspace, "train", DataSpec(source="train.csv"), tmp_path)
    assert (pin.kind, pin.mount) == ("file", "/data/train/train.csv")
    assert pin.digest.hex == hashlib.sha256(b"1,2\n").hexdigest()


def test_a_folder_is_mounted_as_a_folder(workspace, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"a")
    pin = capture_data(workspace, "images", DataSpec(source="images"), tmp_path)
    assert (pin.kind, pin.mount) == ("tree", "/data/images")
    (tmp_path / "images" / "a.png").write_bytes(b"b")
    assert capture_data(workspace, "images", DataSpec(source="images"), tmp_path).digest != pin.digest


def test_a_wrong_digest_names_both(workspace, tmp_path):
    (tmp_path / "x").write_text("new")
    expected = hashlib.sha256(b"old").hexdigest()
    with pytest.raises(UsageError) as error:
        capture_data(workspace, "x", DataSpec(source="x", sha256=expected), tmp_path)
    assert expected in error.value.message
    assert hashlib.sha256(b"new").hexdigest() in error.value.message


@pytest.mark.parametrize(
    "source", ["/", "/proc", "/proc/self", "/sys/kernel", "/dev/null", "/etc", "/etc/passwd", "../../../../../.."]
)
def test_some_places_are_never_mounted(workspace, tmp_path, source):
    with pytest.raises(UsageError, match=r"data\.x: .* is never mounted"):
        capture_data(workspace, "x", DataSpec(source=source), tmp_path)


def test_the_home_folder_is_never_mounted_even_through_a_link(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "me")
    with pytest.raises(UsageError, match="is never mounted"):
        capture_data(workspace, "x", DataSpec(source="link"), tmp_path)


def test_a_loop_of_links_is_an_error(workspace, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=r"data\.x: "):
        capture_data(workspace, "x", DataSpec(source="loop"), tmp_path)


def test_a_missing_source_is_named(workspace, tmp_path):
    with pytest.raises(UsageError, match=r"data\.x: .*nowhere"):
        capture_data(workspace, "x", DataSpec(source="nowhere"), tmp_path)
