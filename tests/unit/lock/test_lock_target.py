"""Which wheel an image can run."""

from __future__ import annotations

import pytest

from orchestrator.lock.target import Target

NEW = Target("3.11.2", "2.36")
OLD = Target("3.11.2", "2.17")

PURE = "p-1.0-py3-none-any.whl"
UNIVERSAL = "p-1.0-py2.py3-none-any.whl"
ABI3 = "p-1.0-cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
ABI3_TOO_NEW = "p-1.0-cp312-abi3-manylinux_2_17_x86_64.whl"
M2014 = "p-1.0-cp311-cp311-manylinux2014_x86_64.whl"
M17 = "p-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
M28 = "p-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
M36 = "p-1.0-cp311-cp311-manylinux_2_36_x86_64.whl"
M37 = "p-1.0-cp311-cp311-manylinux_2_37_x86_64.whl"
LINUX = "p-1.0-cp311-cp311-linux_x86_64.whl"
NO_ABI = "p-1.0-py3-none-manylinux_2_17_x86_64.whl"
OTHERS = [
    "p-1.0-cp311-cp311-musllinux_1_2_x86_64.whl",
    "p-1.0-cp311-cp311-macosx_11_0_universal2.whl",
    "p-1.0-cp311-cp311-win_amd64.whl",
    "p-1.0-cp311-cp311-manylinux_2_17_aarch64.whl",
    "p-1.0-cp310-cp310-manylinux_2_17_x86_64.whl",
    "p-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
    "p-1.0-cp311-cp311d-manylinux_2_17_x86_64.whl",
    "p-1.0-pp311-pypy311_pp73-manylinux_2_17_x86_64.whl",
    "p-1.0-py2-none-any.whl",
    ABI3_TOO_NEW,
    M37,
]


@pytest.mark.parametrize("file", OTHERS)
def test_what_is_for_something_else_is_never_chosen(file):
    assert NEW.choose([file]) is None
    assert NEW.choose([file, PURE]) == PURE


@pytest.mark.parametrize("file", [PURE, UNIVERSAL, ABI3, M2014, M17, LINUX, NO_ABI])
@pytest.mark.parametrize("target", [NEW, OLD])
def test_what_both_can_run(file, target):
    assert target.choose([file]) == file


@pytest.mark.parametrize(("file", "new", "old"), [(M28, True, False), (M36, True, False), (M17, True, True)])
def test_the_glibc_decides(file, new, old):
    assert (NEW.choose([file]) is not None, OLD.choose([file]) is not None) == (new, old)


def test_the_best_of_many_in_any_order():
    order = [M36, M28, M17, LINUX, ABI3, NO_ABI, PURE]
    for first in range(len(order)):
        files = [*order[first:], *OTHERS]
        assert NEW.choose(files) == NEW.choose(files[::-1]) == NEW.choose(sorted(files)) == order[first]


def test_two_names_of_one_platform_are_ordered():
    assert {NEW.choose(files) for files in ([M17, M2014], [M2014, M17])} == {M17}


def test_the_highest_build_wins_among_equals():
    builds = [f"p-1.0-{build}-py3-none-any.whl" for build in ("2", "10", "1")]
    assert NEW.choose([PURE, *builds]) == builds[1]
    assert NEW.choose([M17, *builds]) == M17


@pytest.mark.parametrize("python", ["3.12.1", "3.13.0", "3.9.2"])
def test_another_python(python):
    target = Target(python, "2.36")
    own = f"p-1.0-{target.abi}-{target.abi}-manylinux_2_17_x86_64.whl"
    assert target.choose([own, ABI3, PURE]) == own
    assert target.choose([M17, ABI3, PURE]) == ABI3
    assert (target.choose([ABI3_TOO_NEW]) is not None) == (target.release >= (3, 12))


@pytest.mark.parametrize("file", ["p.whl", "p-1.0-py3-none.whl", "p-not!version-py3-none-any.whl", "p-1.0.tar.gz", ""])
def test_what_is_no_wheels_name_is_passed_over(file):
    assert NEW.choose([file]) is None
    assert NEW.choose([file, PURE]) == PURE


def test_platforms_best_first():
    assert OLD.platforms[:3] == ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_16_x86_64")
    assert NEW.platforms[0] == "manylinux_2_36_x86_64"
    assert NEW.platforms[-1] == "linux_x86_64"
    assert {"manylinux1_x86_64", "manylinux2010_x86_64"} <= set(NEW.platforms)
    assert (NEW.release, NEW.abi) == ((3, 11), "cp311")
