"""Base images: recipes, locks, apt's sources and the local repository. No network, no mmdebstrap."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, LockError, NotReplayable, UsageError
from orchestrator.image import debian
from orchestrator.image.apt_sources import Source, find_mirror, read_sources
from orchestrator.image.deb_source import _explained, file_name, read_pin
from orchestrator.image.debian_recipe import write_lock
from orchestrator.image.debian_repository import write_repository
from orchestrator.lock.model import DebianBase, DebPin, LayerPin
from orchestrator.process import ProgramFailed
from orchestrator.store.memory import MemoryBlobs

PYTHON = Path(__file__).parents[3] / "images" / "python3.11"

RECIPE = """
suite: bookworm
architecture: amd64
packages: [python3.11]
interpreter: /usr/bin/python3.11
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def pin(package: str, version: str = "1.0-1") -> DebPin:
    return DebPin(package=package, version=version, architecture="amd64", sha256=Digest.of(b"deb"), size=3)


def base(recipe: Digest, rootfs: bytes = b"tar") -> DebianBase:
    return DebianBase(
        recipe=recipe,
        rootfs=LayerPin(diff_id=Digest.of(rootfs), size=len(rootfs)),
        interpreter="/usr/bin/python3.11",
        python="3.11.2",
        glibc="2.36",
        debs=(pin("libc6"),),
    )


class TestRecipe:
    def test_ours_is_locked_sorted_and_complete(self) -> None:
        recipe, lock = debian.read_recipe(PYTHON), debian.read_lock(PYTHON)
        text = (PYTHON / "base.lock").read_text()
        assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        assert set(recipe.packages) <= {found.package for found in lock.debs}
        assert (lock.interpreter, lock.python, lock.glibc) == (recipe.interpreter, "3.11.2", "2.36")

    def test_every_finding_is_named(self, folder: Path) -> None:
        (folder / "recipe.yaml").write_text(RECIPE.replace("python3.11]", "--option]") + "packges: []\n")
        with pytest.raises(UsageError) as caught:
            debian.read_recipe(folder)
        assert "packages.0" in caught.value.message
        assert "packges" in caught.value.message

    @pytest.mark.parametrize("text", ["a: [", "- a list", ""])
    def test_what_is_no_recipe(self, folder: Path, text: str) -> None:
        (folder / "recipe.yaml").write_text(text)
        with pytest.raises(UsageError, match=r"recipe\.yaml"):
            debian.read_recipe(folder)

    def test_no_such_base(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no base image here"):
            debian.read_recipe(tmp_path / "none")


class TestLock:
    def test_there_and_back(self, folder: Path) -> None:
        lock = base(Digest.of(RECIPE.encode()))
        write_lock(folder, lock)
        assert debian.read_lock(folder) == lock

    def test_a_changed_recipe_makes_it_stale(self, folder: Path) -> None:
        write_lock(folder, base(Digest.of(b"another recipe")))
        with pytest.raises(LockError, match="stale") as caught:
            debian.read_lock(folder)
        assert "orchestrator.image.relock" in caught.value.hint

    @pytest.mark.parametrize("text", [None, "{}", "not JSON"])
    def test_missing_or_damaged(self, folder: Path, text: str | None) -> None:
        if text is not None:
            (folder / "base.lock").write_text(text)
        with pytest.raises(LockError, match=r"base\.lock"):
            debian.read_lock(folder)


class TestSources:
    def test_both_formats(self, tmp_path: Path) -> None:
        (tmp_path / "sources.list").write_text(
            "# deb http://commented.test/debian bookworm main\n"
            "deb-src http://source.test/debian bookworm main\n"
            "deb [arch=amd64 signed-by=/k.gpg] http://one.test/debian trixie main contrib  # ours\n"
        )
        (tmp_path / "sources.list.d").mkdir()
        (tmp_path / "sources.list.d" / "debian.sources").write_text(
            "Types: deb deb-src\nURIs: http://two.test/debian\n# a comment\n"
            "Suites: bookworm\n bookworm-updates\n"
            "Components: main\nSigned-By:\n -----BEGIN\n .\n\n"
            "Types: deb\nURIs: http://off.test/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n"
        )
        (tmp_path / "sources.list.d" / "old.list.disabled").write_text("deb http://no.test/debian bookworm main\n")
        assert read_sources(tmp_path) == [
            Source("http://one.test/debian", "trixie", ("main", "contrib")),
            Source("http://two.test/debian", "bookworm", ("main",)),
            Source("http://two.test/debian", "bookworm-updates", ("main",)),
        ]
        assert find_mirror("bookworm", {}, tmp_path) == "http://two.test/debian"
        assert find_mirror("sid", {}, tmp_path) == "http://one.test/debian"

    def test_the_environment_goes_first(self, tmp_path: Path) -> None:
        environ = {"ORCHESTRATOR_DEBIAN_MIRROR": "http://named.test/debian"}
        assert find_mirror("bookworm", environ, tmp_path) == "http://named.test/debian"

    def test_security_alone_is_no_mirror(self, tmp_path: Path) -> None:
        (tmp_path / "sources.list").write_text("deb http://s.test/security bookworm-security main\n")
        with pytest.raises(EnvironmentProblem) as caught:
            find_mirror("bookworm", {}, tmp_path)
        assert "ORCHESTRATOR_DEBIAN_MIRROR" in caught.value.hint


class TestGonePins:
    @pytest.mark.parametrize(
        "stderr",
        [
            "E: Version '1:1.2' for 'zlib1g' was not found",
            "E: Version '1:1.2' for 'zlib1g:amd64' was not found",
            "E: Unable to locate package zlib1g:amd64",
            "E: Failed to fetch http://m.test/pool/main/z/zlib/zlib1g_1.2_amd64.deb  404  Not Found",
        ],
    )
    def test_they_are_named(self, stderr: str) -> None:
        failure = ProgramFailed(["apt-get"], 100, stderr)
        problem = _explained(failure, [pin("zlib1g-dev", "1:1.2"), pin("zlib1g", "1:1.2")])
        assert isinstance(problem, NotReplayable)
        assert problem.message == "the mirror no longer has zlib1g=1:1.2"
        assert "relock" in problem.hint

    def test_other_failures_stay(self) -> None:
        failure = ProgramFailed(["apt-get"], 100, "E: Temporary failure resolving")
        assert _explained(failure, [pin("zlib1g")]) is failure


def test_the_repository(folder: Path) -> None:
    control = folder / "package" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.parent.chmod(0o755)
    control.write_text(
        "Package: tiny\nVersion: 1:2.0-3\nArchitecture: amd64\nMaintainer: m <m@m.test>\nDescription: tiny\n"
    )
    pool = folder / "repository" / "pool"
    pool.mkdir(parents=True)
    deb = pool / "tiny_1%3a2.0-3_amd64.deb"
    subprocess.run(["dpkg-deb", "--build", folder / "package", deb], check=True, capture_output=True)
    tiny = read_pin(deb)
    assert (tiny.package, tiny.version, tiny.architecture) == ("tiny", "1:2.0-3", "amd64")
    assert file_name(tiny) == deb.name

    line = write_repository(pool.parent, debian.read_recipe(folder), {deb.name: tiny})

    assert line == f"deb [trusted=yes] copy://{pool.parent} bookworm main"
    packages = (pool.parent / "dists/bookworm/main/binary-amd64/Packages").read_bytes()
    assert f"Filename: pool/{deb.name}\n".encode() in packages
    assert f"SHA256: {tiny.sha256.hex}\n".encode() in packages
    release = (pool.parent / "dists/bookworm/Release").read_text()
    assert "Suite: bookworm\nCodename: bookworm\n" in release
    assert f" {Digest.of(packages).hex} {len(packages)} main/binary-amd64/Packages\n" in release


def test_a_base_that_is_there_is_not_built(folder: Path) -> None:
    blobs = MemoryBlobs()
    blobs.put(io.BytesIO(b"tar"))
    lock = base(Digest.of(RECIPE.encode()))
    assert debian.build(debian.read_recipe(folder), lock, blobs, folder / "none", pytest.fail) == lock.rootfs


@pytest.mark.parametrize(
    ("version", "upstream"),
    [("3.11.2-6+deb12u6", "3.11.2"), ("1:1.2.13.dfsg-1", "1.2.13.dfsg"), ("2.0", "2.0")],
)
def test_upstream_version(version: str, upstream: str) -> None:
    assert debian.upstream_version([pin("other"), pin("this", version)], "this") == upstream
