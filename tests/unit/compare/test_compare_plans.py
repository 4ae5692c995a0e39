from __future__ import annotations

import io

import pytest
from documents import make_base, make_plan

from orchestrator.compare.difference import Difference
from orchestrator.compare.plans import compare_plans
from orchestrator.determinism.controls import Controls
from orchestrator.digest import Digest
from orchestrator.lock.model import DebianBase, DebPin, LayerPin, Lock, WheelPin
from orchestrator.plan import DataPin, ImagePin, Plan
from orchestrator.runspec.model import Resources, VerifySpec

ONE, TWO = Digest.of(b"1"), Digest.of(b"2")
CHANGES = {
    "image": ImagePin(manifest=TWO, config=ONE, lock=ONE),
    "code": TWO,
    "data": {"train": DataPin(kind="file", digest=TWO, mount="/data/train")},
    "agent": TWO,
    "interpreter": "/usr/bin/python3.12",
    "command": ("python", "b.py"),
    "params": {"lr": 0.2},
    "env": {"A": "2"},
    "secrets": {"TOKEN": "env:TOKEN"},
    "seed": 1,
    "determinism": "strict",
    "controls": Controls(hash=True),
    "interposer": TWO,
    "resources": Resources(cpus=4),
    "network": "bridge",
    "exclude": ("*.tmp",),
    "verify": VerifySpec(metrics="ignore"),
    "ingest": ("tensorboard",),
}


@pytest.fixture
def plan() -> Plan:
    return make_plan(
        image=ImagePin(manifest=ONE, config=ONE, lock=ONE),
        code=ONE,
        data={"train": DataPin(kind="file", digest=ONE, mount="/data/train")},
        agent=ONE,
        command=("python", "a.py"),
        params={"lr": 0.1},
        env={"A": "1"},
    )


def lock(bench, wheels: dict[str, str], debs: dict[str, str]) -> Digest:
    pins = tuple(
        DebPin(package=name, version=version, architecture="amd64", sha256=ONE, size=1)
        for name, version in debs.items()
    )
    layer = LayerPin(diff_id=ONE, size=1)
    base = DebianBase(recipe=ONE, rootfs=layer, interpreter="/p", python="3.11.2", glibc="2.36", debs=pins)
    document = Lock(
        builder="1",
        python="3.11",
        requirements=(),
        base=make_base(
            name="python3.11",
            origin=bench.blobs.put(io.BytesIO(base.to_bytes())),
            layers=(layer,),
            interpreter="/p",
        ),
        wheels=tuple(
            WheelPin(
                name=name,
                version=version.partition("@")[0],
                file=f"{name}.whl",
                sha256=Digest.of(version.encode()),
            )
            for name, version in wheels.items()
        ),
        layers=(),
    )
    return bench.blobs.put(io.BytesIO(document.to_bytes()))


def at(difference: Difference, *path: str) -> Difference:
    for name in path:
        found = difference.child(name)
        assert found is not None, name
        difference = found
    return difference


def test_a_plan_equals_itself_and_no_blob_is_read(bench, plan):
    assert compare_plans(plan, plan, bench.blobs).equal
    assert bench.opened == []


def test_every_field_is_covered():
    assert set(CHANGES) == set(Plan.model_fields) - {"format"}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_field_is_the_only_change(bench, plan, field):
    other = Plan.model_validate({**plan.model_dump(), field: CHANGES[field]})
    difference = compare_plans(plan, other, bench.blobs)
    assert [child.name for child in difference.changes] == [field]
    assert (difference.left, difference.right) == (plan.digest, other.digest)


def test_params_env_and_resources_by_name(bench, plan):
    other = plan.model_copy(update={"params": {"lr": 0.2, "n": 1}, "resources": Resources(cpus=4)})
    difference = compare_plans(plan, other, bench.blobs)
    assert [(child.name, child.state) for child in at(difference, "params").children] == [
        ("lr", "changed"),
        ("n", "added"),
    ]
    assert [child.name for child in at(difference, "resources").changes] == ["cpus"]


def test_code_is_opened_to_its_files(bench, plan):
    left = plan.model_copy(update={"code": bench.tree({"a.py": b"1", "b.py": b"2"})})
    right = plan.model_copy(update={"code": bench.tree({"a.py": b"X", "c.py": b"3"})})
    states = [(c.name, c.state) for c in at(compare_plans(left, right, bench.blobs), "code").children]
    assert states == [("a.py", "changed"), ("b.py", "removed"), ("c.py", "added")]


def test_data_by_name(bench, plan):
    def tree(content: bytes) -> DataPin:
        return DataPin(kind="tree", digest=bench.tree({"part": content}), mount="/data/t")

    left = plan.model_copy(update={"data": {"t": tree(b"1"), "old": tree(b"1")}})
    right = plan.model_copy(update={"data": {"t": tree(b"2"), "new": tree(b"1")}})
    data = at(compare_plans(left, right, bench.blobs), "data")
    assert [(child.name, child.state) for child in data.children] == [
        ("new", "added"),
        ("old", "removed"),
        ("t", "changed"),
    ]
    assert at(data, "t", "content", "part").state == "changed"


def test_locks_are_opened_to_their_packages(bench, plan):
    def pinned(digest: Digest) -> Plan:
        return plan.model_copy(update={"image": ImagePin(manifest=ONE, config=ONE, lock=digest)})

    left = lock(bench, {"numpy": "1.0", "same": "1", "old": "1", "rebuilt": "1"}, {"libc6": "2.36-1"})
    right = lock(bench, {"numpy": "2.0", "same": "1", "new": "1", "rebuilt": "1@other"}, {"libc6": "2.36-2"})
    node = at(compare_plans(pinned(left), pinned(right), bench.blobs), "image", "lock")
    packages = {child.name: child for child in at(node, "packages").changes}
    assert {name: child.state for name, child in packages.items()} == {
        "numpy": "changed",
        "old": "removed",
        "new": "added",
        "rebuilt": "changed",
    }
    assert (packages["numpy"].left, packages["numpy"].right) == ("1.0", "2.0")
    assert (packages["old"].left, packages["new"].right) == ("1", "1")
    assert packages["rebuilt"].detail == "another file of version 1"
    assert at(node, "base", "debs", "libc6:amd64").summary == "2.36-1 → 2.36-2"


def test_a_lock_that_is_not_here_is_said_to_be_missing(bench, plan):
    other = plan.model_copy(update={"image": ImagePin(manifest=ONE, config=ONE, lock=TWO)})
    node = at(compare_plans(plan, other, bench.blobs), "image", "lock")
    assert node.state == "changed"
    assert node.detail == f"not in this store: {ONE.short}, {TWO.short}"
