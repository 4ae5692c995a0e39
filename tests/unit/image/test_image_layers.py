"""Layers: what is in them, what they are kept by, and what cannot be laid down together."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import IO

import pytest
from wheels import make_wheel, pin

from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.image.layers import environment_layer, wheels_layer
from orchestrator.lock.model import LayerPin, WheelPin
from orchestrator.store.memory import MemoryBlobs, MemoryRecords

SITE = "opt/env/lib/python3.11/site-packages"


class Counting(MemoryBlobs):
    """Counts what is written, and can lose a blob."""

    def __init__(self) -> None:
        super().__init__()
        self.puts = 0

    def put(self, stream: IO[bytes]) -> Digest:
        self.puts += 1
        return super().put(stream)

    def lose(self, digest: Digest) -> None:
        del self._blobs[digest]


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = Counting()
        self.records = MemoryRecords()

    def wheel(self, name: str, **how) -> WheelPin:
        made = make_wheel(self.folder, name, **how)
        self.blobs.put(io.BytesIO(made.read_bytes()))
        return pin(made)

    def bytecode(self, compiled: dict[str, bytes]) -> Digest:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in compiled.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        return self.blobs.put(io.BytesIO(out.getvalue()))

    def layer(self, *pins: WheelPin, python: str = "3.11.2", bytecode: dict | None = None) -> LayerPin:
        return wheels_layer(pins, python, bytecode or {}, self.blobs, self.records)

    def read(self, layer: LayerPin) -> dict[str, tarfile.TarInfo]:
        data = self.blobs.get(layer.diff_id).read()
        assert len(data) == layer.size
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            return {item.name: item for item in archive}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


class TestEnvironment:
    def make(self, bench, **change) -> LayerPin:
        how = {"interpreter": "/usr/bin/python3.11", "python": "3.11.2", "see_system": False, **change}
        return environment_layer(**how, blobs=bench.blobs, records=bench.records)

    def test_it_is_a_virtual_environment(self, bench):
        layer = self.make(bench)
        found = bench.read(layer)
        links = {name.removeprefix("opt/env/"): item.linkname for name, item in found.items() if item.issym()}
        assert links == {
            "bin/python": "/usr/bin/python3.11", "bin/python3": "python", "bin/python3.11": "python", "lib64": "lib",
        }  # fmt: skip
        assert found[SITE].isdir()
        with tarfile.open(fileobj=bench.blobs.get(layer.diff_id)) as archive:
            config = archive.extractfile("opt/env/pyvenv.cfg").read().decode()
        assert config == "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n"

    @pytest.mark.parametrize(
        "change", [{"python": "3.11.3"}, {"interpreter": "/usr/local/bin/python3"}, {"see_system": True}]
    )
    def test_another_interpreter_is_another_environment(self, bench, change):
        assert self.make(bench) == self.make(bench) != self.make(bench, **change)


class TestContent:
    def test_the_files_of_all_wheels(self, bench):
        layer = bench.layer(bench.wheel("alpha"), bench.wheel("beta"))
        found = bench.read(layer)
        assert {f"{SITE}/alpha.py", f"{SITE}/beta.py", "opt", f"{SITE}/alpha-1.0.dist-info"} <= found.keys()
        assert {item.mtime for item in found.values()} == {EPOCH}
        assert list(found) == sorted(found)

    def test_the_order_of_wheels_does_not_matter(self, bench, tmp_path):
        (tmp_path / "again").mkdir()
        one, other = bench, Bench(tmp_path / "again")
        names = ("alpha", "beta", "gamma")
        forward = one.layer(*[one.wheel(name) for name in names])
        backward = other.layer(*[other.wheel(name) for name in names[::-1]])
        assert forward == backward

    def test_bytecode_lies_beside_its_source(self, bench):
        alpha, beta = bench.wheel("alpha"), bench.wheel("beta")
        compiled = {alpha.sha256: bench.bytecode({f"{SITE}/alpha.py": b"pyc"})}
        found = bench.read(bench.layer(alpha, beta, bytecode=compiled))
        assert {name for name in found if name.endswith(".pyc")} == {f"{SITE}/__pycache__/alpha.cpython-311.pyc"}

    def test_namespace_packages_overlay(self, bench):
        one = bench.wheel("alpha", files={"ns/alpha.py": b"a", "ns/__init__.py": b"same"})
        two = bench.wheel("beta", files={"ns/beta.py": b"b", "ns/__init__.py": b"same"})
        found = bench.read(bench.layer(one, two))
        assert {f"{SITE}/ns/{name}.py" for name in ("alpha", "beta", "__init__")} <= found.keys()

    def test_one_path_with_two_contents_is_refused(self, bench):
        one = bench.wheel("alpha", files={"ns/__init__.py": b"one"})
        two = bench.wheel("beta", files={"ns/__init__.py": b"two"})
        with pytest.raises(LockError, match=r"different files at /.*/ns/__init__\.py"):
            bench.layer(one, two)

    def test_a_file_that_is_a_folder_elsewhere_is_refused(self, bench):
        one = bench.wheel("alpha", files={"ns": b"a file"})
        two = bench.wheel("beta", files={"ns/__init__.py": b""})
        with pytest.raises(LockError, match="a file and a folder"):
            bench.layer(one, two)

    def test_what_is_no_zip_is_refused(self, bench):
        digest = bench.blobs.put(io.BytesIO(b"no zip"))
        broken = WheelPin(name="x", version="1", file="x-1-py3-none-any.whl", sha256=digest)
        with pytest.raises(LockError, match="is no wheel"):
            bench.layer(broken)


class TestCache:
    def test_the_second_time_nothing_is_written(self, bench):
        alpha, beta = bench.wheel("alpha"), bench.wheel("beta")
        layer = bench.layer(alpha, beta)
        before = bench.blobs.puts
        for wheel in (alpha, beta):
            bench.blobs.lose(wheel.sha256)
        assert bench.layer(beta, alpha) == layer
        assert bench.blobs.puts == before

    def test_a_layer_that_the_store_has_lost_is_made_again(self, bench):
        alpha = bench.wheel("alpha")
        layer = bench.layer(alpha)
        bench.blobs.lose(layer.diff_id)
        assert bench.layer(alpha) == layer
        assert bench.blobs.has(layer.diff_id)

    def test_whatever_makes_a_layer_makes_its_key(self, bench):
        alpha, beta = bench.wheel("alpha"), bench.wheel("beta")
        compiled = {alpha.sha256: bench.bytecode({f"{SITE}/alpha.py": b"pyc"})}
        recompiled = {alpha.sha256: bench.bytecode({f"{SITE}/alpha.py": b"other"})}
        layers = [
            bench.layer(alpha),
            bench.layer(beta),
            bench.layer(alpha, beta),
            bench.layer(alpha, python="3.12.1"),
            bench.layer(alpha, bytecode=compiled),
            bench.layer(alpha, bytecode=recompiled),
        ]
        assert len({layer.diff_id for layer in layers}) == len(layers) == len(list(bench.records.list("layers/")))

    def test_a_wheel_that_fails_leaves_no_record(self, bench):
        bad = bench.wheel("alpha", record=None)
        with pytest.raises(LockError):
            bench.layer(bad)
        assert list(bench.records.list("")) == []
