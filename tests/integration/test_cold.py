"""A cold start: the image is made again from its lock, wheels and .debs, whatever store and engine still have."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import docker
import pytest
from desk import Desk
from test_rebuild import SCRIPT, make_wheel

from orchestrator.image.oci import Image
from orchestrator.lock.model import Lock

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_the_image_is_made_again_bit_for_bit(desk: Desk, tmp_path: Path, monkeypatch):
    """All that was built is damaged in the store, so that whoever reads it fails; the network is not asked either."""
    make_wheel(tmp_path / "wheels", "orchestrator_test_tag", secrets.token_hex(8))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    run = desk.submit(SCRIPT, image={"requirements": ["orchestrator-test-tag"]})
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    pin = desk.show(run).plan.image
    lock = Lock.from_bytes(desk.blob(pin.lock))
    image = Image.from_bytes(desk.workspace.records.read(f"images/{pin.lock.hex}") or b"")
    built = [*(layer.diff_id for layer in image.layers), image.config]
    compiled = [desk.workspace.records.read(key) for key in desk.workspace.records.list("bytecode/")]
    for digest in built:
        desk.damage(digest)
    before = set(desk.workspace.blobs.list())
    try:
        done = desk.cli(
            "--json", "verify", run.id, "--cold", http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9"
        )
        assert done.returncode == 0, done.stderr.decode()
        (replayed,) = json.loads(done.stdout)["data"]["replays"]
        assert replayed["verdict"]["answer"] == "identical"
        assert replayed["cold"]["manifest"] == pin.manifest
        told = [step["step"] for step in replayed["cold"]["steps"]]
        assert [line.split()[0] for line in told] == ["found", "made", "laid", "loaded"]
        assert lock.base.layers[0].diff_id in told[1]
        assert all(step["seconds"] >= 0 for step in replayed["cold"]["steps"])
        assert desk.workspace.engine.find(pin.config, pin.manifest)
    finally:
        client = docker.from_env()
        client.images.remove(pin.config, force=True)
        client.close()
    assert b"building the base image from" in done.stderr
    for digest in built:  # it has not mended them, nor taken them away
        assert desk.place(digest).read_bytes().strip(b"X") == b""
    assert compiled == [desk.workspace.records.read(key) for key in desk.workspace.records.list("bytecode/")]
    assert not any((desk.home / "tmp").iterdir())
    assert len(set(desk.workspace.blobs.list()) - before) < 10  # what the replay said, and no layer
