"""Large blobs in S3: in parts, taken up again after a crash, by several at once; and damage that is healed."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from servers import fault_proxy

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, NotFound, UsageError
from orchestrator.store.s3.address import Address
from orchestrator.store.s3.blobs import S3Blobs
from orchestrator.store.s3.bucket import Bucket
from orchestrator.store.s3.client import Connection, Server
from orchestrator.store.s3.source import measured, part_size
from orchestrator.store.streams import from_chunks
from orchestrator.store.verified import Verified

PART = 5 << 20
PARTS = 6
fork = multiprocessing.get_context("fork")


def open_blobs(url: str, endpoint: str) -> S3Blobs:
    return S3Blobs(Bucket(Address.parse(url), Connection(Server(endpoint))), part=PART)


@pytest.fixture
def blobs(s3) -> S3Blobs:
    return open_blobs(*s3)


@pytest.fixture
def large(tmp_path) -> Path:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(PARTS * PART - 77))
    return file


def put_file(blobs, file: Path) -> Digest:
    with file.open("rb") as stream:
        return blobs.put(stream)


def read(blobs, digest: Digest) -> bytes:
    with Verified(blobs).get(digest) as stream:
        return stream.read()


def uploads_begun(ceph, url: str) -> list[str]:
    told = ceph.client().list_multipart_uploads(Bucket="stores", Prefix=Address.parse(url).prefix + "/")
    return [item["Key"] for item in told.get("Uploads", [])]


def key_of(url: str, digest: Digest) -> str:
    return f"{Address.parse(url).prefix}/blobs/sha256/{digest.hex[:2]}/{digest.hex}"


UPLOADING = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from test_s3_uploads import open_blobs, put_file
put_file(open_blobs(*sys.argv[1:3]), Path(sys.argv[3]))
"""


def test_an_upload_that_was_killed_goes_on_with_the_parts_that_are_there(ceph, s3, large):
    """kill -9 while some parts have come and others are on their way."""
    killed = threading.Event()
    with fault_proxy.in_front_of(ceph.port) as proxy:
        proxy.choose = lambda request: (
            fault_proxy.held(killed) if request.kind == "part" and proxy.count("part") > 2 else None
        )
        arguments = [s3[0], proxy.endpoint, str(large), str(Path(__file__).parent), str(Path(__file__).parents[1])]
        child = subprocess.Popen([sys.executable, "-c", UPLOADING, *arguments])
        while proxy.count("part") < 6 and child.poll() is None:
            time.sleep(0.02)
        assert child.poll() is None, "the upload ended before it could be killed"
        until = time.monotonic() + 60
        while parts_there(ceph, s3[0]) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
        killed.set()
        direct = open_blobs(*s3)
        digest = Digest.of(large.read_bytes())
        assert (direct.has(digest), list(direct.list())) == (False, [])

        proxy.choose = lambda request: None
        proxy.seen.clear()
        assert put_file(open_blobs(s3[0], proxy.endpoint), large) == digest
        assert proxy.count("part") == PARTS - 2
        assert proxy.count("begin") == 0
    assert read(direct, digest) == large.read_bytes()
    assert uploads_begun(ceph, s3[0]) == []


def parts_there(ceph, url: str) -> int:
    client, count = ceph.client(), 0
    told = client.list_multipart_uploads(Bucket="stores", Prefix=Address.parse(url).prefix + "/")
    for item in told.get("Uploads", []):
        listed = client.list_parts(Bucket="stores", Key=item["Key"], UploadId=item["UploadId"])
        count += len(listed.get("Parts", []))
    return count


def test_a_part_of_other_bytes_is_sent_again(ceph, s3, blobs, large):
    """What another program left in an upload of this name is not built upon."""
    digest = Digest.of(large.read_bytes())
    target = {"Bucket": "stores", "Key": key_of(s3[0], digest)}
    client = ceph.client()
    upload = client.create_multipart_upload(**target)["UploadId"]
    for number in (1, 2, 9):
        client.upload_part(**target, UploadId=upload, PartNumber=number, Body=os.urandom(PART))
    assert put_file(blobs, large) == digest
    assert read(blobs, digest) == large.read_bytes()
    assert uploads_begun(ceph, s3[0]) == []


def test_many_processes_put_one_large_blob(ceph, s3, large):
    barrier = fork.Barrier(5)

    def one() -> None:
        store = open_blobs(*s3)
        barrier.wait()
        put_file(store, large)

    workers = [fork.Process(target=one) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 5
    blobs, digest = open_blobs(*s3), Digest.of(large.read_bytes())
    assert list(blobs.list()) == [digest]
    assert read(blobs, digest) == large.read_bytes()


def test_a_client_survives_a_fork(blobs):
    parents = blobs.put(io.BytesIO(b"the parent's"))
    child = fork.Process(target=lambda: sys.exit(read(blobs, parents) != b"the parent's"))
    child.start()
    assert [read(blobs, parents) for _ in range(20)] == [b"the parent's"] * 20
    child.join()
    assert child.exitcode == 0


def test_a_large_stream_that_is_no_file(blobs, large, tmp_path):
    data = large.read_bytes()
    pieces = (data[start : start + 300_000] for start in range(0, len(data), 300_000))
    assert read(blobs, blobs.put(from_chunks(pieces))) == data


def test_the_same_large_blob_is_not_sent_twice(ceph, s3, large):
    with fault_proxy.in_front_of(ceph.port) as proxy:
        blobs = open_blobs(s3[0], proxy.endpoint)
        digest = put_file(blobs, large)
        first = proxy.count("part")
        assert (put_file(blobs, large), first, proxy.count("part")) == (digest, PARTS, PARTS)


@pytest.mark.parametrize("how", ["gone", "others", "shorter", "longer"])
@pytest.mark.parametrize("size", [1000, 2 * PART + 5])
def test_putting_the_blob_again_heals_it(ceph, s3, blobs, how, size):
    data = os.urandom(size)
    digest = blobs.put(io.BytesIO(data))
    target = {"Bucket": "stores", "Key": key_of(s3[0], digest)}
    damaged = {"others": os.urandom(size), "shorter": data[:-1], "longer": data + b"x"}
    if how == "gone":
        ceph.client().delete_object(**target)
    else:
        ceph.client().put_object(**target, Body=damaged[how])
    assert blobs.has(digest) is (how == "others")  # the number of bytes is all that can be seen without reading
    with pytest.raises(Corruption):
        read(blobs, digest)
    assert blobs.put(io.BytesIO(data)) == digest
    assert blobs.has(digest)
    assert read(blobs, digest) == data


@pytest.mark.parametrize("marker", [b"", b"{}", b'{"size": 3}', b"[]", b"\xff", b'{"digest":"sha256:00","size":3}'])
def test_a_damaged_marker_is_no_marker_and_is_healed(ceph, s3, blobs, marker):
    digest = blobs.put(io.BytesIO(b"abc"))
    key = f"{Address.parse(s3[0]).prefix}/commits/sha256/{digest.hex}"
    ceph.client().put_object(Bucket="stores", Key=key, Body=marker)
    blobs = impatient(s3)
    assert not blobs.has(digest)
    with pytest.raises(Corruption, match="marker"):
        blobs.get(digest)
    blobs.put(io.BytesIO(b"abc"))
    assert (blobs.has(digest), read(blobs, digest)) == (True, b"abc")


def impatient(s3) -> S3Blobs:
    from orchestrator.store.s3.patience import Patience

    return S3Blobs(Bucket(Address.parse(s3[0]), Connection(Server(s3[1]), Patience(attempts=2, base=0.01))))


def test_bytes_without_a_marker_are_no_blob(ceph, s3, blobs):
    digest = Digest.of(b"abc")
    ceph.client().put_object(Bucket="stores", Key=key_of(s3[0], digest), Body=b"abc")
    assert (blobs.has(digest), list(blobs.list())) == (False, [])
    with pytest.raises(NotFound):
        blobs.get(digest)


@pytest.mark.parametrize("size", [1000, 2 * PART + 5])
def test_removed_and_set_aside(ceph, s3, blobs, size):
    data = os.urandom(size)
    digest = blobs.put(io.BytesIO(data))
    place = blobs.set_aside(digest)
    assert place.startswith(f"{s3[0]}/damaged/{digest.hex}")
    key = place.removeprefix("s3://stores/")
    assert ceph.client().get_object(Bucket="stores", Key=key)["Body"].read() == data
    assert not blobs.has(digest)
    with pytest.raises(NotFound):
        blobs.set_aside(digest)
    blobs.put(io.BytesIO(data))
    assert (blobs.size(digest), blobs.since(digest) > time.time() - 3600) == (size, True)
    blobs.remove(digest)
    blobs.remove(digest)
    assert (blobs.has(digest), list(blobs.list())) == (False, [])
    with pytest.raises(NotFound):
        blobs.size(digest)
    with pytest.raises(NotFound):
        blobs.since(digest)


def test_a_file_that_changes_while_it_is_sent_is_not_stored(blobs, large):
    with large.open("rb") as stream, measured(stream, None, PART) as source:
        with large.open("r+b") as writer:
            writer.write(b"changed")
        with pytest.raises(UsageError, match="changed"):
            source.read(source.parts[0])
        source.read(source.parts[1])


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 5 << 40])
def test_an_object_has_no_more_parts_than_s3_allows(size):
    length = part_size(size, PART)
    assert length >= PART
    assert -(-size // length) <= 10_000
