"""Runs inside the base image, with its own interpreter: compiles the Python sources of wheels.

``compile_sources.py REQUEST``: REQUEST is JSON, ``[{"wheel": path, "output": path, "sources": {installed path:
member}}]``. Each output is a zip of installed path -> .pyc, with unchecked hashes and marshal version 2, which does
not depend on reference counts as later versions do. Standard library only.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import sys
import zipfile

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

UNCHECKED_HASH = (1).to_bytes(4, "little")


def compile_one(source: bytes, path: str) -> bytes | None:
    """The .pyc of a source, or None where it does not compile (templates, Python 2)."""
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source) + marshal.dumps(code, 2)


def compile_wheel(job: dict[str, Any]) -> None:
    """Write one output."""
    with zipfile.ZipFile(job["wheel"]) as wheel, zipfile.ZipFile(job["output"], "w") as output:
        for installed, member in sorted(job["sources"].items()):
            compiled = compile_one(wheel.read(member), "/" + installed)
            if compiled is not None:
                output.writestr(zipfile.ZipInfo(installed), compiled)  # dated 1980, not today


def main() -> None:
    """Share the wheels out over the CPUs, the biggest first."""
    import warnings

    warnings.simplefilter("ignore")
    with open(sys.argv[1]) as stream:
        jobs = sorted(json.load(stream), key=lambda job: -os.path.getsize(job["wheel"]))
    workers = len(os.sched_getaffinity(0))
    children = []
    for worker in range(workers):
        child = os.fork()
        if child == 0:
            for job in jobs[worker::workers]:
                compile_wheel(job)
            os._exit(0)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
