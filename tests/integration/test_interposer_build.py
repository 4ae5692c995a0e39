"""The interposer as it is built: by the wheel, to the byte, for the oldest C library that an image may carry."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from orchestrator.image.apt_sources import find_mirror

ROOT = Path(__file__).parents[2]
FOLDER = Path("orchestrator/agent/interpose")
LIBRARY = FOLDER / "libinterpose.so"
OLDEST_GLIBC = (2, 28)
LEAVE_OUT = shutil.ignore_patterns(".git", ".venv", ".cache", ".*_cache", ".hypothesis", "__pycache__", "*.so")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """The project's files as they are in the repository: nothing compiled."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("source") / "project", ignore=LEAVE_OUT)


def build(kind: str, source: Path, into: Path, **environment: str) -> Path:
    """Build a wheel or an sdist as pip does, with the build backend that is installed here: no network."""
    into.mkdir(exist_ok=True)
    argv = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", into]
    done = subprocess.run(argv, cwd=source, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory) -> Path:
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def library(wheel, tmp_path_factory) -> Path:
    """The library that the wheel carries."""
    folder = tmp_path_factory.mktemp("library")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(str(LIBRARY), folder))


def test_the_wheel_carries_it_and_says_for_which_machines(wheel):
    assert wheel.name.endswith(f"-py3-none-manylinux_2_28_{os.uname().machine}.whl")


def test_the_same_source_is_the_same_library_wherever_it_lies(wheel, library, tmp_path):
    elsewhere = shutil.copytree(ROOT, tmp_path / "a" / "longer path", ignore=LEAVE_OUT)
    again = build("wheel", elsewhere, tmp_path / "wheel")
    with zipfile.ZipFile(again) as archive:
        assert archive.read(str(LIBRARY)) == library.read_bytes()


def test_the_compiler_has_nothing_to_say(source, tmp_path):
    sources = sorted((source / FOLDER).glob("*.c"))
    strict = ["cc", "-std=gnu11", "-O2", "-fPIC", "-fno-math-errno", "-Wall", "-Wextra", "-Werror", "-c"]
    done = subprocess.run([*strict, *sources], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_sdist_carries_the_sources_alone(source, tmp_path):
    with tarfile.open(build("sdist", source, tmp_path / "sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {str(path.relative_to(source)) for path in (source / FOLDER).glob("*.[ch]")}
    assert expected | {"hatch_build.py"} <= names
    assert not [name for name in names if name.endswith(".so")]


def test_without_a_compiler_the_wheel_is_a_pure_one(source, tmp_path):
    bare = shutil.copytree(source, tmp_path / "project", ignore=LEAVE_OUT)
    made = build("wheel", bare, tmp_path / "wheel", CC="no-such-compiler")
    assert made.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(made) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".so")]


def test_it_asks_for_no_newer_c_library(library):
    """And for none of what newer linkers assume of the loader: relative relocations are a version of their own."""
    needs = subprocess.run(["readelf", "-W", "-V", library], capture_output=True, text=True, check=True).stdout
    versions = re.findall(r"Name: (GLIBC_\S+)", needs)
    assert versions
    assert [name for name in versions if not re.fullmatch(r"GLIBC_[\d.]+", name)] == []
    assert max(tuple(map(int, name[6:].split("."))) for name in versions) <= OLDEST_GLIBC


def test_it_names_the_libraries_that_were_apart_then(library):
    """Before glibc 2.34 a program need not have loaded them: without, not even a shell would start."""
    dynamic = subprocess.run(["readelf", "-W", "-d", library], capture_output=True, text=True, check=True).stdout
    assert {"libdl.so.2", "libpthread.so.0", "libc.so.6"} >= set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
    assert "libdl.so.2" in dynamic


PROBE = """
import os, threading, time
print(os.urandom(8).hex(), os.listdir("/"), len(os.sched_getaffinity(0)))
thread = threading.Thread(target=lambda: print(os.urandom(8).hex()))
thread.start()
thread.join()
time.sleep(0.001)
threading.Event().wait(0.001)
print(any("libinterpose" in line for line in open("/proc/self/maps")), os.confstr("CS_GNU_LIBC_VERSION"))
"""
OWNED = {"ORCHESTRATOR_ENTROPY": "7", "ORCHESTRATOR_LISTINGS": "sorted", "ORCHESTRATOR_PROCESSORS": "1"}


@pytest.fixture(scope="module")
def old_debian(tmp_path_factory) -> Path:
    """The oldest Debian that can be had, 11 with glibc 2.31, from the mirror that apt is set up with."""
    folder = tmp_path_factory.mktemp("debian") / "root"
    argv = ["mmdebstrap", "--quiet", "--variant=extract", "--include=python3-minimal,dash", "bullseye", folder]
    done = subprocess.run([*argv, find_mirror("bullseye", os.environ)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def on_the_old_c_library(debian: Path, library: Path, *program: str, **owned: str) -> str:
    """What a program of the old Debian says, with its loader and libraries, ours preloaded."""
    libraries = ":".join(str(debian / folder / "x86_64-linux-gnu") for folder in ("lib", "usr/lib"))
    loader = debian / "lib/x86_64-linux-gnu/ld-2.31.so"
    done = subprocess.run(
        [loader, "--library-path", libraries, debian / program[0], *program[1:]],
        env={"LD_PRELOAD": str(library), "PYTHONHOME": str(debian / "usr"), "PYTHONHASHSEED": "0", **owned},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("owned", [{}, OWNED], ids=["idle", "at work"])
def test_programs_start_and_work_on_an_old_c_library(old_debian, library, owned):
    said = [on_the_old_c_library(old_debian, library, "usr/bin/python3.9", "-c", PROBE, **owned) for _ in range(2)]
    assert said[0].endswith("True glibc 2.31\n")
    assert (said[0] == said[1]) == bool(owned)


def test_a_shell_starts_on_an_old_c_library(old_debian, library):
    """It has loaded neither libdl nor libpthread by itself."""
    assert on_the_old_c_library(old_debian, library, "bin/dash", "-c", "echo here", **OWNED) == "here\n"
