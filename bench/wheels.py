"""A wheel under another version: what changes when one small package is updated."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from typing import IO


def reversion(wheel: IO[bytes], name: str, old: str, new: str) -> bytes:
    """The same package, its version number replaced in METADATA, in RECORD and in the name of its folder."""
    before, after = f"{name}-{old}.dist-info/", f"{name}-{new}.dist-info/"
    target = io.BytesIO()
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        metadata = re.sub(rb"(?m)^Version: .*$", f"Version: {new}".encode(), source.read(f"{before}METADATA"), count=1)
        replaced = {
            f"{before}METADATA": metadata,
            f"{before}RECORD": _record(source.read(f"{before}RECORD"), before, after, metadata),
        }
        for member in source.infolist():
            data = replaced.get(member.filename) or source.read(member)
            written.writestr(zipfile.ZipInfo(member.filename.replace(before, after)), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _record(record: bytes, before: str, after: str, metadata: bytes) -> bytes:
    digest = base64.urlsafe_b64encode(hashlib.sha256(metadata).digest()).rstrip(b"=").decode()
    rows = []
    for path, *rest in csv.reader(io.StringIO(record.decode())):
        row = [f"sha256={digest}", str(len(metadata))] if path == f"{before}METADATA" else rest
        rows.append([path.replace(before, after), *row])
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
