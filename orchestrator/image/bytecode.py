"""The .pyc files of wheels, made by the image's own interpreter: without them imports take twice as long."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.engine.once import run_once
from orchestrator.engine.port import ContainerEngine, ContainerSpec, Mount
from orchestrator.image import compile_sources
from orchestrator.image.wheel import Layout, Wheel
from orchestrator.lock.model import BasePin, WheelPin
from orchestrator.store import checkout
from orchestrator.store.port import BlobStore, FileBacked, RecordStore
from orchestrator.store.streams import chunks

FORMAT = "bytecode-1"
_MEMORY = 4 << 30

Bytecode = Mapping[Digest, Digest]
"""A wheel's digest -> the digest of a zip: installed path -> .pyc."""


def compile_wheels(
    wheels: Sequence[WheelPin],
    base: BasePin,
    image: Callable[[], str],
    engine: ContainerEngine,
    blobs: BlobStore,
    records: RecordStore,
    scratch: Path,
) -> Bytecode:
    """Compile what was not compiled before for this base, in one container of ``image`` (asked for only then)."""
    keys = {pin.sha256: record_key(pin, base) for pin in wheels}
    known = {wheel: _known(records.read(key), blobs) for wheel, key in keys.items()}
    missing = [pin for pin in wheels if known[pin.sha256] is None]
    if missing:
        for wheel, compiled in _compile(missing, base, image(), engine, blobs, scratch).items():
            records.create(keys[wheel], str(compiled).encode())
            known[wheel] = compiled
    return {wheel: compiled for wheel, compiled in known.items() if compiled}


def record_key(pin: WheelPin, base: BasePin) -> str:
    """Where the bytecode of a wheel for a base stands among the records."""
    made_from = [FORMAT, pin.sha256, base.interpreter, base.python, [layer.diff_id for layer in base.layers]]
    return f"bytecode/{Digest.of_json(made_from).hex}"


def _known(record: bytes | None, blobs: BlobStore) -> Digest | None:
    digest = Digest(record.decode()) if record else None
    return digest if digest and blobs.has(digest) else None


def _compile(
    pins: Sequence[WheelPin],
    base: BasePin,
    image: str,
    engine: ContainerEngine,
    blobs: BlobStore,
    scratch: Path,
) -> dict[Digest, Digest]:
    with tempfile.TemporaryDirectory(dir=scratch, prefix="bytecode-") as name:
        folder = Path(name)
        work = folder / "work"
        work.mkdir()
        work.chmod(0o777)  # the container's user is another one
        _lay_out(pins, Layout.of(base.python), blobs, work)
        run_once(engine, _container(work, base, image))
        return {pin.sha256: _store(work / f"{pin.sha256.hex}.zip", blobs) for pin in pins}


def _lay_out(pins: Sequence[WheelPin], layout: Layout, blobs: BlobStore, work: Path) -> None:
    request = []
    for pin in pins:
        wheel = work / f"{pin.sha256.hex}.whl"
        if isinstance(blobs, FileBacked):
            checkout.file_to_read(pin.sha256, wheel, blobs)
        else:
            wheel.write_bytes(b"".join(chunks(blobs.get(pin.sha256))))
        with zipfile.ZipFile(wheel) as archive:
            sources = Wheel(archive, layout).sources()
        request.append({"wheel": f"/work/{wheel.name}", "output": f"/work/{pin.sha256.hex}.zip", "sources": sources})
    (work / "request.json").write_text(json.dumps(request))
    shutil.copyfile(compile_sources.__file__, work / "compile_sources.py")


def _container(work: Path, base: BasePin, image: str) -> ContainerSpec:
    return ContainerSpec(
        name=f"orchestrator-bytecode-{secrets.token_hex(6)}",
        image=image,
        # Not -I: it would leave the hash seed to chance, and with it the order of frozen sets before Python 3.11.
        argv=(base.interpreter, "-s", "-S", "-B", "/work/compile_sources.py", "/work/request.json"),
        env={"PYTHONHASHSEED": "0", "PYTHONPATH": "", "PYTHONHOME": "", "LC_ALL": "C.UTF-8"},
        mounts=(Mount(work, "/work", read_only=False),),
        workdir="/work",
        user="1000:1000",
        hostname="orchestrator",
        cpus=len(os.sched_getaffinity(0)),
        memory=_MEMORY,
    )


def _store(file: Path, blobs: BlobStore) -> Digest:
    with file.open("rb") as stream:
        return blobs.put(stream)
