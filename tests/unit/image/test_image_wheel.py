"""Wheels as the entries of a layer."""

from __future__ import annotations

import importlib.metadata
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from wheels import make_wheel

from orchestrator.errors import LockError
from orchestrator.image.tar import Entry, content, stream
from orchestrator.image.wheel import Layout, Wheel

LAYOUT = Layout("3.11")
SITE = "opt/env/lib/python3.11/site-packages"
BIN = "opt/env/bin"
INFO = "tiny-1.0.dist-info"
DATA = "tiny-1.0.data"
ENTRY_POINTS = f"{INFO}/entry_points.txt"


def entries(path: Path, bytecode: dict[str, bytes] | None = None) -> dict[str, tuple[int, bytes]]:
    with zipfile.ZipFile(path) as archive:
        found = Wheel(archive, LAYOUT).entries(bytecode or {})
        return {name: (entry.mode, content(entry)) for name, entry in found.items()}


def unpacked(path: Path, folder: Path, bytecode: dict[str, bytes] | None = None) -> Path:
    """site-packages of the layer, unpacked by Python's tarfile."""
    layer = {name: Entry(mode=mode, data=data) for name, (mode, data) in entries(path, bytecode).items()}
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream(layer, 0)))) as archive:
        archive.extractall(folder, filter="tar")
    return folder / SITE


def names(path: Path) -> set[str]:
    return set(entries(path))


def test_the_files_of_a_plain_wheel(tmp_path):
    files = {"tiny/__init__.py": b"x = 1\n", "tiny/run.sh": (b"#!/bin/sh\n", 0o100755), "tiny/secret": (b"", 0o100600)}
    found = entries(make_wheel(tmp_path, files=files))
    assert found[f"{SITE}/tiny/__init__.py"] == (0o644, b"x = 1\n")
    assert found[f"{SITE}/tiny/run.sh"] == (0o755, b"#!/bin/sh\n")
    assert found[f"{SITE}/tiny/secret"] == (0o644, b"")
    assert found[f"{SITE}/{INFO}/INSTALLER"] == (0o644, b"orchestrator\n")
    assert {f"{SITE}/{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD")} <= found.keys()
    assert len(found) == 7


def test_every_data_key_has_its_place(tmp_path):
    keys = ("purelib", "platlib", "scripts", "data", "headers")
    found = names(make_wheel(tmp_path, files={f"{DATA}/{key}/sub/{key}": b"" for key in keys}))
    assert found - {name for name in found if INFO in name} == {
        f"{SITE}/sub/purelib",
        f"{SITE}/sub/platlib",
        f"{BIN}/sub/scripts",
        "opt/env/sub/data",
        "opt/env/include/site/python3.11/tiny/sub/headers",
    }


@pytest.mark.parametrize(
    ("script", "installed"),
    [
        (b"#!python\nbody\n", b"#!/opt/env/bin/python\nbody\n"),
        (b"#!pythonw\nbody\n", b"#!/opt/env/bin/python\nbody\n"),
        (b"#!python", b"#!/opt/env/bin/python\n"),
        (b"#!/bin/sh\nbody", b"#!/bin/sh\nbody"),
        (b"\x7fELF#!python\n", b"\x7fELF#!python\n"),
        (b"", b""),
    ],
)
def test_scripts(tmp_path, script, installed):
    found = entries(make_wheel(tmp_path, files={f"{DATA}/scripts/run": script}))
    assert found[f"{BIN}/run"] == (0o755, installed)


def test_only_scripts_are_scripts(tmp_path):
    found = entries(make_wheel(tmp_path, files={f"{DATA}/data/bin/table": b"#!python\n", "tiny/x": b"#!python\n"}))
    assert found[f"{BIN}/table"] == found[f"{SITE}/tiny/x"] == (0o644, b"#!python\n")


def test_entry_points_run(tmp_path):
    points = (
        "[console_scripts]\nrun = tiny:main\nrun-extra=tiny : Main.start [extra,other]\n\n"
        "[gui_scripts]\nwindow = tiny:main\n"
        "[tiny.plugins]\nnot a script = tiny\n"
    )
    module = b"import sys\ndef main():\n    print(sys.argv)\n    return 3\nclass Main:\n    start = main\n"
    wheel = make_wheel(tmp_path, files={"tiny.py": module, ENTRY_POINTS: points.encode()})
    found = entries(wheel)
    assert {name for name in found if name.startswith(BIN)} == {
        f"{BIN}/{name}" for name in ("run", "run-extra", "window")
    }
    site = unpacked(wheel, tmp_path / "root")
    for name in ("run", "run-extra"):
        assert found[f"{BIN}/{name}"][0] == 0o755
        assert found[f"{BIN}/{name}"][1].startswith(b"#!/opt/env/bin/python\n")
        argv = [sys.executable, str(tmp_path / "root" / BIN / name), "word"]
        done = subprocess.run(argv, env={"PYTHONPATH": str(site)}, capture_output=True, text=True)
        assert (done.returncode, "word" in done.stdout) == (3, True), done.stderr


REFUSED_POINTS = {
    "out": b"[console_scripts]\n../../../etc/profile = tiny:main\n",
    "absolute": b"[console_scripts]\n/bin/sh = tiny:main\n",
    "dots": b"[console_scripts]\n.. = tiny:main\n",
    "whiteout": b"[gui_scripts]\n.wh.python = tiny:main\n",
    "no function": b"[console_scripts]\nrun = tiny\n",
    "code": b"[console_scripts]\nrun = tiny:main();evil\n",
    "an import of more": b"[console_scripts]\nrun = os;import evil:main\n",
    "no section": b"run = tiny:main\n",
    "not UTF-8": b"[console_scripts]\n\xff = tiny:main\n",
}


@pytest.mark.parametrize("points", REFUSED_POINTS.values(), ids=REFUSED_POINTS)
def test_entry_points_that_are_refused(tmp_path, points):
    with pytest.raises(LockError, match="is refused"):
        entries(make_wheel(tmp_path, files={ENTRY_POINTS: points}))


SYMLINK = 0o120777
REFUSED = {
    "out": {"extra": [("../evil.py", b"")]},
    "out of the middle": {"extra": [("tiny/../../evil.py", b"")]},
    "absolute": {"extra": [("/etc/passwd", b"")]},
    "dot": {"extra": [("./tiny.py", b"")]},
    "two slashes": {"extra": [("tiny//x.py", b"")]},
    "backslash": {"extra": [("..\\evil.py", b"")]},
    "out of data": {"extra": [(f"{DATA}/scripts/../../x", b"")]},
    "symbolic link": {"extra": [("link", (b"/etc/passwd", SYMLINK))]},
    "member twice": {"extra": [("tiny.py", b"other")]},
    "member twice, the same": {"extra": [("tiny.py", b"x = 1\n")]},
    "two members for one place": {"extra": [(f"{DATA}/purelib/tiny.py", b"")]},
    "whiteout": {"extra": [("tiny/.wh.x", b"")]},
    "opaque whiteout": {"extra": [(".wh..wh..opq", b"")]},
    "two dist-infos": {"extra": [("other-1.0.dist-info/METADATA", b"")]},
    "unknown key": {"extra": [(f"{DATA}/etc/passwd", b"")]},
    "data without a key": {"extra": [(f"{DATA}/x", b"")]},
    "no RECORD": {"record": None},
    "RECORD not UTF-8": {"record": b"\xff"},
    "RECORD of an unknown place": {"record": f"{DATA}/etc/x,,\n".encode()},
}


@pytest.mark.parametrize("how", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path, how):
    with pytest.raises(LockError, match="is refused"):
        entries(make_wheel(tmp_path, **how))


def test_no_dist_info_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bare.whl", "w") as archive:
        archive.writestr("tiny.py", b"")
    with pytest.raises(LockError, match="0 dist-info"):
        entries(tmp_path / "bare.whl")


class TestRecord:
    def check(self, site: Path) -> list[importlib.metadata.PackagePath]:
        """Every file of the distribution is there, and is what RECORD says."""
        (distribution,) = importlib.metadata.distributions(name="tiny", path=[str(site)])
        files = distribution.files
        assert files
        for file in files:
            assert file.locate().is_file(), file
            if file.hash:
                assert file.size == file.locate().stat().st_size, file
                assert file.hash.mode == "sha256"
                assert _hash(file.locate()) == file.hash.value, file
        root = site.parents[4]
        recorded = {file.locate().resolve() for file in files}
        assert recorded == {path.resolve() for path in root.rglob("*") if path.is_file()}
        return files

    def test_it_says_what_is_there(self, tmp_path):
        files = {
            "tiny/__init__.py": b"",
            'tiny/a "quoted", name.txt': b"x",
            f"{DATA}/scripts/run": b"#!python\nbody",
            f"{DATA}/data/share/é": b"x",
            ENTRY_POINTS: b"[console_scripts]\nmain = tiny:main\n",
            f"{INFO}/direct_url.json": b"{}",
            f"{INFO}/REQUESTED": b"",
            f"{INFO}/INSTALLER": b"pip\n",
        }
        site = unpacked(make_wheel(tmp_path, files=files), tmp_path / "root", {f"{SITE}/tiny/__init__.py": b"pyc"})
        without = {file.name for file in self.check(site) if not file.hash}
        assert without == {"RECORD", "__init__.cpython-311.pyc"}
        assert not {"direct_url.json", "REQUESTED"} & {path.name for path in (site / INFO).iterdir()}
        assert (site / INFO / "INSTALLER").read_text() == "orchestrator\n"
        assert (site / "tiny/__pycache__/__init__.cpython-311.pyc").read_bytes() == b"pyc"

    def test_compiled_files_that_the_wheel_brings_are_replaced(self, tmp_path):
        files = {"tiny.py": b"", "__pycache__/tiny.cpython-311.pyc": b"of another machine"}
        site = unpacked(make_wheel(tmp_path, files=files), tmp_path / "root", {f"{SITE}/tiny.py": b"ours"})
        assert (site / "__pycache__/tiny.cpython-311.pyc").read_bytes() == b"ours"
        self.check(site)

    def test_what_the_wheel_does_not_list_is_hashed(self, tmp_path):
        site = unpacked(make_wheel(tmp_path, record=b"tiny.py,,\n\n"), tmp_path / "root")
        assert {file.name for file in self.check(site) if not file.hash} == {"RECORD"}


def _hash(path: Path) -> str:
    import base64
    import hashlib

    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


def test_sources_are_what_can_be_compiled(tmp_path):
    files = {"a.py": b"", "b/c.py": b"", "b/d.pyi": b"", f"{DATA}/purelib/e.py": b"", f"{DATA}/scripts/f.py": b""}
    with zipfile.ZipFile(make_wheel(tmp_path, files=files)) as archive:
        assert Wheel(archive, LAYOUT).sources() == {
            f"{SITE}/a.py": "a.py",
            f"{SITE}/b/c.py": "b/c.py",
            f"{SITE}/e.py": f"{DATA}/purelib/e.py",
        }
