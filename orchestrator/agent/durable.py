"""Writing a small file so that it is there whole or not at all, whatever dies next."""

from __future__ import annotations

import json
import os


def write_json(folder: str, name: str, value: object, flush: bool = True) -> None:
    """Write aside, fsync, rename, fsync the folder. Without ``flush`` it survives a killed process, not a power cut."""
    path = os.path.join(folder, name)
    handle = os.open(path + ".part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(handle, json.dumps(value, sort_keys=True).encode())
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
