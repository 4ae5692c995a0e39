"""Seeding on import: what a job imports is seeded, what it does not import is left alone."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

STANDARD = "seeds,algorithms,sharedmem"
STRICT = "seeds,algorithms=error,cuda,joblib"

Python = Callable[..., subprocess.CompletedProcess[str]]


def first(seed: int) -> str:
    """The first number that a generator of this seed gives."""
    return str(random.Random(seed).random())  # noqa: S311


@pytest.fixture
def seeded(python: Python, library: Path) -> Callable[..., str]:
    """Runs a script with the hook; returns its output."""

    def run(script: str, *options: str, seed: int = 7, mends: str = STANDARD, before: str = "", after: str = "") -> str:
        path = ":".join(filter(None, [before, str(library), str(library / "orchestrator" / "site"), after]))
        env = {"PYTHONPATH": path, "ORCHESTRATOR_SEED": str(seed), "ORCHESTRATOR_MENDS": mends}
        done = python(script, **env)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout.strip()

    return run


def test_random_starts_from_the_seed(seeded):
    assert seeded("import random; print(random.random())") == first(7)
    assert seeded("from random import random; print(random())") == first(7)
    assert seeded("import tempfile, random; print(random.random())") == first(7)
    assert seeded("import random; print(random.random())", seed=8) == first(8)


def test_a_script_that_seeds_by_itself_wins(seeded):
    assert seeded("import random; random.seed(1); print(random.random())") == first(1)


def test_off_leaves_it_alone(seeded):
    assert len({seeded("import random; print(random.random())", mends="") for _ in range(3)}) == 3


@pytest.mark.parametrize("mends", ["", STANDARD, STRICT])
def test_it_imports_nothing_by_itself(seeded, mends):
    watched = {"random", "numpy", "torch", "typing", "json", "re", "contextlib", "importlib.util", "orchestrator"}
    assert not watched & set(seeded("import sys; print(*sys.modules)", mends=mends).split())


def test_a_package_that_the_job_calls_orchestrator_is_its_own(seeded, tmp_path: Path):
    (tmp_path / "job" / "orchestrator").mkdir(parents=True)
    (tmp_path / "job" / "orchestrator" / "__init__.py").write_text("mine = True\n")
    assert seeded("import orchestrator; print(orchestrator.mine)", before=str(tmp_path / "job")) == "True"


def test_the_agents_calls_are_loaded_when_they_are_asked_for(seeded):
    script = """
import sys, orchestrator
print("json" in sys.modules, hasattr(orchestrator, "no_such_call"))
from orchestrator import log_metric
from orchestrator import *
print(log_metric is orchestrator.log_metric, log_params.__module__, "json" in sys.modules)
"""
    assert seeded(script).splitlines() == ["False False", "True orchestrator.api True"]


def test_a_module_that_was_there_first_is_seeded_too(seeded, library: Path):
    hook = library / "orchestrator" / "site" / "sitecustomize.py"
    script = f"import random, runpy; random.random(); runpy.run_path({str(hook)!r}); print(random.random())"
    assert seeded(script, mends="") != first(7)
    again = "import os; os.environ['ORCHESTRATOR_MENDS'] = 'seeds'\n" + script
    assert seeded(again, mends="") == first(7)


def test_a_module_keeps_its_own_loader(seeded):
    script = """
import importlib.util, inspect, random
spec = importlib.util.find_spec("random")
print(type(random.__loader__).__name__, type(random.__spec__.loader).__name__, type(spec.loader).__name__,
      len(inspect.getsource(random)) > 1000)
"""
    assert seeded(script) == "SourceFileLoader SourceFileLoader SourceFileLoader True"


def test_a_module_can_be_asked_about_without_importing_it(seeded):
    script = """
import importlib.util, sys
spec = importlib.util.find_spec("random")
print(spec.origin.endswith("random.py"), spec.loader.get_code("random") is not None, "random" in sys.modules)
"""
    assert seeded(script) == "True True False"


def test_a_reloaded_module_is_seeded_again(seeded):
    script = "import importlib, random; random.random(); importlib.reload(random); print(random.random())"
    assert seeded(script) == first(7)


def test_numpy_and_torch_are_asked_for_by_their_names(seeded, tmp_path: Path):
    """Stand-ins that note how they are called: the real ones are tried in the integration tests."""
    (tmp_path / "lib2" / "numpy").mkdir(parents=True)
    (tmp_path / "lib2" / "numpy" / "__init__.py").write_text("")
    (tmp_path / "lib2" / "numpy" / "random.py").write_text("def seed(number): print('numpy', number)\n")
    (tmp_path / "lib2" / "torch.py").write_text("""
class version: cuda, hip = '13.0', None
class backends:
    class cudnn: pass
    class cuda:
        class matmul: pass
        enable_flash_sdp = lambda on: print('flash', on)
        enable_mem_efficient_sdp = lambda on: print('efficient', on)
def manual_seed(number): print('torch', number)
def use_deterministic_algorithms(on, warn_only): print('deterministic', on, warn_only)
""")
    script = "import numpy.random, torch; print(vars(torch.backends.cudnn).get('deterministic'))"
    path = str(tmp_path / "lib2")
    seeds = ["numpy 7", "torch 7"]
    gpu = ["flash False", "efficient False"]
    assert seeded(script, after=path).splitlines() == [*seeds, "deterministic True True", "None"]
    assert seeded(script, after=path, mends=STRICT).splitlines() == [*seeds, "deterministic True False", *gpu, "True"]
    assert seeded(script, after=path, mends="algorithms").splitlines() == ["deterministic True True", "None"]
    assert seeded(script, after=path, mends="seeds").splitlines() == [*seeds, "None"]
    assert seeded(script, after=path, mends="") == "None"


@pytest.mark.parametrize("mends", ["", STANDARD])
def test_the_images_own_sitecustomize_runs_too(seeded, tmp_path: Path, mends):
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "sitecustomize.py").write_text("import sys; sys.of_the_image = __file__\n")
    said = seeded("import sys; print(sys.of_the_image)", after=str(tmp_path / "image"), mends=mends)
    assert said == str(tmp_path / "image" / "sitecustomize.py")
