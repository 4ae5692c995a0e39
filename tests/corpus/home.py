"""Where the corpus lives between runs of it: downloads, images, runs and results, all under the tests' cache."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator import operations
from orchestrator.workspace import Workspace
from tests import kept
from tests.corpus.jobs import write_spec
from tests.corpus.manifest import LOCKS, Manifest
from tests.corpus.measure import Places
from tests.desk import Desk, stock

CACHE = kept.HOME
DOWNLOADS = CACHE / "corpus" / "downloads"
RESULTS = CACHE / "corpus" / "results"


def build(manifest: Manifest, environments: set[str]) -> None:
    """Have the images of these environments in the tests' shelf. Where one has no lock yet, it is made and kept."""
    for name in sorted(environments):
        with tempfile.TemporaryDirectory() as folder:
            spec = write_spec(Path(folder), name, manifest.environments[name])
            operations.build(Desk(CACHE, Path(folder)).workspace, spec)
            kept = LOCKS / f"{name}.lock"
            if not kept.exists():
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(spec.with_suffix(".lock").read_bytes())


@contextmanager
def opened() -> Iterator[tuple[Workspace, Places]]:
    """A workspace stocked with the shelf's images, for as long as it is needed: no job runs in the shelf itself."""
    (CACHE / "corpus").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE / "corpus", prefix="home-") as folder:
        home, work = Path(folder) / "home", Path(folder) / "work"
        work.mkdir()
        stock(CACHE, home)
        yield Workspace(home), Places(DOWNLOADS, work)
