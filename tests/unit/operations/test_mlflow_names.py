"""Names that MLflow takes: held to MLflow's own opinion."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from mlflow.utils import validation

from orchestrator.operations.mlflow_names import accepted


@given(names=st.sets(st.text(max_size=300) | st.text(alphabet="a/._ (:-", max_size=8), max_size=12))
@example(names={"a(b)", "a_b_", "a[b]"})
@example(names={"", ".", "..", "/", "a//b", "a/../b", "../x", "/x", "x/"})
@example(names={"x" * 250, "x" * 251, "x" * 252})
def test_every_name_gets_one_that_mlflow_takes_and_none_gets_anothers(names):
    found = accepted(names)
    assert found.keys() == names
    assert len(set(found.values())) == len(names)
    for there in found.values():
        validation._validate_metric_name(there)
        validation._validate_param_name(there)
        validation._validate_tag_name(there)
        assert len(there) <= 250


@given(name=st.from_regex(r"[\w][\w\-: ]{0,20}(/[\w][\w\-: ]{0,20})?", fullmatch=True))
def test_what_mlflow_takes_is_left_alone(name):
    assert accepted({name, "(" * 3})[name] == name
