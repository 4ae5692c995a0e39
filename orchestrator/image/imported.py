"""Images that we did not make: taken out of the engine, their layers into the store, their Python asked what it is."""

from __future__ import annotations

import json
import os.path
import secrets
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestrator.engine.once import run_once
from orchestrator.engine.port import ContainerEngine, ContainerSpec, Mount
from orchestrator.errors import EngineError
from orchestrator.lock.model import LayerPin
from orchestrator.model import Frozen
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import from_chunks

_PROBE = """\
import json, os, platform, sys
python = os.path.realpath(sys.executable)
said = {"interpreter": python, "python": platform.python_version(), "glibc": platform.libc_ver()[1]}
json.dump(said, open("/probe/said.json", "w"))
"""


class Imported(Frozen):
    """The content of a docker-archive."""

    layers: tuple[LayerPin, ...]
    env: tuple[str, ...]


class Interpreter(Frozen):
    """The Python that an image has."""

    interpreter: str
    python: str
    glibc: str


def import_archive(chunks: Iterable[bytes], blobs: BlobStore) -> Imported:
    """Store an image's layers as they are; each must hash to the diff ID that its config names.

    Raises:
        EngineError: the archive is not one, or its layers are compressed.
    """
    stored: dict[str, LayerPin] = {}
    links: dict[str, str] = {}
    with tarfile.open(fileobj=from_chunks(chunks), mode="r|") as archive:
        for item in archive:
            if item.issym():
                links[item.name] = str(Path(item.name).parent.joinpath(item.linkname))
            elif source := archive.extractfile(item):
                stored[item.name] = LayerPin(diff_id=blobs.put(source), size=item.size)
    listing = _json(stored, "manifest.json", blobs)[0]
    config = _json(stored, listing["Config"], blobs)
    layers = tuple(stored[_followed(name, links)] for name in listing["Layers"])
    if [layer.diff_id for layer in layers] != config["rootfs"]["diff_ids"]:
        raise EngineError("the engine exported other layers than the image's config names")
    return Imported(layers=layers, env=tuple(config.get("config", {}).get("Env") or ()))


def probe(image: str, engine: ContainerEngine, scratch: Path) -> Interpreter:
    """Ask the image's ``python3`` for its version, in a container with no network.

    Raises:
        EngineError: it has none.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix="probe-") as name:
        folder = Path(name)
        folder.chmod(0o777)  # the container's user is another one
        run_once(
            engine,
            ContainerSpec(
                name=f"orchestrator-probe-{secrets.token_hex(6)}",
                image=image,
                argv=("python3", "-c", _PROBE),
                env={},
                mounts=(Mount(folder, "/probe", read_only=False),),
                workdir="/",
                user="1000:1000",
                hostname="orchestrator",
                cpus=1,
                memory=1 << 30,
            ),
        )
        return Interpreter.model_validate_json((folder / "said.json").read_bytes())


def _json(stored: dict[str, LayerPin], name: str, blobs: BlobStore) -> Any:
    if name not in stored:
        raise EngineError(f"the engine's archive has no {name}")
    with blobs.get(stored[name].diff_id) as stream:
        return json.loads(stream.read())


def _followed(name: str, links: dict[str, str]) -> str:
    return _followed(os.path.normpath(links[name]), links) if name in links else name
