"""What nobody can own is not hidden: the verdict says what it was, and what is less than bit-exact."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from desk import Desk
from rows import IMAGES, JOBS

from orchestrator import operations

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def script(job: str) -> str:
    return (JOBS / f"{job}.py").read_text()


def test_a_static_program_is_named(desks: Callable[[str], Desk]):
    desk = desks("bare")
    program = desk.folder / "static"
    subprocess.run(["cc", "-static", "-o", program, JOBS / "static.c"], check=True)
    original = desk.submit(script("static"), verify={"streams": "exact"})
    program.unlink()
    assert original.status == "finished"
    assert original.facts.determinism["static_programs"] == 1
    replayed = operations.replay(desk.workspace, original.id)
    assert [finding.path for finding in replayed.verdict.failures] == ["streams/stdout"]
    assert replayed.causes[0] == "static programs: 1 were run, and the interposer cannot reach them"


def test_a_pool_whose_threads_draw_is_named(desks: Callable[[str], Desk]):
    desk = desks("bare")
    original = desk.submit(script("pool"))
    assert original.facts.determinism["thread_draws"] == 200
    for _ in range(4):
        replayed = operations.replay(desk.workspace, original.id)
        if not replayed.verdict.passed:
            break
    assert [finding.path for finding in replayed.verdict.failures] == ["artifacts/outputs/done"]
    assert any(cause.startswith("threads: 200 draws of entropy by threads") for cause in replayed.causes)


def test_a_model_that_processes_share_is_named(desks: Callable[[str], Desk]):
    desk = desks("torch")
    original = desk.submit(script("hogwild"), image={"requirements": IMAGES["torch"]}, determinism="strict")
    assert original.status == "finished"
    assert original.facts.determinism["shared_models"] == 1
    for _ in range(4):
        replayed = operations.replay(desk.workspace, original.id)
        if not replayed.verdict.passed:
            break
    assert [finding.path for finding in replayed.verdict.failures] == ["artifacts/outputs/model.pt"]
    assert replayed.causes[0].startswith("shared memory: 1 models")


@pytest.mark.parametrize(("level", "exactness"), [("standard", "exact by content"), ("strict", "bit-exact")])
def test_addresses_in_a_pickle_are_no_content(desks: Callable[[str], Desk], level: str, exactness: str):
    """At standard they differ, and a comparator says that nothing else does; at strict they come back."""
    original = desks("torch").submit(script("pickled"), image={"requirements": IMAGES["torch"]}, determinism=level)
    replayed = operations.replay(desks("torch").workspace, original.id)
    assert replayed.verdict.exactness == exactness
