"""The golden digests, here and now, and in processes that differ in everything that must not matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from regenerate import FILE, as_text, golden

from orchestrator.digest import Digest

ROOT = Path(__file__).parents[2]
HINT = "a format has changed: if that is meant, run `make golden` and say so in CHANGELOG.md"

SURROUNDINGS = {
    "time zone": {"TZ": "Asia/Kathmandu"},
    "locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "hash seed": {"PYTHONHASHSEED": "12345"},
    "source date": {"SOURCE_DATE_EPOCH": "1700000000"},
    "home": {"HOME": "/nonexistent", "USER": "somebody"},
}


@pytest.mark.parametrize("name", sorted(golden()))
def test_it_has_not_moved(name):
    assert json.loads(FILE.read_text()).get(name) == golden()[name], HINT


def test_the_file_is_what_the_script_writes():
    assert FILE.read_text() == as_text(), HINT
    for digest in json.loads(FILE.read_text()).values():
        assert Digest(digest) == digest


@pytest.mark.parametrize("change", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_its_surroundings_do_not_matter(change, tmp_path):
    assert shown(tmp_path, change) == as_text()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_umask_does_not_matter(umask, tmp_path):
    assert shown(tmp_path, {}, umask) == as_text()


def shown(folder: Path, change: dict[str, str], umask: int = 0o022) -> str:
    argv = [sys.executable, str(ROOT / "tests/golden/regenerate.py"), "--show"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **change}
    return subprocess.run(argv, cwd=folder, env=env, umask=umask, check=True, capture_output=True, text=True).stdout
