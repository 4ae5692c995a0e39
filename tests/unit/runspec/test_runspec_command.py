"""Commands: words first, placeholders after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import SpecError
from orchestrator.runspec import command
from orchestrator.runspec.load import parse

PARAMS = {"lr": 0.1, "on": True, "n": 3, "text": "two words; 'x'", "a.b": "{params.n}"}
MOUNTS = {"train": "/data/train"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("python t.py --lr {params.lr}", ("python", "t.py", "--lr", "0.1")),
        ("t --on={params.on} {params.n}", ("t", "--on=true", "3")),
        ("t {params.text}", ("t", "two words; 'x'")),
        ("t '{params.text} !'", ("t", "two words; 'x' !")),
        ("t {data.train}/x", ("t", "/data/train/x")),
        ("t {params.a.b}", ("t", "{params.n}")),
        ("t {{params.n}} {{}} {{{params.n}}}", ("t", "{params.n}", "{}", "{3}")),
        ("t a&&b $HOME `x`", ("t", "a&&b", "$HOME", "`x`")),
        (("t", "a", "&&", "b"), ("t", "a", "&&", "b")),
        (("t", "a b", "{params.n}", ""), ("t", "a b", "3", "")),
    ],
)
def test_expand(line, words):
    assert command.expand(line, PARAMS, MOUNTS) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (1e-05, "1e-05"), (1.0, "1.0"), (7, "7"), ("x", "x")],
)
def test_render(value, text):
    assert command.render(value) == text


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("t {params.rl}", "unknown placeholder `{params.rl}`; did you mean `{params.lr}`?"),
        ("t {lr}", "unknown placeholder `{lr}`; did you mean `{params.lr}`?"),
        ("t {train}", "unknown placeholder `{train}`; did you mean `{data.train}`?"),
        ("t {data.trian}", "unknown placeholder `{data.trian}`; did you mean `{data.train}`?"),
        ("t {params.}", "unknown placeholder `{params.}`; did you mean `{params.n}`?"),
        ("t {", "a single `{` in `{`; a literal brace is written twice"),
        ("t a}b", "a single `}` in `a}b`; a literal brace is written twice"),
        ("t 'x", "cannot be split into words: no closing quotation"),
        ("t x\\", "cannot be split into words: no escaped character"),
        ("", "the command is empty"),
        ("  ", "the command is empty"),
        ("''", "the command is empty"),
        ((), "the command is empty"),
        ("x" * (command.MAX_LINE + 1), "a command line of more than 131072 characters"),
    ],
)  # fmt: skip
def test_problems(line, problem):
    assert [found.message for found in command.check(line, PARAMS, MOUNTS)] == [problem]
    with pytest.raises(SpecError) as caught:
        command.expand(line, PARAMS, MOUNTS)
    assert caught.value.findings == [f"run.command: {problem}"]


def test_nothing_to_suggest():
    (problem,) = command.check("t {foo}", (), ())
    assert problem.message == (
        "unknown placeholder `{foo}`; known here: none: there are no params and no data; "
        "literal braces are written twice"
    )


def test_problems_are_bounded():
    assert len(command.check("".join(f"{{q{n}}}" for n in range(9000)), PARAMS, ())) == command.MAX_PROBLEMS


@given(st.lists(st.text(max_size=8), min_size=1), st.text(max_size=20))
def test_a_value_is_never_split(words, value):
    literal = [word.replace("{", "{{").replace("}", "}}") for word in words]
    got = command.expand(("t", *literal, "{params.x}"), {"x": value}, {})
    assert got == ("t", *words, value)


def test_findings_stand_at_the_word():
    text = b"version: 1\nname: x\nparams: {lr: 1}\nrun:\n  command:\n    - t\n    - '{params.rl}'\n    - '{'\n"
    with pytest.raises(SpecError) as caught:
        parse(text, "s")
    assert caught.value.findings == [
        "s:7:7: unknown placeholder `{params.rl}`; did you mean `{params.lr}`?",
        "s:8:7: a single `{` in `{`; a literal brace is written twice",
    ]


def test_findings_stand_at_the_line_and_beside_others():
    with pytest.raises(SpecError) as caught:
        parse(b"version: 1\nname: x\nrun: {command: '{params.x} {data.y} }'}\nseed: x\n", "s")
    assert [finding.partition(": ")[0] for finding in caught.value.findings] == ["s:3:16"] * 3 + ["s:4:7"]


@pytest.mark.parametrize("word", ["&&", "|", ">", "2>&1", ";"])
def test_a_line_with_a_shells_words_is_refused_and_a_list_is_not(word):
    (problem,) = command.check(f"t a {word} b", {}, {})
    assert problem.message.startswith(f"there is no shell: {word} would be an argument")
    assert command.check(("t", "a", word, "b"), {}, {}) == []
