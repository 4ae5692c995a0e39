from __future__ import annotations

import collections
import io
import os
import pickle
import zipfile

import numpy as np
import pytest


def dumped(value, protocol=4) -> bytes:
    return pickle.dumps(value, protocol)


def without_memo(value) -> bytes:
    sink = io.BytesIO()
    pickler = pickle.Pickler(sink, 4)
    pickler.fast = True
    pickler.dump(value)
    return sink.getvalue()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 5])
def test_protocols_are_not_content(look, protocol):
    value = {"a": [1, 2.5, "x", b"y", None, True], "t": (1, (2,)), "o": collections.OrderedDict(k=1)}
    assert look("a.pkl", dumped(value), dumped(value, protocol)).detail == "equal by content (pickle)"


def test_memo_numbers_are_not_content(look):
    assert look("a.pkl", dumped(["x", "y"]), without_memo(["x", "y"])).state == "content"


@pytest.mark.parametrize(
    ("left", "right", "name", "text"),
    [
        ({"a": 1}, {"a": 2}, "a", "1 → 2"),
        ({"a": 1}, {"a": 1.0}, "a", "1 → 1.0"),
        ({"a": True}, {"a": 1}, "a", "True → 1"),
        ({"a": 0.0}, {"a": -0.0}, "a", "0.0 → -0.0"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]", "2 → 3"),
        ([1], [1, 2], "[1]", "only on the right: 2"),
        ({"a": 1}, {"b": 1}, "a", "only on the left: 1"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "(root)", "the same keys in another order"),
        ({1: "x"}, {1: "y"}, "[1]", "'x' → 'y'"),
        ({1, 2}, frozenset({1, 2}), "(root)", "a set of 2 → a frozenset of 2"),
        ({"a": {1}}, {"a": frozenset({1})}, "a", "a set of 1 → a frozenset of 1"),
        ((1, 2), [1, 2], "(root)", "a tuple of 2 → a list of 2"),
        (len, max, "(root)", "builtins.len → builtins.max"),
        (2**5000, 2**5001, "(root)", "an integer of 5001 bits → an integer of 5002 bits"),
        (collections.deque([1]), collections.deque([2]), "[0]", "1 → 2"),
        (complex(1, 2), complex(1, 3), "<arguments>[1]", "2.0 → 3.0"),
    ],
)
def test_what_differs_is_told_by_path(look, told, left, right, name, text):
    assert told(look("a.pkl", dumped(left), dumped(right)))[name] == text


def test_sets_have_no_order(look):
    assert look("a.pkl", b"\x80\x04\x8f(K\x01K\x02\x90.", b"\x80\x04\x8f(K\x02K\x01\x90.").state == "content"


def test_who_refers_to_whom_is_content(look):
    once, twice = [[0], [0]], [[0]] * 2
    found = look("a.pkl", dumped(once), dumped(twice))
    assert found.state == "changed" and "refers to another" in found.children[0].detail


def test_an_object_may_hold_itself_and_be_deep(look):
    def nested(last):
        value: list[object] = [last]
        data = b"\x80\x04" + b"]" * 50_000 + b"K" + bytes([last]) + b"a" * 50_000 + b"."
        return value, data

    loop: list[object] = [1]
    loop.append(loop)
    assert look("a.pkl", dumped(loop), without_loop_memo(loop)).state == "content"
    found = look("a.pkl", nested(1)[1], nested(2)[1])
    assert found.children[0].summary == "1 → 2"


def without_loop_memo(loop) -> bytes:
    """The same, its memo counted from 7."""
    return b"\x80\x04]q\x07(K\x01h\x07e."


def test_shared_parts_are_compared_once(look):
    def doubled(last):
        value = (last,)
        for _ in range(60):
            value = (value, value)
        return dumped(value)

    assert len(look("a.pkl", doubled(1), doubled(2)).children) == 1


def test_arrays_within(look, told):
    one = {"w": np.arange(6.0).reshape(2, 3), "n": np.float32(1), "r": np.array([(1, 2.0)], dtype="i4,f8")}
    other = {**one, "w": one["w"] + np.eye(2, 3)}
    for protocol in (2, 4, 5):
        parts = told(look("a.pkl", dumped(one, protocol), dumped(other, protocol)))
        assert parts == {"w": parts["w"]}
        assert parts["w"].startswith("2 of 6 differ (float64 [2, 3]), first at [0, 0]: 0.0 → 1.0")


def test_several_pickles_in_a_file(look, told):
    assert told(look("a.pkl", dumped(1) + dumped(2), dumped(1) + dumped(3))) == {"(root)": "2 → 3"}
    assert told(look("a.pkl", dumped(1), dumped(1) + dumped(3))) == {"pickle 1": "only on the right: a pickle"}


class Boom:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_nothing_is_executed(look, told, tmp_path):
    touched = tmp_path / "touched"
    found = look("a.pkl", dumped(Boom(touched)), dumped(Boom(f"{touched}2")))
    assert told(found) == {"<arguments>[0]": f"'touch {touched}' → 'touch {touched}2'"}
    plain = look("a.pkl", dumped(Boom(touched)), dumped(1))
    assert told(plain) == {"(root)": f"{os.system.__module__}.system(…) → 1"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04.",
        b"\x80\x04\x90.",
        b"\x80\x04h\x05.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x04K\x01K\x02a.",
        b"\x80\x04}K\x01K\x02K\x03u.",
        b"\x80\x04\x97.",
        b"\x80\x04\x85.",
        b"\x80\x04b.",
    ],
)
def test_damaged_pickles_are_bytes(look, data):
    found = look("a.pkl", data, dumped(1))
    assert (found.state, found.comparator) == ("changed", "bytes") and "not readable as pickle" in found.detail


def test_torch(look, kept, told):
    assert look("a.pt", kept("state.pt"), kept("renamed.pt")).detail == "equal by content (torch)"
    found = look("a.pt", kept("state.pt"), kept("other.pt"))
    (bias,) = found.children
    assert (bias.name, bias.measures["first_index"], bias.measures["differing"]) == ("model.2.bias", "[1]", 1)
    assert bias.measures["dtype"] == "float32" and bias.measures["max_ulps"] > 1
    assert told(look("a.pt", kept("state.pt"), kept("model.pt")))["(root)"].startswith("a dictionary of 5 → torch.nn")


def rewritten(data: bytes, change) -> bytes:
    """The same torch file, its members changed: name → bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(sink, "w") as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
    return sink.getvalue()


def test_torch_views_are_compared_as_tensors(look, kept):
    def other_last(name, data):
        return data[:-4] + np.float32(5).tobytes() if name.endswith("data/0") else data

    found = look("a.pt", kept("state.pt"), rewritten(kept("state.pt"), other_last))
    indices = {child.name: child.measures["first_index"] for child in found.children}
    assert indices == {"model.0.weight": "[2, 3]", "shared[0]": "[2, 3]", "shared[1]": "[3, 2]"}


def test_torch_with_a_storage_cut_short(look, kept):
    def cut(name, data):
        return data[:-4] if name.endswith("data/0") else data

    found = look("a.pt", kept("state.pt"), rewritten(kept("state.pt"), cut))
    assert found.state == "changed" and "not readable as torch: a tensor that does not lie" in found.detail


def test_old_torch_files_differ_by_addresses_alone(look, kept):
    assert look("a.pth", kept("old.pt"), kept("old_again.pt")).detail == "equal by content (torch (old format))"
    (bias,) = look("a.pth", kept("old.pt"), kept("old_other.pt")).children
    assert (bias.name, bias.measures["first_index"]) == ("model.2.bias", "[1]")


def test_joblib(look, kept, told):
    parts = told(look("a.joblib", kept("model.joblib"), kept("other.joblib")))
    assert parts["model.alpha"] == "1.0 → 2.0"
    assert parts["model.coef_"].startswith("2 of 2 differ (float64 [2]), first at [0]: ")
    assert look("a.joblib", kept("packed.joblib"), kept("packed_more.joblib")).state == "content"
    assert look("a.pkl", kept("model.pkl"), kept("model_protocol2.pkl")).detail == "equal by content (pickle)"
    assert set(told(look("a.pkl", kept("model.pkl"), kept("other.pkl")))) == set(parts)


def test_joblib_of_records_dates_and_objects(look, kept, told):
    parts = told(look("a.joblib", kept("forest.joblib"), kept("other_forest.joblib")))
    assert parts["[0].min_samples_leaf"] == "1 → 4"
    assert parts["[1][0][4][1]"] == "1 → 4"
    assert parts["[2]"].startswith("1 of 1 differ (datetime64 [1]), first at [0]: ")
    assert parts["[3]"].startswith("1 of 1 differ (record [1]), first at [0]: ")
    assert parts["[0].estimators_[1].tree_.nodes"].startswith("3 of 5 differ (record [5]), first at [1]: ")


def test_the_fields_of_records_are_compared(look):
    one, other = (dumped(np.array([(1, 2.0)], dtype=[("a", "i4"), (name, "f8")])) for name in "bc")
    assert look("a.pkl", one, other).state == "changed"


def test_dates_of_another_unit_differ(look):
    one, other = (dumped(np.array([3], f"M8[{unit}]")) for unit in "Ds")
    assert look("a.pkl", one, other).state == "changed"


def test_safetensors(look, kept, told):
    note = look("a.safetensors", kept("a.safetensors"), kept("note.safetensors"))
    assert [child.name for child in note.children] == ["__metadata__"]
    parts = told(look("a.safetensors", kept("a.safetensors"), kept("b.safetensors")))
    assert parts["bias"] == "1 of 3 differ (bfloat16 [3]), first at [2]: 2.0 → 7.0, at most 224 ulp apart"
    assert "first at [1, 2]" in parts["weight"]


def test_safetensors_whose_header_is_written_otherwise(look, kept):
    data = kept("a.safetensors")
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length] + b"        "
    spaced = len(header).to_bytes(8, "little") + header + data[8 + length :]
    assert look("a.safetensors", data, spaced).detail == "equal by content (safetensors)"
    assert "no tensor" in look("a.safetensors", data, data + b"hidden").detail


def test_skops(look, kept, told):
    assert look("a.skops", kept("model.skops"), kept("again.skops")).detail == "equal by content (skops)"
    parts = told(look("a.skops", kept("model.skops"), kept("other.skops")))
    assert parts["content.content.alpha.content"] == "1.0 → 2.0"
    assert [name for name in parts if name.endswith(".npy")]
