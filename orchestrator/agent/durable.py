"""Writing a small file so that it is there whole or not at all, whatever dies next."""

from __future__ import annotations

import json
import os

from .untrusted import open_to_write

RESERVED = 1 << 16
"""Bytes: more than a start or an exit record takes."""


def reserve(folder: str, name: str) -> None:
    """Have room for a small file that must be written even where the disk has become full."""
    handle = _open_aside(os.path.join(folder, name + ".part"))
    try:
        os.posix_fallocate(handle, 0, RESERVED)
    except OSError:  # full already, or a file system that cannot: then it is written as any other
        pass
    finally:
        os.close(handle)


def write_json(folder: str, name: str, value: object, flush: bool = True) -> None:
    """Write aside, fsync, rename, fsync the folder. Without ``flush`` it survives a killed process, not a power cut."""
    path = os.path.join(folder, name)
    data = json.dumps(value, sort_keys=True).encode()
    handle = _open_aside(path + ".part")
    try:
        if os.write(handle, data) < len(data):
            raise OSError("no room for " + name)
        os.ftruncate(handle, len(data))  # only now: what was reserved would be given back before it is used
        if flush:
            os.fsync(handle)
    finally:
        os.close(handle)
    os.rename(path + ".part", path)
    if not flush:
        return
    folder_handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(folder_handle)
    finally:
        os.close(folder_handle)


def _open_aside(path: str) -> int:
    """What is no file, the job has put there: it makes way."""
    try:
        return open_to_write(path)
    except OSError:
        os.unlink(path)
        return open_to_write(path)
