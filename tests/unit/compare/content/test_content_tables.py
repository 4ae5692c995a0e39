from __future__ import annotations

import io
import sqlite3

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet


def hdf5(fill, **how) -> bytes:
    sink = io.BytesIO()
    with h5py.File(sink, "w", **how) as file:
        fill(file)
    return sink.getvalue()


def weights(file, last=1.0, **how):
    file.attrs["backend"] = "x"
    file.create_dataset("layer/w", data=np.array([[0.0, 1], [2, last]], "f4"), **how)
    file["layer"].attrs["names"] = ["a", "b"]
    file["text"] = ["one", "two"]
    file["scalar"] = 3


def test_hdf5(look, told):
    found = look("a.h5", hdf5(weights), hdf5(lambda file: weights(file, 2.0)))
    (node,) = found.children
    assert (found.comparator, node.name, node.measures["first_index"]) == ("HDF5", "layer/w", "[1, 1]")

    def more(file):
        weights(file)
        file["layer"].attrs["names"] = ["a", "c"]
        del file["text"], file["scalar"]
        file["text"], file["scalar"] = ["one", "three"], 3.0
        file["extra/x"] = 1

    parts = told(look("a.h5", hdf5(weights), hdf5(more)))
    assert set(parts) == {"layer@names", "text", "scalar", "extra"}
    assert parts["text"].startswith("1 of 2 differ (object [2]): ") and "'two' → " in parts["text"]
    assert parts["scalar"].startswith("int64 [] → float64 []")


def test_hdf5_layout_and_times_are_not_content(look):
    packed = hdf5(lambda file: weights(file, chunks=(1, 2), compression="gzip"))
    timed = hdf5(lambda file: weights(file, track_times=True))
    for other in (packed, timed, hdf5(weights, libver="latest")):
        assert look("a.h5", hdf5(weights), other).detail == "equal by content (HDF5)"


def test_hdf5_links_are_not_followed(look, told, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret!!")

    def outside(file, target):
        file["link"] = h5py.ExternalLink(target, "/x")
        file["soft"] = h5py.SoftLink("/nowhere")

    found = look("a.h5", *(hdf5(lambda file, to=to: outside(file, to)) for to in ("/a.h5", "/b.h5")))
    assert told(found) == {"link": "a link to /x in /a.h5 → a link to /x in /b.h5"}

    def values_elsewhere(file, note):
        file.create_dataset("x", (8,), "u1", external=str(tmp_path / "secret"))
        file.attrs["note"] = note

    found = look("a.h5", *(hdf5(lambda file, n=n: values_elsewhere(file, n)) for n in (1, 2)))
    assert "not readable as HDF5: a dataset whose values stand in other files" in found.detail


def test_hdf5_references_are_not_taken_for_equal(look):
    def refers(file, to):
        file["a"], file["b"] = 1, 1
        file["r"] = file[to].ref

    found = look("a.h5", *(hdf5(lambda file, to=to: refers(file, to)) for to in "ab"))
    assert found.state == "changed" and "not readable as HDF5: values of type" in found.detail


def database(tmp_path, *statements) -> bytes:
    file = tmp_path / "made.db"
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return file.read_bytes()


TABLE = "CREATE TABLE t (a, b TEXT)"


def test_sqlite(look, told, tmp_path):
    one = database(tmp_path, TABLE, "INSERT INTO t VALUES (1, 'x'), (2, 'y'), (2, 'y')")
    turned = database(tmp_path, TABLE, "INSERT INTO t VALUES (2, 'y'), (1, 'x'), (2, 'y')")
    assert look("a.db", one, turned).detail == "equal by content (SQLite rows)"
    other = database(tmp_path, TABLE, "INSERT INTO t VALUES (1, 'x'), (2.0, 'y'), (2, 'y')")
    found = look("a.db", one, other)
    assert told(found) == {"table t": "1 rows only on the left, 1 only on the right"}
    assert [row.summary for row in found.children[0].children] == [
        "only on the left: (2, 'y')",
        "only on the right: (2.0, 'y')",
    ]
    indexed = database(tmp_path, TABLE, "CREATE INDEX i ON t (a)", "INSERT INTO t VALUES (1, 'x')")
    assert "index i" in told(look("a.db", one, indexed))


def test_sqlite_does_not_run_what_the_file_says(look, tmp_path):
    endless = (
        "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
        'CREATE TABLE "odd ""name" (a)',
    )
    rows = ['INSERT INTO "odd ""name" VALUES (1)', 'INSERT INTO "odd ""name" VALUES (2)']
    sides = [database(tmp_path, *endless, row) for row in rows]
    assert [child.name for child in look("a.db", *sides).children] == ['table odd "name']


def test_a_damaged_database_is_bytes(look, tmp_path):
    one = database(tmp_path, TABLE, *["INSERT INTO t VALUES (1, 'x')"] * 500)
    found = look("a.db", one, one[:5000])
    assert (found.state, found.comparator) == ("changed", "bytes") and "not readable as SQLite rows" in found.detail


def written(table, write=parquet.write_table, **how) -> bytes:
    sink = io.BytesIO()
    write(table, sink, **how)
    return sink.getvalue()


def table(last=2.0):
    return pa.table(
        {
            "x": pa.array([1.0, float("nan"), last]),
            "t": pa.array([1, 2, 3], pa.timestamp("ns")),
            "s": pa.array(["a", None, "c"]),
            "l": pa.array([[1], [], None]),
        }
    )


def test_parquet(look, told):
    parts = told(look("a.parquet", written(table()), written(table(3.0))))
    assert parts == {"x": "1 values differ, first in row 2: 2.0 → 3.0"}
    parts = told(look("a.parquet", written(table()), written(table().slice(0, 2).drop_columns(["l"]))))
    assert {"(rows)", "(columns)", "l"} <= set(parts)


@pytest.mark.parametrize("how", [{"row_group_size": 1}, {"compression": "gzip"}, {"use_dictionary": False}])
def test_parquet_layout_is_not_content(look, how):
    found = look("a.parquet", written(table()), written(table(), **how))
    assert found.detail == "equal by content (Parquet)"


def test_feather(look, told):
    one, other = (written(table(last), feather.write_feather, compression="uncompressed") for last in (2.0, 3.0))
    assert told(look("a.feather", one, other)) == {"x": "1 values differ, first in row 2: 2.0 → 3.0"}
    packed = written(table(), feather.write_feather, compression="zstd")
    assert look("a.feather", one, packed).detail == "equal by content (Arrow)"


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"f": x}, lambda x: [{"f": [x]}]])
def test_parquet_zeros_have_signs(look, told, wrap):
    sides = [written(pa.table({"x": [wrap(zero)]})) for zero in (0.0, -0.0)]
    assert told(look("a.parquet", *sides))["x"].startswith("1 values differ, first in row 0: ")


def test_parquet_dictionaries_and_maps_have_signs(look):
    for values in (lambda x: pa.array([x]).dictionary_encode(), lambda x: pa.array([[("k", x)]], pa.map_("str", "f8"))):
        one, other = (written(pa.table({"x": values(zero)}), feather.write_feather) for zero in (0.0, -0.0))
        assert look("a.feather", one, other).state == "changed"


def test_hdf5_what_a_text_is_and_how_far_a_dataset_grows(look, told):
    texts = [hdf5(lambda file, text=text: file.attrs.__setitem__("a", text)) for text in ("x", b"x")]
    assert set(told(look("a.h5", *texts))) == {"@a"}

    def growing(most):
        return hdf5(lambda file: file.create_dataset("d", (3,), "f4", maxshape=(most,), chunks=(1,)))

    assert told(look("a.h5", growing(None), growing(9))) == {"d (maxshape)": "(None,) → (9,)"}


def test_hdf5_two_names_of_one_object_are_not_two_objects(look, told):
    def twice(file, alias):
        file["x"] = [1]
        file["y"] = file["x"] if alias else [1]

    sides = [hdf5(lambda file, alias=alias: twice(file, alias)) for alias in (False, True)]
    assert len(told(look("a.h5", *sides))) == 1
    timed = hdf5(lambda file: (twice(file, True), file.create_dataset("z", data=1)))
    assert set(told(look("a.h5", sides[1], timed))) == {"z"}


def test_sqlite_bytes_behind_the_last_page(look, told, tmp_path):
    one = database(tmp_path, TABLE)
    found = look("a.db", one + b"x" * 4096, one + b"y" * 4096)
    assert set(told(found)) == {"(behind the last page)"}
