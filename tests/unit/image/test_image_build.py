"""From a lock to an image in an engine. The engine is in memory; it takes archives apart as a real one does."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from documents import make_base
from wheels import make_wheel, pin

from orchestrator.digest import Digest, canonical
from orchestrator.engine.fake import FakeEngine
from orchestrator.engine.port import ContainerSpec
from orchestrator.errors import Corruption, EngineError, LockError
from orchestrator.image import oci
from orchestrator.image.archive import archive
from orchestrator.image.build import Builder, build
from orchestrator.image.load import load
from orchestrator.image.oci import Image, assemble, environment
from orchestrator.lock.create import plan_layers
from orchestrator.lock.model import BUILDER, LayerPin, Lock
from orchestrator.store.local import LocalBlobs
from orchestrator.store.memory import MemoryBlobs, MemoryRecords
from orchestrator.store.streams import put_bytes
from orchestrator.store.verified import Verified

TAG = "orchestrator:test"
SITE = "opt/env/lib/python3.11/site-packages"


def layer(blobs, data: bytes) -> LayerPin:
    return LayerPin(diff_id=put_bytes(blobs, data), size=len(data))


def make_image(blobs, *contents: bytes) -> Image:
    return assemble(tuple(layer(blobs, data) for data in contents), {"A": "b"}, "/usr/bin/python3", blobs)


def unpacked(chunks: Iterable[bytes]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as items:
        for item in items:
            assert item.name not in found
            file = items.extractfile(item)
            assert file is not None
            found[item.name] = file.read()
    return found


def compile_here(spec: ContainerSpec) -> int:
    """What the container does, with this interpreter, in the mounted folder."""
    work = str(spec.mounts[0].source)
    request = Path(work, "request.json")
    request.write_text(request.read_text().replace('"/work/', f'"{work}/'))
    return subprocess.run(
        [sys.executable, *spec.argv[1:4], *(word.replace("/work", work) for word in spec.argv[4:])]
    ).returncode


class Loading(FakeEngine):
    """Takes an archive as Docker does: each layer is in it, or in an image that it has; everything must hash."""

    def __init__(self, *, partial: bool = True) -> None:
        super().__init__(compile_here)
        self.chains: dict[str, list[str]] = {}
        self.loads: list[int] = []
        self.failures = 0
        self._partial = partial

    def load(self, archive: Iterable[bytes]) -> None:
        found = unpacked(archive)
        (listing,) = json.loads(found["manifest.json"])
        config = found[listing["Config"]]
        brought = [name for name in listing["Layers"] if name in found]
        diff_ids = json.loads(config)["rootfs"]["diff_ids"]
        left_out = diff_ids[: len(diff_ids) - len(brought)]
        if left_out and not (
            self._partial and any(chain[: len(left_out)] == left_out for chain in self.chains.values())
        ):
            self.failures += 1
            raise EngineError("a layer is missing")
        assert [str(Digest.of(found[name])) for name in brought] == diff_ids[len(left_out) :]
        self.loads.append(len(brought))
        self.images.add(Digest.of(config))
        self.chains[Digest.of(config)] = diff_ids

    def layer_chains(self) -> Iterator[tuple[str, ...]]:
        return iter([tuple(chain) for chain in self.chains.values()])


class TestArchive:
    def test_whole(self):
        blobs = MemoryBlobs()
        image = make_image(blobs, b"one", b"two")
        found = unpacked(archive(image, TAG, blobs))
        for name, data in found.items():
            if name.startswith("blobs/sha256/"):
                assert Digest.of(data).hex == name.removeprefix("blobs/sha256/")
        places = [f"blobs/sha256/{layer.diff_id.hex}" for layer in image.layers]
        config = f"blobs/sha256/{image.config.hex}"
        assert json.loads(found["manifest.json"]) == [{"Config": config, "RepoTags": [TAG], "Layers": places}]
        assert json.loads(found["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
        (entry,) = json.loads(found["index.json"])["manifests"]
        manifest = found[f"blobs/sha256/{image.manifest.hex}"]
        assert (entry["digest"], entry["size"]) == (image.manifest, len(manifest))
        assert json.loads(manifest)["config"] == {
            "mediaType": oci.CONFIG_TYPE, "digest": image.config, "size": len(found[config]),
        }  # fmt: skip
        assert len(found) == 7

    @pytest.mark.parametrize("omit", [1, 2])
    def test_leading_layers_left_out(self, omit):
        blobs = MemoryBlobs()
        image = make_image(blobs, b"one", b"two")
        found = unpacked(archive(image, TAG, blobs, omit=omit))
        brought = {f"blobs/sha256/{layer.diff_id.hex}" for layer in image.layers[omit:]}
        assert found.keys() == {f"blobs/sha256/{image.config.hex}", "manifest.json", *brought}
        assert len(json.loads(found["manifest.json"])[0]["Layers"]) == 2

    def test_a_layer_that_comes_twice_is_there_once(self):
        blobs = MemoryBlobs()
        image = make_image(blobs, b"one", b"two", b"one")
        found = unpacked(archive(image, TAG, blobs))
        assert len(json.loads(found["manifest.json"])[0]["Layers"]) == 3
        assert [name for name, data in found.items() if data == b"one"] == [f"blobs/sha256/{Digest.of(b'one').hex}"]

    def test_a_damaged_layer_never_leaves_whole(self, tmp_path):
        blobs = Verified(LocalBlobs(tmp_path))
        image = make_image(blobs, b"one", b"two")
        file = blobs.path(Digest.of(b"two"))
        file.chmod(0o600)
        file.write_bytes(b"owt")
        with pytest.raises(Corruption):
            b"".join(archive(image, TAG, blobs))

    def test_it_is_the_same_every_time(self):
        blobs = MemoryBlobs()
        image = make_image(blobs, b"one")
        assert b"".join(archive(image, TAG, blobs)) == b"".join(archive(image, TAG, blobs))


class TestConfig:
    def test_it_is_canonical_and_complete(self):
        blobs = MemoryBlobs()
        image = make_image(blobs, b"one")
        data = blobs.get(image.config).read()
        config = json.loads(data)
        assert data == canonical(config)
        assert config["rootfs"] == {"type": "layers", "diff_ids": [Digest.of(b"one")]}
        assert config["config"] == {"Env": ["A=b"], "Cmd": ["/usr/bin/python3"]}
        assert (config["created"], len(config["history"])) == ("1980-01-01T00:00:00Z", 1)

    def test_environment(self):
        assert environment(make_lock(), None) == {"LANG": "C.UTF-8", "PATH": oci._PATH}
        found = environment(make_lock(env=("PATH=/x", "LANG=de", "A=b=c", "broken")), "opt/env")
        assert found == {"PATH": "/opt/env/bin:/x", "LANG": "de", "A": "b=c", "VIRTUAL_ENV": "/opt/env"}


class TestLoad:
    def test_an_image_that_is_there_is_not_loaded(self):
        blobs, engine = MemoryBlobs(), Loading()
        image = make_image(blobs, b"one")
        assert load(image, engine, blobs) == load(image, engine, blobs) == image.config
        assert engine.loads == [1]

    def test_only_what_the_engine_lacks_is_sent(self):
        blobs, engine = MemoryBlobs(), Loading()
        load(make_image(blobs, b"one", b"two", b"three"), engine, blobs)
        load(make_image(blobs, b"one", b"two", b"4"), engine, blobs)
        load(make_image(blobs, b"two", b"one"), engine, blobs)
        load(make_image(blobs, b"one", b"two"), engine, blobs)
        assert (engine.loads, engine.failures) == ([3, 1, 2, 0], 0)

    def test_an_engine_that_takes_whole_archives_only(self):
        blobs, engine = MemoryBlobs(), Loading(partial=False)
        for last in (b"two", b"three"):
            load(make_image(blobs, b"one", last), engine, blobs)
        assert (engine.loads, engine.failures) == ([2, 2], 1)

    def test_an_engine_that_has_something_else_afterwards(self):
        blobs = MemoryBlobs()
        with pytest.raises(EngineError, match="has no image"):
            load(make_image(blobs, b"one"), FakeEngine(compile_here), blobs)


def make_lock(*wheels: Path, env: tuple[str, ...] = (), base: tuple[LayerPin, ...] = (), kind: str = "debian") -> Lock:
    pins = tuple(pin(wheel) for wheel in wheels)
    pinned = make_base(kind=kind, layers=base, env=env)
    return Lock(builder=BUILDER, python="3.11", requirements=(), base=pinned, wheels=pins, layers=plan_layers(pins))


class TestBuild:
    @pytest.fixture
    def builder(self, tmp_path):
        blobs = MemoryBlobs()
        return Builder(Loading(), blobs, MemoryRecords(), tmp_path, lambda lock: None, lambda line: None)

    def lock(self, builder: Builder, folder: Path, **how) -> Lock:
        wheels = [make_wheel(folder, name) for name in ("alpha", "beta")]
        for wheel in wheels:
            put_bytes(builder.blobs, wheel.read_bytes())
        return make_lock(*wheels, base=(layer(builder.blobs, b"rootfs"),), **how)

    def test_the_layers_of_an_image(self, builder, tmp_path):
        image = build(self.lock(builder, tmp_path), builder)
        rootfs, venv, wheels = image.layers
        assert rootfs.diff_id == Digest.of(b"rootfs")
        assert "opt/env/pyvenv.cfg" in tar_names(builder, venv)
        names = tar_names(builder, wheels)
        assert {f"{SITE}/alpha.py", f"{SITE}/__pycache__/beta.cpython-311.pyc"} <= names
        assert image.python == "/opt/env/bin/python"

    def test_the_second_time_nothing_runs(self, builder, tmp_path):
        lock = self.lock(builder, tmp_path)
        image = build(lock, builder)
        assert build(lock, builder) == image
        assert len(builder.engine.launched) == 1

    def test_the_hash_seed_reaches_the_interpreter(self, builder, tmp_path):
        """Before Python 3.11, the order of a frozen set in a .pyc hangs on it; some options would have it ignored."""
        build(self.lock(builder, tmp_path), builder)
        (spec,) = builder.engine.launched
        options = [word for word in spec.argv if word.startswith("-")]
        argv = [sys.executable, *options, "-c", "print(hash('a'))"]
        said = {subprocess.run(argv, env=dict(spec.env), capture_output=True, check=True).stdout for _ in range(2)}
        assert len(said) == 1

    def test_another_store_gives_the_same_image(self, builder, tmp_path):
        image = build(self.lock(builder, tmp_path), builder)
        fresh = Builder(Loading(), MemoryBlobs(), MemoryRecords(), tmp_path, lambda lock: None, lambda line: None)
        assert build(self.lock(fresh, tmp_path), fresh) == image

    def test_a_lost_blob_means_building_again(self, builder, tmp_path):
        lock = self.lock(builder, tmp_path)
        image = build(lock, builder)
        del builder.blobs._blobs[image.layers[-1].diff_id]
        assert build(lock, builder) == image
        assert builder.blobs.has(image.layers[-1].diff_id)

    def test_a_lock_for_another_builder(self, builder, tmp_path):
        lock = self.lock(builder, tmp_path).model_copy(update={"builder": "orchestrator-layers/0"})
        with pytest.raises(LockError, match="orchestrator-layers/0"):
            build(lock, builder)

    def test_a_foreign_image_without_wheels_stays_as_it_is(self, builder):
        base = (layer(builder.blobs, b"theirs"),)
        image = build(make_lock(base=base, kind="reference"), builder)
        assert (image.layers, image.python) == (base, "/usr/bin/python3.11")


def tar_names(builder: Builder, layer: LayerPin) -> set[str]:
    with tarfile.open(fileobj=builder.blobs.get(layer.diff_id)) as items:
        return set(items.getnames())
