"""Hints: what a run relied on that its plan does not pin, a line each."""

from __future__ import annotations

import pytest
from documents import make_plan

from orchestrator.digest import Digest
from orchestrator.execution.accesses import Accesses, Connection, InputFile, InputFolder
from orchestrator.operations.hints import hints
from orchestrator.plan import Plan

NOWHERE = Digest.of(b"nothing")


def plan(network: str = "none") -> Plan:
    return make_plan(determinism="off", network=network)


def read(path: str, size: int, kind: str = "code") -> Accesses:
    return Accesses(files=(InputFile.model_validate({"path": path, "size": size, "kind": kind}),))


def test_data_among_the_code_is_told():
    assert hints(read("/workspace/train.csv", 12_000_000), plan()) == (
        "train.csv was read from /workspace, 12.0 MB: declare it under `data`, and pass {data.NAME}",
    )


@pytest.mark.parametrize(
    ("path", "size", "told"),
    [
        ("/workspace/a/model.PT", 1 << 16, True),
        ("/workspace/words.json.gz", 1 << 16, True),
        ("/workspace/words.json", 1 << 16, False),
        ("/workspace/words.json", 1 << 20, True),
        ("/workspace/small.csv", (1 << 16) - 1, False),
        ("/workspace/train.py", 1000, False),
    ],
)
def test_what_looks_like_data(path, size, told):
    assert bool(hints(read(path, size), plan())) is told


@pytest.mark.parametrize("kind", ["data", "image", "host"])
def test_only_code_is_meant(kind):
    assert hints(read("/x/train.csv", 1 << 30, kind), plan()) == ()


def test_a_folder_of_small_files_is_data_too():
    many = [
        InputFolder(path=path, files=60, size=2_000_000, kind="code") for path in ("/workspace/images", "/workspace")
    ]
    few = InputFolder(path="/workspace/lib", files=60, size=60_000, kind="code")
    assert hints(Accesses(folders=(*many, few)), plan()) == (
        "60 files of images/ were read from /workspace, 2.0 MB: declare them under `data`, and pass {data.NAME}",
        "60 files of ./ were read from /workspace, 2.0 MB: declare them under `data`, and pass {data.NAME}",
    )


def test_connections_without_a_network():
    tried = Accesses(connections=(Connection(host="example.com", port=443, tries=3),))
    assert hints(tried, plan()) == (
        "the job tried to reach example.com:443: there is no network "
        "(declare the file under `data`, or ask for `network: bridge`)",
    )


def test_connections_with_a_network():
    """A name stands for the addresses that were connected to under the same port."""
    places = [("example.com", 443), ("192.0.2.7", 443), ("2001:db8::1", 443), ("192.0.2.8", 80), ("2001:db8::2", 22)]
    tried = Accesses(connections=tuple(Connection(host=host, port=port, tries=1) for host, port in places))
    assert hints(tried, plan("bridge")) == (
        "the job reached example.com:443: what came from there is not pinned",
        "the job reached 192.0.2.8:80: what came from there is not pinned",
        "the job reached [2001:db8::2]:22: what came from there is not pinned",
    )


def test_a_place_without_a_port():
    tried = Accesses(connections=(Connection(host="example.com", port=0, tries=1),))
    assert hints(tried, plan("bridge"))[0].startswith("the job reached example.com: ")


def test_unread_data():
    assert hints(Accesses(unread=("train",)), plan()) == ("data.train was not read by the job's Python code",)


def test_hints_have_an_end_and_stay_on_their_line():
    many = Accesses(
        files=tuple(InputFile(path=f"/workspace/\x1b{n}\n.csv", size=1 << 20, kind="code") for n in range(9)),
        connections=tuple(Connection(host=f"\x1b{n}.example", port=1, tries=1) for n in range(9)),
    )
    found = hints(many, plan())
    assert len(found) == 12
    assert (found[5], found[11]) == ("4 more files of the code look like data", "4 more places were tried")
    assert all(hint.isprintable() for hint in found)


def test_nothing_to_say():
    assert hints(Accesses(), plan()) == ()
