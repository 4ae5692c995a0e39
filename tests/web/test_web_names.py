"""Nothing that a job can write runs as a script: a corpus in every name and text that a page shows."""

from __future__ import annotations

import pytest
from web_records import points

from orchestrator.operations import annotating

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}{% raw %}${alert(1)}",
    "</textarea></title></style><script>alert(1)</script>",
    '" autofocus onfocus=alert(1) x="',
    "<a href=javascript:alert(1)>click</a>",
    "<div hx-get=/ hx-trigger=load hx-on:load=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "\u202e<ScRiPt>alert(1)</sCrIpT>\u0007\x1b[31m",
    "<!--<script>--><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#34;",
    "a/../../b?run=x&y#z",
]


@pytest.fixture
def hostile(records):
    """A run, its replay and a live one: everything in them that can hold a text holds the corpus."""
    keyed = {text: text for text in CORPUS}
    files = {
        f"outputs/{at}-{text.replace('/', '∕')}{ending}": text.encode()
        for at, text in enumerate(CORPUS)
        for ending in ("", (".html", ".svg", ".csv")[at % 3])
    }
    whole = "\n".join(CORPUS).encode()
    said = {
        "params": keyed,
        "metrics": {text: [(0, 1.0), (1, 2.0)] for text in CORPUS},
        "files": {**files, "outputs/all.json": whole},
        "links": {f"outputs/link{at}": text for at, text in enumerate(CORPUS) if "\0" not in text},
        "console": [("o", whole + b"\n"), ("e", whole)],
        "tags": keyed,
        "notes": tuple(CORPUS),
    }
    first = records.run(CORPUS[1], code={"job.py": whole}, **said)
    other = {**said, "metrics": {text: [(0, 1.0), (1, 3.0)] for text in CORPUS}, "console": [("o", b"x\n")]}
    again, _ = records.replay(first, code={"job.py": whole + b"\nx"}, **other)
    annotating.note(records.workspace, [first.id], "\n".join(CORPUS))
    live = records.live(CORPUS[0], [("o", whole)], b"".join(points(text, [1.0, 2.0]) for text in CORPUS))
    yield first, again, live, records.sweep(2, CORPUS[0], CORPUS[1])
    live.release()


def test_no_name_is_more_than_a_name(tab, records, hostile):
    first, again, live, sweep = hostile
    tab.page.add_init_script(
        "window.violated = []; document.addEventListener('securitypolicyviolation',"
        " (event) => window.violated.push(event.violatedDirective + ' ' + event.blockedURI));"
        "window.alert = () => window.violated.push('alert');"
    )
    paths = [
        "/",
        "/?col=" + "&col=".join(f"metrics.{at}" for at in ("%3Cscript%3E", "%22%3E")),
        "/?where=%3Cscript%3Ealert(1)%3C/script%3E&sort=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
        "/?parent=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&status=%22%3E",
        f"/runs/{first.id}",
        f"/runs/{again.id}",
        f"/runs/{live.request.id}",
        f"/compare?run={first.id}&run={again.id}",
        f"/runs/{first.id}/verdicts/{again.id}",
        "/sweeps",
        f"/sweeps/{sweep.id}",
    ]
    for path in paths:
        page = tab.go(path)
        page.wait_for_timeout(300)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for at in range(6):  # charts are drawn as they come into sight
            page.evaluate(f"scrollTo(0, document.body.scrollHeight * {at} / 5)")
            page.wait_for_timeout(100)
        assert page.evaluate("window.violated") == [], path
        strangers = page.evaluate(
            '() => [...document.querySelectorAll(\'script:not([src^="/static/"]), iframe, object, embed, base,'
            ' [onerror], [onload], [onfocus], [autofocus], a[href^="javascript:"], main style, math, mglyph\')]'
            ".map((one) => one.outerHTML)"
        )
        assert strangers == [], path
    assert [wrong for wrong in tab.wrong if "404" not in wrong] == []
    tab.wrong.clear()


def test_the_corpus_is_shown_as_it_is(client, hostile):
    first, *_ = hostile
    text = client.get(f"/runs/{first.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text and "onerror=alert(1)>" not in text.replace("onerror=alert(1)&gt;", "")
    assert "{{7*7}}" in text


def test_a_hostile_address(client, hostile):
    for path in (
        "/runs/%3Cscript%3E",
        "/sweeps/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/compare?run=%3Cscript%3E&run=%22",
    ):
        answer = client.get(path)
        assert answer.status_code in (400, 404)
        assert "<script>alert" not in answer.text and "<script>'" not in answer.text
