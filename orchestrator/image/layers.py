"""Wheels as layers: streamed from zip to tar, hashed on the way, kept by what they were made from."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from pydantic import ValidationError

from orchestrator.determinism import EPOCH
from orchestrator.digest import Digest
from orchestrator.errors import LockError
from orchestrator.image import tar
from orchestrator.image.bytecode import Bytecode
from orchestrator.image.tar import Entry
from orchestrator.image.wheel import PREFIX, Layout, Wheel
from orchestrator.lock.model import BUILDER, LayerPin, WheelPin
from orchestrator.store.port import BlobStore, RecordStore
from orchestrator.store.streams import from_chunks, seekable


def environment_layer(
    interpreter: str, python: str, *, see_system: bool, blobs: BlobStore, records: RecordStore
) -> LayerPin:
    """An empty virtual environment over the base's interpreter (full version ``python``)."""
    layout = Layout.of(python)
    config = (
        f"home = {interpreter.rsplit('/', 1)[0]}\n"
        f"include-system-site-packages = {str(see_system).lower()}\nversion = {python}\n"
    )
    entries = {
        f"{layout.scripts}/python": Entry(link=interpreter),
        f"{layout.scripts}/python3": Entry(link="python"),
        f"{layout.scripts}/python{layout.python}": Entry(link="python"),
        f"{PREFIX}/lib64": Entry(link="lib"),
        f"{PREFIX}/pyvenv.cfg": Entry(data=config.encode()),
        layout.site: tar.FOLDER,
    }
    return _cached([BUILDER, "venv", interpreter, python, see_system], lambda: entries, blobs, records)


def wheels_layer(
    pins: Sequence[WheelPin], python: str, bytecode: Bytecode, blobs: BlobStore, records: RecordStore
) -> LayerPin:
    """One layer of one or more wheels, their bytecode included.

    Raises:
        LockError: a wheel is malformed, or two put different bytes at one path.
    """
    layout = Layout.of(python)
    made_from = [BUILDER, PREFIX, python, sorted((pin.sha256, bytecode.get(pin.sha256)) for pin in pins)]
    with contextlib.ExitStack() as files:
        return _cached(made_from, lambda: _entries(pins, layout, bytecode, blobs, files), blobs, records)


def check_together(pins: Sequence[WheelPin], python: str, blobs: BlobStore) -> None:
    """Whether all wheels of a lock can be laid down in one environment, whichever layers they stand in.

    Raises:
        LockError: a wheel is malformed, or two put different bytes at one path.
    """
    with contextlib.ExitStack() as files:
        _entries(pins, Layout.of(python), {}, blobs, files)


def _entries(
    pins: Sequence[WheelPin], layout: Layout, bytecode: Bytecode, blobs: BlobStore, files: contextlib.ExitStack
) -> dict[str, Entry]:
    merged: dict[str, Entry] = {}
    for pin in sorted(pins, key=lambda pin: pin.file):
        archive = files.enter_context(_zip(files.enter_context(seekable(blobs, pin.sha256)), pin))
        _merge(merged, Wheel(archive, layout).entries(_compiled(bytecode.get(pin.sha256), blobs)), pin)
    _no_file_is_a_folder(merged)
    return merged


def _cached(
    made_from: object, entries: Callable[[], dict[str, Entry]], blobs: BlobStore, records: RecordStore
) -> LayerPin:
    key = f"layers/{Digest.of_json(made_from).hex}"
    known = _known(records.read(key))
    if known and blobs.has(known.diff_id):
        return known
    counted = _Counted(tar.stream(entries(), EPOCH))
    layer = LayerPin(diff_id=blobs.put(from_chunks(counted)), size=counted.total)
    records.create(key, layer.model_dump_json().encode())
    return layer


def _known(record: bytes | None) -> LayerPin | None:
    """A cache's record; a damaged one counts as none."""
    try:
        return LayerPin.model_validate_json(record) if record else None
    except ValidationError:
        return None


class _Counted:
    """Chunks passing by, and how many bytes they came to."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.total = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.total += len(chunk)
            yield chunk


def _zip(stream: IO[bytes], pin: WheelPin) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise LockError(f"{pin.file} is no wheel: {error}") from error


def _merge(merged: dict[str, Entry], new: Mapping[str, Entry], pin: WheelPin) -> None:
    for path, entry in new.items():
        if path in merged and tar.content(merged[path]) != tar.content(entry):
            raise LockError(f"{pin.file} and another wheel put different files at /{path}")
        merged[path] = entry


def _no_file_is_a_folder(entries: Mapping[str, Entry]) -> None:
    for path in entries:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in entries:
                raise LockError(f"/{parent} would be a file and a folder: /{path} lies in it")
            parent = parent.rpartition("/")[0]


def _compiled(digest: Digest | None, blobs: BlobStore) -> dict[str, bytes]:
    if digest is None:
        return {}
    with seekable(blobs, digest) as stream, zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
