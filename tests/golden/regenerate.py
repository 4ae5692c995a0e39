"""The digests that must not move: ``python -m tests.golden.regenerate`` writes golden.json anew.

A change of one of them is a change of a format: locks, images and plans that exist would get other names.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import sys
import zipfile
from pathlib import Path

from orchestrator.determinism.controls import Controls
from orchestrator.digest import Digest
from orchestrator.image import oci
from orchestrator.image.layers import environment_layer, wheels_layer
from orchestrator.image.wheel import PREFIX
from orchestrator.lock.create import plan_layers
from orchestrator.lock.model import BasePin, LayerPin, Lock, WheelPin
from orchestrator.metrics import Series, encode
from orchestrator.plan import DataPin, ImagePin, Plan
from orchestrator.runspec.model import Resources, VerifySpec
from orchestrator.store.memory import MemoryBlobs, MemoryRecords
from orchestrator.store.tree import FileEntry, FolderEntry, LinkEntry, Tree

FILE = Path(__file__).with_name("golden.json")

PYTHON = "/usr/bin/python3.11"
ROOTFS = b"a base image's root file system"
INFO = "golden-1.0.dist-info"
FILES = {
    "golden/__init__.py": b"def main() -> int:\n    return 0\n",
    "golden/" + "long" * 30 + "/données.txt": "é\n".encode(),
    "golden-1.0.data/scripts/tool": b"#!python\nprint('tool')\n",
    "golden-1.0.data/data/share/golden/table": bytes(range(256)) * 5,
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: golden\nVersion: 1.0\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: golden\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": b"[console_scripts]\ngolden = golden:main\n",
}


def golden() -> dict[str, str]:
    """Every digest by what it is of."""
    return {
        **_image(),
        "tree": _tree().digest,
        "metrics": _metrics(),
        "plan": _plan().digest,
        "plan with controls": _controlled(_plan()).digest,
    }


def wheel() -> bytes:
    """Stored, not deflated: another zlib compresses otherwise."""
    record = "".join(f"{name},sha256={_urlsafe(data)},{len(data)}\n" for name, data in FILES.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in {**FILES, f"{INFO}/RECORD": f"{record}{INFO}/RECORD,,\n".encode()}.items():
            item = zipfile.ZipInfo(name)
            item.create_system = 3
            item.external_attr = 0o100644 << 16
            archive.writestr(item, data)
    return out.getvalue()


def _image() -> dict[str, str]:
    blobs, records = MemoryBlobs(), MemoryRecords()
    base = LayerPin(diff_id=blobs.put(io.BytesIO(ROOTFS)), size=len(ROOTFS))
    data = wheel()
    pin = WheelPin(
        name="golden",
        version="1.0",
        file="golden-1.0-py3-none-any.whl",
        sha256=blobs.put(io.BytesIO(data)),
        size=len(data),
    )
    lock = Lock(
        builder="golden",
        python="3.11",
        requirements=("golden",),
        base=BasePin(
            kind="debian", name="b", origin=None, layers=(base,), interpreter=PYTHON, python="3.11.2", glibc="2.36"
        ),
        wheels=(pin,),
        layers=plan_layers((pin,)),
    )
    venv = environment_layer(PYTHON, "3.11.2", see_system=False, blobs=blobs, records=records)
    wheels = wheels_layer([pin], "3.11.2", {}, blobs, records)
    image = oci.assemble((base, venv, wheels), oci.environment(lock, PREFIX), f"/{PREFIX}/bin/python", blobs)
    return {
        "wheel": pin.sha256,
        "lock": lock.digest,
        "environment layer": venv.diff_id,
        "wheels layer": wheels.diff_id,
        "config": image.config,
        "manifest": image.manifest,
    }


def _tree() -> Tree:
    return Tree.of(
        [
            FileEntry(path="a/é", digest=Digest.of(b"1"), size=1),
            FileEntry(path="a-b", digest=Digest.of(b"22"), size=2, executable=True),
            LinkEntry(path="link", target="../line\nbreak"),
            FolderEntry(path="empty"),
        ]
    )


def _metrics() -> Digest:
    points = [(3, 1e308), (-1, -0.0), (3, math.nan), (0, math.inf), (2**63 - 1, 5e-324)]
    return Digest.of(encode({"loss": Series.of(points), "größe": Series.of([]), "a": Series.of([(0, 0.1)])}))


def _plan() -> Plan:
    pins = {name: Digest.of(name.encode()) for name in ("manifest", "config", "lock", "code", "agent", "data")}
    return Plan(
        image=ImagePin(manifest=pins["manifest"], config=pins["config"], lock=pins["lock"]),
        code=pins["code"],
        data={"digits": DataPin(kind="file", digest=pins["data"], mount="/data/digits/digits.csv")},
        agent=pins["agent"],
        interpreter="/opt/env/bin/python",
        command=("python", "train.py", "--lr", "0.001"),
        params={"lr": 1e-3, "epochs": 3, "name": "é", "flag": True},
        env={"TZ": "UTC"},
        secrets={"TOKEN": "env:TOKEN"},
        seed=7,
        determinism="strict",
        resources=Resources(cpus=2, memory=1 << 30),
        network="none",
        exclude=("*.tmp",),
        verify=VerifySpec(),
    )


def _controlled(plan: Plan) -> Plan:
    controls = Controls.of("strict").without("clock")
    return plan.model_copy(update={"controls": controls, "interposer": Digest.of(b"interposer")})


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def as_text() -> str:
    """golden.json's text."""
    return json.dumps(golden(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--show"]:
        sys.stdout.write(as_text())
    else:
        FILE.write_text(as_text())
