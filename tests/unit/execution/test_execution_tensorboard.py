"""Event files of a run become series: what they are called, and what stands beside what."""

from __future__ import annotations

from pathlib import Path

import pytest
from event_writer import VERSION, record, scalar, start
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution.columns import Room
from orchestrator.execution.tensorboard import Scalars, is_event_file, read

FILE = "events.out.tfevents.1700000000.orchestrator"


@pytest.fixture
def logged(tmp_path: Path):
    """Reads event files that are laid down: artifact path -> what is in it."""

    def lay_down_and_read(files: dict[str, bytes], room: Room | None = None) -> Scalars:
        places = {}
        for number, (path, content) in enumerate(files.items()):
            places[path] = tmp_path / f"blob{number}"
            places[path].write_bytes(content)
        return read(places, room)

    return lay_down_and_read


def loss(*values: float) -> bytes:
    return VERSION + b"".join(scalar(b"loss", step, value) for step, value in enumerate(values))


def names(scalars: Scalars) -> dict[str, float]:
    """The first value of each series tells where it came from."""
    return {name: next(iter(series))[1] for name, series in scalars.series.items()}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("outputs/" + FILE, True),
        ("workspace/runs/x/events.out.tfevents.1.host.5.0.v2", True),
        ("outputs/tfevents/model.pt", False),
        ("outputs/events.out", False),
    ],
)
def test_which_files_are_event_files(path, answer):
    assert is_event_file(path) is answer


def test_other_files_are_not_looked_at(logged):
    assert logged({"outputs/model.pt": loss(1.0), "outputs/tfevents/x": loss(1.0)}) == Scalars({}, ())
    assert logged({}) == Scalars({}, ())


NOV, DEC = "Nov24_12-00-00_orchestrator", "Dec01_00-00-00_orchestrator"


@pytest.mark.parametrize(
    ("folders", "wanted"),
    [
        (["outputs/logs/deep"], ["loss"]),
        (["outputs/logs/train", "outputs/logs/val"], ["train/loss", "val/loss"]),
        (["outputs/logs", "outputs/logs/a/b"], ["loss", "a/b/loss"]),
        (["outputs/tb", "workspace/runs"], ["outputs/tb/loss", "workspace/runs/loss"]),
        ([f"workspace/runs/{NOV}"], ["loss"]),
        ([f"workspace/runs/{NOV}", f"workspace/runs/{NOV}/val"], ["loss", "val/loss"]),
        ([f"workspace/runs/{DEC}", f"workspace/runs/{NOV}/val"], ["loss", "val/loss"]),
        ([f"workspace/runs/{NOV}LR_0.1", f"workspace/runs/{NOV}LR_0.2"], ["LR_0.1/loss", "LR_0.2/loss"]),
        (["outputs/a", "outputs/Nov24_12-00-00_elsewhere-x/b"], ["a/loss", "b/loss"]),
        (["outputs", "outputs/1700000000.123"], ["loss", "loss~2"]),
        (["outputs/20261124-120000/x", "outputs/2026-11-24_12-00-05.123/y"], ["x/loss", "y/loss"]),
        (["outputs/run-1", "outputs/2026", "outputs/999999999", "outputs/20261124", "outputs/1.5"],
         ["run-1/loss", "2026/loss", "999999999/loss", "20261124/loss", "1.5/loss"]),
    ],
)  # fmt: skip
def test_a_folder_gives_its_name_unless_it_only_tells_a_time(logged, folders, wanted):
    files = {f"{folder}/{FILE}": loss(float(number)) for number, folder in enumerate(folders)}
    assert names(logged(files)) == {name: float(number) for number, name in enumerate(wanted)}


def test_a_time_in_the_name_changes_nothing(logged):
    """Two executions of one script."""
    first, second = (
        logged(
            {
                f"workspace/runs/{folder}/{FILE}": loss(1.0, 2.0),
                f"workspace/runs/{folder}/{time}.25/events.out.tfevents.{time}.orchestrator": loss(0.5),
                f"workspace/runs/{folder}/{time}.3/events.out.tfevents.{time}.orchestrator": loss(0.25),
            }
        )
        for folder, time in ((NOV, 1700000000), (DEC, 1800000000))
    )
    assert first == second
    assert names(first) == {"loss": 1.0, "loss~2": 0.5, "loss~3": 0.25}


def test_files_of_one_folder_go_on_from_each_other(logged):
    parts = {f"outputs/{FILE}.7.{number}": scalar(b"loss", number, float(number)) for number in (10, 9, 0)}
    assert list(logged(parts).series["loss"]) == [(0, 0.0), (9, 9.0), (10, 10.0)]
    same_step = {f"outputs/{FILE}.7.{number}": scalar(b"loss", 5, float(number)) for number in (10, 9, 0)}
    assert list(logged(same_step).series["loss"]) == [(5, 0.0), (5, 9.0), (5, 10.0)]


def test_a_writer_that_begins_anew_takes_back(logged):
    first, second = record(start(0)) + loss(1.0, 1.0, 1.0), record(start(1)) + scalar(b"loss", 1, 2.0)
    together = logged({f"outputs/{FILE}.0": first, f"outputs/{FILE}.1": second})
    assert list(together.series["loss"]) == [(0, 1.0), (1, 2.0)]
    apart = logged({f"outputs/a/{FILE}": first, f"outputs/b/{FILE}": second})
    assert [len(series) for series in apart.series.values()] == [3, 1]


def test_two_sources_of_one_name_stay_apart(logged):
    found = logged(
        {
            f"outputs/{FILE}": scalar(b"a/loss", 0, 1.0) + scalar(b"a/loss~2", 0, 2.0),
            f"outputs/a/{FILE}": scalar(b"loss", 0, 3.0),
            f"outputs/1700000000.5/{FILE}": scalar(b"a/loss", 0, 4.0),
        }
    )
    assert names(found) == {"a/loss": 1.0, "a/loss~2": 2.0, "a/loss~3": 4.0, "a/loss~4": 3.0}


def test_names_that_are_not_utf8(logged):
    found = logged({f"outputs/ä/{FILE}": scalar(b"\xffx", 0, 1.0) + scalar(b"\\xffx", 0, 2.0), f"outputs/{FILE}": b""})
    assert names(found) == {"ä/\\xffx": 2.0, "ä/\\xffx~2": 1.0}


def test_a_name_that_is_too_long_with_its_folder(logged):
    files = {f"outputs/a/{FILE}": scalar(b"x" * 1022, 0, 1.0), f"outputs/bb/{FILE}": scalar(b"x" * 1022, 0, 1.0)}
    found = logged(files)
    assert list(found.series) == ["a/" + "x" * 1022]
    assert found.notes == ("1 metrics were left out: with its folder a name has more than 1024 bytes",)


def test_notes_name_the_file(logged):
    found = logged({f"outputs/a/{FILE}": loss(1.0)[:-1], f"outputs/b/{FILE}": b"garbage"})
    assert found.notes == (f"outputs/a/{FILE}: cut short after 1 events", f"outputs/b/{FILE}: cut short after 0 events")
    assert found.series == {}


def test_the_room_is_for_all_files_together(logged):
    files = {f"outputs/{folder}/{FILE}": loss(1.0, 2.0) for folder in "abc"}
    found = logged(files, Room(points=3))
    assert [len(series) for series in found.series.values()] == [2, 1]
    assert len(found.notes) == 2


def test_points_stand_by_step(logged):
    data = b"".join(scalar(b"loss", step, value) for step, value in [(2, 1.0), (-1, 2.0), (2, 0.5)])
    assert list(logged({f"outputs/{FILE}": data}).series["loss"]) == [(-1, 2.0), (2, 1.0), (2, 0.5)]


parts = st.sampled_from([NOV, DEC, "1700000000.5", "a", "b", "~2", "20261124-120000"])
paths = st.lists(parts, max_size=3).map(lambda folders: "/".join(["outputs", *folders, FILE]))


@given(
    st.dictionaries(paths, st.lists(st.sampled_from([b"loss", b"a/loss", b"loss~2", b"\xff"])), max_size=5),
    st.randoms(),
)
def test_every_source_has_a_name_of_its_own(tmp_path_factory, files, random):
    """Whatever the order in which they are found."""
    folder = tmp_path_factory.mktemp("files")
    places = {}
    for number, (path, tags) in enumerate(files.items()):
        places[path] = folder / str(number)
        places[path].write_bytes(b"".join(scalar(tag, 0, 1.0) for tag in tags))
    found = read(places)
    assert len(found.series) == sum(len(set(tags)) for tags in files.values())
    shuffled = list(places.items())
    random.shuffle(shuffled)
    assert read(dict(shuffled)) == found
