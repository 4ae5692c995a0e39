"""Who may do what in a store in S3, and what a user is told: least privilege, tenants, TLS, links, wrong settings."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import pytest
from servers import certificates, fault_proxy
from servers.ceph import User

from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem, NotFound, OrchestratorError, UsageError
from orchestrator.store.memory import MemoryBlobs
from orchestrator.store.s3 import open_store
from orchestrator.store.s3.address import Address
from orchestrator.store.s3.blobs import S3Blobs
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.client import Connection, Server
from orchestrator.store.s3.failures import AccessRefused
from orchestrator.store.s3.patience import Patience
from orchestrator.store.s3.records import S3Records
from orchestrator.store.verified import Verified

PART = 5 << 20
QUICK = Patience(attempts=2, base=0.01, connect=2, read=10)
DOCS = Path(__file__).parents[2] / "docs" / "stores.md"
LARGE = bytes(2 * PART)
OTHERS = b"somebody else's"


def policy(role: str) -> dict[str, Any]:
    """The policy in docs/stores.md, as it stands there."""
    text = re.search(rf"<!-- policy: {role} -->\n```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert text, f"docs/stores.md has no policy for a {role}"
    return json.loads(text[1])


class Desk:
    """Users, each with a prefix of the bucket ``shared``; their rights are what the documentation says."""

    def __init__(self, ceph, monkeypatch) -> None:
        self.ceph, self.sign_in = ceph, monkeypatch.setenv
        self.bucket = f"shared-{uuid.uuid4().hex[:8]}"
        ceph.client().create_bucket(Bucket=self.bucket)
        self.statements: list[dict[str, Any]] = []

    def user(self, prefix: str, statements: list[dict[str, Any]]) -> User:
        """A new user, who may do what these statements say, under this prefix."""
        user = self.ceph.user(f"u{uuid.uuid4().hex[:8]}")
        self.statements += self.made_for(user, prefix, statements)
        self.apply(self.statements)
        return user

    def made_for(self, user: User, prefix: str, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        text = json.dumps(statements).replace("BUCKET", self.bucket).replace("PREFIX", prefix)
        principal = {"AWS": [f"arn:aws:iam:::user/{user.name}"]}
        return [
            {**statement, "Sid": f"{statement['Sid']}{user.name}", "Principal": principal}
            for statement in json.loads(text)
        ]

    def apply(self, statements: list[dict[str, Any]]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.ceph.client().put_bucket_policy(Bucket=self.bucket, Policy=document)

    def open(self, user: User, prefix: str, endpoint: str | None = None) -> tuple[S3Blobs, S3Records]:
        user.sign_in(self.sign_in)
        bucket = Bucket(
            Address.parse(f"s3://{self.bucket}/{prefix}"), Connection(Server(endpoint or self.ceph.endpoint), QUICK)
        )
        bucket.ask(lambda s3: None)  # signs in, as this user
        return S3Blobs(bucket, part=PART), S3Records(bucket)

    def begin_uploads(self, prefix: str) -> None:
        """Two uploads of LARGE that somebody else did not finish; one has a part."""
        digest = Digest.of(LARGE)
        target = {"Bucket": self.bucket, "Key": f"{prefix}/blobs/sha256/{digest.hex[:2]}/{digest.hex}"}
        client = self.ceph.client()
        for number in (1, 2):
            upload = client.create_multipart_upload(**target)["UploadId"]
            if number == 1:
                client.upload_part(**target, UploadId=upload, PartNumber=1, Body=bytes(PART))

    def furnish(self, prefix: str) -> None:
        """What somebody else has stored. (Ceph lets everybody read what they wrote themselves.)"""
        blobs, records = self.open(self.ceph.owner, prefix)
        blobs.put(io.BytesIO(OTHERS))
        records.create("runs/zero", OTHERS)

    def unfinished(self) -> list[str]:
        told = self.ceph.client().list_multipart_uploads(Bucket=self.bucket)
        return [item["Key"] for item in told.get("Uploads", [])]


@pytest.fixture
def desk(ceph, monkeypatch) -> Desk:
    return Desk(ceph, monkeypatch)


def work(blobs: S3Blobs, records: S3Records, data: bytes = b"more") -> None:
    """All that a member does, and that it came to what it should."""
    digest = blobs.put(io.BytesIO(b"small"))
    assert blobs.has(digest)
    assert not blobs.has(Digest.of(b"another"))
    with pytest.raises(NotFound):
        blobs.get(Digest.of(b"another"))
    with Verified(blobs).get(digest) as stream:
        assert stream.read() == b"small"
    more = blobs.put(io.BytesIO(data))
    with Verified(blobs).get(Digest.of(OTHERS)) as stream:
        assert stream.read() == OTHERS
    assert {digest, more, Digest.of(OTHERS)} <= set(blobs.list())
    assert (records.read("runs/zero"), records.read("runs/one")) == (OTHERS, None)
    assert (records.create("runs/one", b"1"), records.create("runs/one", b"2")) == (True, False)
    assert (records.read("runs/one"), list(records.list("runs/"))) == (b"1", ["runs/one", "runs/zero"])
    for key in ("claims/adding-1", "live/one", "pins/one"):
        records.create(key, b"")
        records.remove(key)
        assert records.read(key) is None


MEMBER = policy("member")["Statement"]
RESUME = policy("resume")
ACTIONS = [(number, action) for number, statement in enumerate(MEMBER) for action in statement["Action"]]


def test_the_policy_of_a_member_is_enough(desk):
    user = desk.user("team", MEMBER)
    desk.begin_uploads("team")
    desk.furnish("team")
    work(*desk.open(user, "team"), LARGE)
    assert len(desk.unfinished()) == 2, "what others began was taken up: the policy allows more than it says"


@pytest.mark.parametrize("less", ["", *(action for statement in RESUME for action in statement["Action"])])
def test_who_may_see_uploads_takes_them_up(desk, less):
    """With all three actions; with less, work is done all the same."""
    statements = copy.deepcopy(RESUME)
    for statement in statements:
        statement["Action"] = [action for action in statement["Action"] if action != less]
    user = desk.user("team", [*MEMBER, *(statement for statement in statements if statement["Action"])])
    desk.begin_uploads("team")
    desk.furnish("team")
    with fault_proxy.in_front_of(desk.ceph.port) as proxy:
        work(*desk.open(user, "team", proxy.endpoint), LARGE)
        assert (len(desk.unfinished()) == 0) is (less == "")
        assert proxy.count("part") == (1 if less in ("", "s3:AbortMultipartUpload") else 2)


def test_nothing_in_the_policy_of_a_member_can_be_left_out(desk):
    """With any one action less, something fails, and says that these keys may not do it."""
    user = desk.user("unused", MEMBER)
    for turn, (number, action) in enumerate(ACTIONS):
        prefix = f"team{turn}"
        desk.apply(desk.made_for(user, prefix, MEMBER))
        desk.furnish(prefix)
        less = copy.deepcopy(MEMBER)
        less[number]["Action"].remove(action)
        desk.apply(desk.made_for(user, prefix, [statement for statement in less if statement["Action"]]))
        with pytest.raises(AccessRefused, match="these keys may not do") as refused:
            work(*desk.open(user, prefix))
            pytest.fail(f"{action} is not needed")
        assert "docs/stores.md" in refused.value.hint, action


def test_a_member_removes_nothing_and_a_keeper_does(desk):
    member = desk.user("team", MEMBER)
    keeper = desk.user("team", [*MEMBER[:-1], policy("keeper")])
    desk.furnish("team")
    blobs, records = desk.open(member, "team")
    digest = blobs.put(io.BytesIO(b"kept"))
    records.create("runs/one", b"1")
    for act in (lambda: blobs.remove(digest), lambda: blobs.set_aside(digest), lambda: records.remove("runs/one")):
        with pytest.raises(AccessRefused, match="DeleteObject"):
            act()
    assert blobs.has(digest)
    blobs, records = desk.open(keeper, "team")
    records.remove("runs/one")
    work(blobs, records)
    blobs.set_aside(digest)
    blobs.put(io.BytesIO(b"kept"))
    blobs.remove(digest)
    records.remove("runs/one")
    assert (blobs.has(digest), records.read("runs/one")) == (False, None)


def test_tenants_do_not_see_each_other(desk):
    alice = desk.user("team-a", MEMBER)
    bob = desk.user("team-ab", MEMBER)
    desk.furnish("team-ab")
    blobs, records = desk.open(alice, "team-a")
    digest = blobs.put(io.BytesIO(b"of team a"))
    records.create("runs/one", b"1")
    theirs, their_records = desk.open(bob, "team-ab")
    assert (theirs.has(digest), list(theirs.list())) == (False, [Digest.of(OTHERS)])
    assert list(their_records.list("")) == ["runs/zero"]
    work(theirs, their_records)
    blobs, records = desk.open(bob, "team-a")
    for act in (
        lambda: blobs.get(digest),
        lambda: blobs.put(io.BytesIO(b"x")),
        lambda: list(blobs.list()),
        lambda: records.read("runs/one"),
        lambda: records.create("runs/two", b"2"),
        lambda: list(records.list("")),
        lambda: blobs.remove(digest),
    ):
        with pytest.raises(AccessRefused):
            act()
    blobs, records = desk.open(alice, "team-a")
    assert (list(blobs.list()), list(records.list(""))) == ([digest], ["runs/one"])


def test_nothing_outside_the_prefix_is_ever_named(desk):
    user = desk.user("team/one", [*MEMBER, *RESUME])
    desk.begin_uploads("team/one")
    desk.furnish("team/one")
    with fault_proxy.in_front_of(desk.ceph.port) as proxy:
        work(*desk.open(user, "team/one", proxy.endpoint), LARGE)
        for request in proxy.seen:
            (beginning,) = request.query.get("prefix", [request.path.removeprefix(f"/{desk.bucket}/")])
            assert beginning.startswith("team/one/"), request


def test_over_tls(ceph, monkeypatch, tmp_path):
    ceph.owner.sign_in(monkeypatch.setenv)
    made = certificates.make(tmp_path / "certificates")
    url = f"s3://stores/{uuid.uuid4().hex}"
    with fault_proxy.in_front_of(ceph.port, made.context) as proxy:
        assert proxy.endpoint.startswith("https://")
        blobs, records = open_store(url, endpoint=proxy.endpoint, ca=made.authority, patience=QUICK)
        for size in (0, 10, 20 << 20):
            data = os.urandom(size)
            with blobs.get(blobs.put(io.BytesIO(data))) as stream:
                assert stream.read() == data
        assert (records.create("runs/one", b"1"), records.create("runs/one", b"1")) == (True, False)
        assert records.read("runs/one") == b"1"
        proxy.seen.clear()
        with pytest.raises(EnvironmentProblem, match="certificate is signed by nobody") as refused:
            open_store(url, endpoint=proxy.endpoint, patience=QUICK)[1].read("runs/one")
        assert "store-ca" in refused.value.hint
        assert proxy.seen == [], "a request was sent to a server that nobody vouches for"
        with pytest.raises(EnvironmentProblem, match="does not answer"):
            open_store(url, endpoint=proxy.endpoint.replace("https", "http"), patience=QUICK)[1].read("runs/one")


def test_a_link_is_good_without_keys(ceph, s3):
    blobs, _ = open_store(s3[0], endpoint=s3[1])
    digest = blobs.put(io.BytesIO(b"<script>alert(1)</script>"))
    link = blobs.link(digest, 60, 'my "résumé"\r\nX: y/ü.html')
    with urllib.request.urlopen(link) as answer:  # noqa: S310
        assert answer.read() == b"<script>alert(1)</script>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert "\n" not in disposition
    assert "filename*=UTF-8''my%20%22r%C3%A9sum%C3%A9%22%0D%0AX%3A%20y%2F%C3%BC.html" in disposition
    for spoiled in (link[:-3] + "000", link.replace("X-Amz-Expires=60", "X-Amz-Expires=99999"), link.split("?")[0]):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(spoiled)  # noqa: S310


def test_links_that_cannot_be_made(s3):
    blobs, _ = open_store(s3[0], endpoint=s3[1])
    digest = blobs.put(io.BytesIO(b"x"))
    for seconds in (0, -1, 7 * 24 * 3600 + 1):
        with pytest.raises(UsageError, match="seven days"):
            blobs.link(digest, seconds, "x")
    with pytest.raises(NotFound):
        blobs.link(Digest.of(b"absent"), 60, "x")
    with pytest.raises(EnvironmentProblem, match="makes no links"):
        Verified(MemoryBlobs()).link(digest, 60, "x")


SECRET = "very-secret-0123456789"  # noqa: S105  (opens nothing)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": SECRET}, EnvironmentProblem, "the secret key is not the access key's"),
        ({"AWS_ACCESS_KEY_ID": "unknown"}, EnvironmentProblem, "does not know the access key"),
        ({"bucket": "there-is-none"}, UsageError, "no such bucket"),
        ({"endpoint": "http://127.0.0.1:9"}, EnvironmentProblem, "does not answer"),
        ({"AWS_PROFILE": "there-is-none"}, EnvironmentProblem, "keys cannot be had"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_is_wrong_is_told(ceph, s3, monkeypatch, change, kind, said):
    for name in change.keys() & {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"}:
        monkeypatch.setenv(name, change[name])
    url = s3[0].replace("stores", change.get("bucket", "stores"))
    blobs, records = open_store(url, endpoint=change.get("endpoint", s3[1]), patience=QUICK)
    absent = Digest.of(b"absent")
    for act in (
        lambda: records.read("runs/one"),
        lambda: records.create("runs/one", b"1"),
        lambda: list(records.list("")),
        lambda: blobs.has(absent),
        lambda: blobs.put(io.BytesIO(b"x")),
    ):
        with pytest.raises(OrchestratorError, match=said) as told:
            act()
        assert type(told.value) is kind
        assert told.value.hint
        assert SECRET not in f"{told.value}{told.value.hint}"


def test_a_clock_that_is_wrong_is_told(ceph, s3):
    with fault_proxy.in_front_of(ceph.port) as proxy:
        proxy.choose = lambda request: fault_proxy.answer(403, "RequestTimeTooSkewed")
        with pytest.raises(EnvironmentProblem, match="clock is wrong"):
            open_store(s3[0], endpoint=proxy.endpoint, patience=QUICK)[1].read("runs/one")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3://",
        "s3:///x",
        "s3://UPPER/x",
        "http://bucket/x",
        "s3://bucket/../x",
        "s3://bucket/a/./b",
        "s3://bucket/a//b",
        "s3://bucket/a b",
        "s3://bucket/ü",
        "s3://bucket/a?b",
        "s3://bucket/a\nb",
        "s3://user:very-secret-0123456789@bucket/x",
    ],
)
def test_an_address_that_cannot_be_right(url):
    with pytest.raises(UsageError) as refused:
        open_store(url)
    assert SECRET not in f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "host",
        "ftp://host",
        "https://",
        "https://host/path",
        "https://host?x",
        f"https://user:{SECRET}@host",
        "http://[x",
    ],
)
def test_a_server_that_cannot_be_right(endpoint):
    with pytest.raises(UsageError) as refused:
        open_store("s3://bucket/x", endpoint=endpoint)
    assert SECRET not in f"{refused.value}{refused.value.hint}"


def test_a_certificate_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="no such file of certificates"):
        open_store("s3://bucket/x", ca=tmp_path / "none.pem")
