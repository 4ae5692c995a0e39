"""Bytecode that is the same every time: compiled here by this interpreter, in a container by the image's."""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from wheels import make_wheel

from orchestrator.image import compile_sources

SITE = "opt/env/lib/python3.11/site-packages"
SOURCES = {
    "alpha.py": b"""
NAMES = {'a', 'b'}
def f(x, *, key='one string'):
    def g():
        return x in {'a', 'b', 'cc', 'ddd', 'one string'} or x in (1, 2.5, b'bytes', None, ...)
    return g() or key is NAMES or [y for y in 'one string']
""",
    "beta.py": b"'''one string'''\nclass C:\n    key = 'one string'\n    x: int = 10 ** 20\n",
    "python2.py": b"print 'one string'\n",
    "template.py": b"{{ one string }}",
    "latin.py": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
    "nul.py": b"x = 1\0\n",
    "warns.py": b"x = 'one string' is 'one string'\ny = '\\d'\n",
}


def compiled(folder: Path, wheels: list[dict[str, bytes]], *, env: dict[str, str] | None = None) -> list[bytes]:
    """Run the program as the container does; the bytes of each output."""
    folder.mkdir(parents=True)
    request = []
    for number, files in enumerate(wheels):
        (folder / str(number)).mkdir()
        wheel = make_wheel(folder / str(number), files=files)
        output = folder / f"{number}.zip"
        sources = {f"{SITE}/{name}": name for name in files}
        request.append({"wheel": str(wheel), "output": str(output), "sources": sources})
    (folder / "request.json").write_text(json.dumps(request))
    argv = [sys.executable, "-s", "-S", "-B", compile_sources.__file__, str(folder / "request.json")]
    done = subprocess.run(argv, env={**os.environ, **(env or {})}, capture_output=True, check=True)
    assert done.stderr == b""
    return [(folder / f"{number}.zip").read_bytes() for number in range(len(wheels))]


def members(data: bytes, folder: Path) -> dict[str, bytes]:
    (folder / "read.zip").write_bytes(data)
    with zipfile.ZipFile(folder / "read.zip") as archive:
        return {name.removeprefix(f"{SITE}/"): archive.read(name) for name in archive.namelist()}


def test_every_source_that_is_one(tmp_path):
    (data,) = compiled(tmp_path / "work", [SOURCES])
    assert members(data, tmp_path).keys() == {"alpha.py", "beta.py", "latin.py", "warns.py"}


def test_python_takes_it_for_its_own(tmp_path):
    (data,) = compiled(tmp_path / "work", [SOURCES])
    for name, code in members(data, tmp_path).items():
        assert code[:4] == importlib.util.MAGIC_NUMBER
        assert code[4:8] == (1).to_bytes(4, "little"), "an unchecked hash: the source is not looked at"
        assert code[8:16] == importlib.util.source_hash(SOURCES[name])
        assert marshal.loads(code[16:]).co_filename == f"/{SITE}/{name}"  # noqa: S302
    module = tmp_path / "beta.pyc"
    module.write_bytes(members(data, tmp_path)["beta.py"])
    argv = [sys.executable, "-c", "import beta; print(beta.C.x, beta.__doc__)"]
    said = subprocess.run(argv, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=True)
    assert said.stdout == b"100000000000000000000 one string\n"


@pytest.mark.parametrize(
    "env",
    [{"PYTHONHASHSEED": "0"}, {"PYTHONHASHSEED": "1"}, {"TZ": "Asia/Tokyo"}, {"LC_ALL": "C"}],
    ids=lambda env: "-".join([*env, *env.values()]),
)
def test_the_surroundings_do_not_matter(tmp_path, env):
    (one,) = compiled(tmp_path / "one", [SOURCES])
    (other,) = compiled(tmp_path / "elsewhere" / "other", [SOURCES], env=env)
    assert one == other


def test_the_day_does_not_matter(tmp_path):
    (data,) = compiled(tmp_path / "work", [SOURCES])
    (tmp_path / "read.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "read.zip") as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_else_is_compiled_does_not_matter(tmp_path):
    """Marshal's later versions write a reference where a constant was seen before, in another file, too."""
    whole = members(compiled(tmp_path / "together", [SOURCES])[0], tmp_path)
    backward = dict(reversed(SOURCES.items()))
    assert members(compiled(tmp_path / "backward", [backward])[0], tmp_path) == whole
    for name, code in whole.items():
        assert members(compiled(tmp_path / name, [{name: SOURCES[name]}])[0], tmp_path) == {name: code}


def test_the_order_of_wheels_does_not_matter(tmp_path):
    wheels = [{"a.py": b"x = 1\n" * 500}, SOURCES, {"b.py": b"x = 2\n"}, {}, {"c.py": b"y = 1\n" * 900}]
    forward = compiled(tmp_path / "forward", wheels)
    assert compiled(tmp_path / "backward", wheels[::-1])[::-1] == forward


def test_a_damaged_wheel_is_a_failure(tmp_path):
    (tmp_path / "bad.whl").write_bytes(b"no zip")
    request = [{"wheel": str(tmp_path / "bad.whl"), "output": str(tmp_path / "bad.zip"), "sources": {"a.py": "a.py"}}]
    (tmp_path / "request.json").write_text(json.dumps(request))
    argv = [sys.executable, compile_sources.__file__, str(tmp_path / "request.json")]
    assert subprocess.run(argv, capture_output=True).returncode == 1
