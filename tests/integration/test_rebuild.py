"""An image that the engine has lost comes back: from the store, from its wheels, or not at all, and then it is said."""

from __future__ import annotations

import base64
import hashlib
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from desk import Desk

from orchestrator import operations
from orchestrator.errors import Corruption, NotReplayable
from orchestrator.image.oci import Image
from orchestrator.lock.model import Lock
from orchestrator.run import Run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SCRIPT = "import orchestrator, tag; orchestrator.log_param('tag', tag.TAG)"


def make_wheel(folder: Path, name: str, tag: str) -> Path:
    """A wheel of one module, unlike any other."""
    files = {
        "tag.py": f"TAG = {tag!r}\n",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_hash(text)},{len(text)}\n" for path, text in files.items())
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**files, f"{name}-1.0.dist-info/RECORD": record}.items():
            archive.writestr(member, text)
    return path


def _hash(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch) -> Path:
    """A folder of one wheel, where the resolver finds it."""
    folder = tmp_path / "wheels"
    make_wheel(folder, "orchestrator_test_tag", secrets.token_hex(8))
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


class Lost:
    """A recorded run whose image, which nothing else uses, the engine has lost."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.run: Run = desk.submit(SCRIPT, image={"requirements": ["orchestrator-test-tag"]})
        assert self.run.status == "finished"
        self.pin = desk.show(self.run).plan.image
        self.engine = docker.from_env()
        record = desk.workspace.records.read(f"images/{self.pin.lock.hex}")
        assert record is not None
        self.image = Image.from_bytes(record)
        self.lose()

    def lose(self) -> None:
        if self.desk.workspace.engine.find(self.pin.config, self.pin.manifest):
            self.engine.images.remove(self.pin.config, force=True)

    def forget_layers(self) -> None:
        """The store loses what was made of the wheel: its top layer."""
        self.desk.place(self.image.layers[-1].diff_id).unlink()

    def replay(self) -> str:
        return operations.replay(self.desk.workspace, self.run.id).verdict.answer


@pytest.fixture
def lost(desk: Desk, wheels: Path) -> Iterator[Lost]:
    made = Lost(desk)
    yield made
    made.lose()
    made.engine.close()


def test_it_is_loaded_again_from_the_store(lost: Lost, wheels: Path):
    shutil.rmtree(wheels)
    assert lost.replay() == "identical"
    assert any("bringing it back" in line for line in lost.desk.said)
    assert lost.desk.workspace.engine.find(lost.pin.config, lost.pin.manifest)


def test_it_is_rebuilt_to_the_same_digest(lost: Lost, wheels: Path):
    shutil.rmtree(wheels)  # the wheel itself is in the store
    lost.forget_layers()
    assert lost.replay() == "identical"
    assert lost.desk.place(lost.image.layers[-1].diff_id).is_file()


def test_the_wheel_is_fetched_again(lost: Lost):
    lost.forget_layers()
    lost.desk.place(wheel_of(lost)).unlink()
    assert lost.replay() == "identical"


def test_without_layer_and_wheel_it_is_not_replayable(lost: Lost, wheels: Path):
    lost.forget_layers()
    lost.desk.place(wheel_of(lost)).unlink()
    shutil.rmtree(wheels)
    with pytest.raises(NotReplayable, match="wheel"):
        lost.replay()
    assert lost.desk.cli("replay", lost.run.id).returncode == 3


def test_while_the_store_has_the_image_no_lock_is_needed(lost: Lost):
    lost.desk.place(lost.pin.lock).unlink()
    assert lost.replay() == "identical"


def test_without_layer_and_lock_it_is_not_replayable(lost: Lost):
    lost.forget_layers()
    lost.desk.place(lost.pin.lock).unlink()
    with pytest.raises(NotReplayable, match="lock"):
        lost.replay()


def test_a_damaged_layer_is_not_loaded(lost: Lost):
    lost.desk.damage(lost.image.layers[-1].diff_id)
    with pytest.raises(Corruption):
        lost.replay()
    assert lost.desk.workspace.engine.find(lost.pin.config, lost.pin.manifest) is None


def test_a_wheel_of_the_same_name_with_other_bytes_is_refused(lost: Lost, wheels: Path):
    lost.forget_layers()
    lost.desk.place(wheel_of(lost)).unlink()
    make_wheel(wheels, "orchestrator_test_tag", "another")
    with pytest.raises(NotReplayable):
        lost.replay()


def wheel_of(lost: Lost):
    lock = Lock.from_bytes(lost.desk.blob(lost.desk.show(lost.run).plan.image.lock))
    (pin,) = lock.wheels
    return pin.sha256
