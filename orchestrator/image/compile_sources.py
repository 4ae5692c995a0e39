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
    from typing import Any, TypeAlias

    Source: TypeAlias = tuple[int, str]  # the number of a wheel, and a source's installed path

UNCHECKED_HASH = (1).to_bytes(4, "little")


def compile_one(source: bytes, path: str) -> bytes | None:
    """The .pyc of a source, or None where it does not compile (templates, Python 2)."""
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source) + marshal.dumps(code, 2)


def share_out(jobs: list[dict[str, Any]], workers: int) -> list[list[Source]]:
    """The sources of all wheels, dealt so that every worker has about as many bytes: one wheel may hold half of all."""
    sources = []
    for number, job in enumerate(jobs):
        with zipfile.ZipFile(job["wheel"]) as wheel:
            sources += [
                (wheel.getinfo(member).file_size, number, installed) for installed, member in job["sources"].items()
            ]
    shares: list[list[Source]] = [[] for _ in range(workers)]
    loads = [0] * workers
    for size, number, installed in sorted(sources, reverse=True):
        lightest = loads.index(min(loads))
        shares[lightest].append((number, installed))
        loads[lightest] += size
    return shares


def compile_share(jobs: list[dict[str, Any]], share: list[Source], part: str) -> None:
    """Compile one worker's sources into the file ``part``: a zip of ``number/installed path``."""
    wheels = {number: zipfile.ZipFile(jobs[number]["wheel"]) for number in {number for number, _ in share}}
    with zipfile.ZipFile(part, "w") as output:
        for number, installed in sorted(share):
            source = wheels[number].read(jobs[number]["sources"][installed])
            compiled = compile_one(source, "/" + installed)
            if compiled is not None:
                output.writestr(f"{number}/{installed}", compiled)


def gather(jobs: list[dict[str, Any]], parts: list[str]) -> None:
    """Write each wheel's output from all workers' parts, by name."""
    opened = [zipfile.ZipFile(part) for part in parts]
    found = {name: part for part in opened for name in part.namelist()}
    for number, job in enumerate(jobs):
        with zipfile.ZipFile(job["output"], "w") as output:
            for installed in sorted(job["sources"]):
                name = f"{number}/{installed}"
                if name in found:
                    output.writestr(zipfile.ZipInfo(installed), found[name].read(name))  # dated 1980, not today


def main() -> None:
    """Compile on all CPUs that there are."""
    import warnings

    warnings.simplefilter("ignore")
    with open(sys.argv[1]) as stream:
        jobs = json.load(stream)
    children, parts = [], []
    for worker, share in enumerate(share_out(jobs, len(os.sched_getaffinity(0)))):
        parts.append(f"{sys.argv[1]}.{worker}")
        child = os.fork()
        if child == 0:
            compile_share(jobs, share, parts[-1])
            os._exit(0)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
    if failed:
        sys.exit(1)
    gather(jobs, parts)


if __name__ == "__main__":
    main()
