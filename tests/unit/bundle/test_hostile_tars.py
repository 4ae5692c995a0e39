"""Files that are no bundle, or a bundle in a tar that nobody here wrote: refused, and nothing recorded."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from forge import Members, put_together, refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator import operations
from orchestrator.bundle.model import BadBundle, DamagedBundle
from orchestrator.errors import OrchestratorError
from orchestrator.image.tar import header
from orchestrator.workspace import Workspace

END = b"\0" * 1024


def offset(members: Members, number: int) -> int:
    """Where the header of a member begins."""
    return sum(512 + len(data) + -len(data) % 512 for _, data in members[:number])


def patched(bundle: bytes, start: int, at: int, data: bytes, *, honest: bool = True) -> bytes:
    """A bundle with other bytes in the header at ``start``, its checksum made right unless told otherwise."""
    block = bytearray(bundle[start : start + 512])
    block[at : at + len(data)] = data
    if honest:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bundle[:start] + bytes(block) + bundle[start + 512 :]


@pytest.mark.parametrize("number", [0, 1, 2, 5])
@pytest.mark.parametrize("kind", [b"\0", *(bytes([one]) for one in b"1234567xgLKSVMDNAX")])
def test_only_regular_files(bundle, members, nowhere, number, kind):
    """Links, devices, folders, fifos, sparse files, volume headers, PAX and GNU extensions."""
    refused(nowhere, patched(bundle, offset(members, number), 156, kind))


@pytest.mark.parametrize(
    "name",
    [
        b"/etc/passwd\0",
        b"../../etc/passwd\0",
        b"blobs/sha256/../../../x\0",
        b"blobs/sha256/\0",
        b"blobs/sha512/",
        b"Blobs/sha256/",
        b"blobs/SHA256/",
        b"./blobs/sha256/",
        b"blobs//sha256/",
        b"blobs/sha256/AB",
        b"blobs/sha256/\0/../",
        b"blobs/sha256/ \t\n",
        b"records/runs/x\0",
        b"index.json\0",
        "blóbs".encode(),
        b"\xff\xfe",
        b"x" * 100,
    ],
)
def test_no_other_name(bundle, members, nowhere, name):
    assert isinstance(refused(nowhere, patched(bundle, offset(members, 5), 0, name)), BadBundle)


@pytest.mark.parametrize(
    ("at", "data"),
    [
        (124, b"77777777777\0"),  # 8 GiB
        (124, b"00000000000\0"),
        (124, b"00000000001\0"),
        (124, b"           \0"),
        (124, b"-0000000001\0"),
        (124, b"0x000000010\0"),
        (124, b"99999999999\0"),
        (124, b"\0" * 12),
        (124, b"\x80" + b"\xff" * 11),  # base 256
        (124, b"\xff" * 12),  # base 256, negative
        (124, b"777777777777"),  # no end
        (100, b"0004755\0"),  # setuid
        (108, b"0001750\0"),  # owner
        (116, b"0001750\0"),
        (136, b"00000000001\0"),  # time
        (136, b"77777777777\0"),
        (157, b"/etc/passwd\0"),  # a link's target
        (257, b"ustar  \0"),  # GNU
        (257, b"\0" * 8),  # version 7
        (263, b"99"),
        (265, b"root\0"),
        (297, b"root\0"),
        (329, b"0000001\0"),  # device numbers
        (345, b"../../..\0"),  # the prefix of the name
        (345, b"/etc\0"),
        (500, b"hidden"),
    ],
)
@pytest.mark.parametrize("number", [1, 4])
def test_no_other_header(bundle, members, nowhere, number, at, data):
    refused(nowhere, patched(bundle, offset(members, number), at, data))


def test_a_wrong_checksum(bundle, members, nowhere):
    refused(nowhere, patched(bundle, offset(members, 4), 148, b"000000\0 ", honest=False))


def _gnu_long_name(members: Members) -> bytes:
    return header("././@LongLink", 20, 0o644, b"L", 0) + b"/etc/cron.d/evil\0\0\0\0".ljust(512, b"\0")


def _pax(members: Members) -> bytes:
    body = b"28 path=/etc/cron.d/evil\n28 size=99999999999999\n"
    return header("././@PaxHeader", len(body), 0o644, b"x", 0) + body.ljust(512, b"\0")


SHAPES = {
    "nothing": lambda bundle, members: b"",
    "zeros": lambda bundle, members: b"\0" * 10240,
    "one block": lambda bundle, members: bundle[:512],
    "text": lambda bundle, members: b"not a tar\n" * 1000,
    "compressed": lambda bundle, members: gzip.compress(bundle),
    "zip": lambda bundle, members: b"PK\3\4" + bundle,
    "shifted": lambda bundle, members: b"\0" + bundle,
    "doubled": lambda bundle, members: bundle + bundle,
    "something behind": lambda bundle, members: bundle + b"x",
    "zeros behind": lambda bundle, members: bundle + b"\0" * 512,
    "no end": lambda bundle, members: bundle[:-1024],
    "half an end": lambda bundle, members: bundle[:-512],
    "another end": lambda bundle, members: bundle[:-1] + b"x",
    "an end in the middle": lambda bundle, members: put_together(members[:6])[:-1024] + END + put_together(members[6:]),
    "a member twice": lambda bundle, members: put_together([*members[:5], members[4], *members[5:]]),
    "the index twice": lambda bundle, members: put_together([*members[:2], members[1], *members[2:]]),
    "the last twice": lambda bundle, members: put_together([*members, members[-1]]),
    "one more": lambda bundle, members: put_together([*members, ("blobs/sha256/" + "0" * 64, b"x")]),
    "thousands more": lambda bundle, members: put_together([*members, *[(f"x{one}", b"") for one in range(5000)]]),
    "one less": lambda bundle, members: put_together([*members[:5], *members[6:]]),
    "the last missing": lambda bundle, members: put_together(members[:-1]),
    "only documents": lambda bundle, members: put_together(members[:4]),
    "no layout": lambda bundle, members: put_together(members[1:]),
    "another layout": lambda bundle, members: put_together(
        [("oci-layout", b'{"imageLayoutVersion":"2.0.0"}'), *members[1:]]
    ),
    "two swapped": lambda bundle, members: put_together([*members[:4], members[5], members[4], *members[6:]]),
    "index last": lambda bundle, members: put_together([members[0], *members[2:], members[1]]),
    "names swapped": lambda bundle, members: put_together(
        [*members[:4], (members[4][0], members[5][1]), (members[5][0], members[4][1]), *members[6:]]
    ),
    "GNU long name": lambda bundle, members: (
        bundle[: offset(members, 5)] + _gnu_long_name(members) + bundle[offset(members, 5) :]
    ),
    "PAX header": lambda bundle, members: bundle[: offset(members, 5)] + _pax(members) + bundle[offset(members, 5) :],
    "PAX first": lambda bundle, members: _pax(members) + bundle,
    "padding": lambda bundle, members: bundle[: offset(members, 1) - 1] + b"x" + bundle[offset(members, 1) :],
    "a folder first": lambda bundle, members: header("blobs/", 0, 0o755, b"5", 0) + bundle,
    "a symbolic link first": lambda bundle, members: header("blobs", 0, 0o777, b"2", 0, "/etc") + bundle,
    "a hard link": lambda bundle, members: (
        bundle[: offset(members, 4)]
        + header(members[4][0], 0, 0o644, b"1", 0, "/etc/passwd")
        + bundle[offset(members, 5) :]
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_other_shape(bundle, members, nowhere, shape):
    refused(nowhere, SHAPES[shape](bundle, members))


def _by_tarfile(members: Members, form: int) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1700000000
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_bundle_packed_by_another_tar_is_refused_with_a_reason(members, nowhere, form):
    assert "export" in str(refused(nowhere, _by_tarfile(members, form)))


def test_cut_short_at_any_block(bundle, nowhere):
    blocks = len(bundle) // 512
    for block in sorted({2, 3, 4, blocks - 1, blocks - 2, *range(2, blocks, max(1, blocks // 24))}):
        assert isinstance(refused(nowhere, bundle[: block * 512]), DamagedBundle)


def test_cut_short_within_a_block(bundle, nowhere):
    for size in (1, 511, 513, 1500, len(bundle) // 2 + 7, len(bundle) - 1):
        refused(nowhere, bundle[:size])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_noticed(bundle, nowhere, data):
    at = data.draw(st.integers(0, len(bundle) - 1))
    other = data.draw(st.integers(1, 255))
    refused(nowhere, bundle[:at] + bytes([bundle[at] ^ other]) + bundle[at + 1 :])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=4096))
def test_noise(nowhere, noise):
    refused(nowhere, noise)


def test_a_stream_that_comes_in_drops(bundle, tmp_path):
    class Drops(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = io.BytesIO(bundle)

        def read(self, size: int = -1, /) -> bytes:
            return self.rest.read(min(size, 37))

    assert operations.import_(Workspace(tmp_path), Drops()).runs


def test_a_stream_that_never_ends_is_not_read_on(bundle, nowhere):
    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int = -1, /) -> bytes:
            assert 0 <= size <= 1 << 20, "asked for without a limit"
            self.given += size
            assert self.given < 10 << 20, "read on and on"
            return b"\0" * size

    with pytest.raises(OrchestratorError):
        operations.import_(Workspace(nowhere), Endless())


def test_a_blob_of_more_than_8_gib_has_a_pax_header_with_its_size_and_nothing_else():
    """It is announced and compared as all others are; no such file is made here."""
    size = 9 << 30
    name = "blobs/sha256/" + "a" * 64
    whole = header(name, size, 0o644, b"0", 0)
    assert len(whole) == 3 * 512
    with tarfile.open(fileobj=io.BytesIO(whole + END), mode="r:") as archive:
        (member,) = [archive.next()]
    assert (member.name, member.size) == (name, size)
