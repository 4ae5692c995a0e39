"""Small wheels for tests, made byte by byte: what an installer has to cope with."""

from __future__ import annotations

import base64
import hashlib
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.lock.model import WheelPin

Content = bytes | tuple[bytes, int]
"""A member's bytes, or bytes and Unix mode."""


def make_wheel(
    folder: Path,
    name: str = "tiny",
    version: str = "1.0",
    files: Mapping[str, Content] | None = None,
    *,
    tag: str = "py3-none-any",
    requires: Iterable[str] = (),
    extra: Iterable[tuple[str, Content]] = (),
    record: bytes | bool | None = True,
) -> Path:
    """Write a wheel. ``extra`` members come as they are, even twice; ``record``: made, left out, or these bytes."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members: dict[str, Content] = {
        **(files if files is not None else {f"{name}.py": b"x = 1\n"}),
        f"{info}/METADATA": (metadata + "".join(f"Requires-Dist: {line}\n" for line in requires)).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    if record is True:
        record = (
            "".join(_row(path, content) for path, content in members.items()).encode() + f"{info}/RECORD,,\n".encode()
        )
    everything = [*members.items(), *extra]
    if isinstance(record, bytes):
        everything.append((f"{info}/RECORD", record))
    path = folder / f"{name}-{version}-{tag}.whl"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # a name twice
        for member, content in everything:
            data, mode = content if isinstance(content, tuple) else (content, 0o100644)
            item = zipfile.ZipInfo(member)
            item.external_attr = mode << 16
            archive.writestr(item, data)
    return path


def pin(wheel: Path) -> WheelPin:
    """What pins a wheel."""
    name, version = wheel.name.split("-")[:2]
    data = wheel.read_bytes()
    return WheelPin(name=name, version=version, file=wheel.name, sha256=Digest.of(data), size=len(data))


def _row(path: str, content: Content) -> str:
    data = content[0] if isinstance(content, tuple) else content
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f'"{path}",sha256={digest},{len(data)}\n'
