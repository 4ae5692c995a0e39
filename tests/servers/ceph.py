"""A real S3 server for the tests: Ceph's object gateway on a cluster of one monitor and one disk in memory.

It takes some six seconds to start, and is started only by a test that asks for it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3.session
from botocore.config import Config
from servers.loopback import HOST, free_ports

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WITHIN = 90
_POOLS = (
    ".rgw.root",
    "default.rgw.log",
    "default.rgw.control",
    "default.rgw.meta",
    "default.rgw.buckets.index",
    "default.rgw.buckets.data",
    "default.rgw.buckets.non-ec",
)
_CONFIGURATION = """\
[global]
fsid = {fsid}
mon_host = [v2:{host}:{v2}/0,v1:{host}:{v1}/0]
mon_initial_members = a
public_addr = {host}
cluster_addr = {host}
run_dir = {folder}/run
admin_socket = {folder}/run/$name.asok
pid_file = {folder}/run/$name.pid
log_file = {folder}/log/$name.log
mon_cluster_log_file = {folder}/log/cluster.log
crash_dir = {folder}/log
keyring = {folder}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_max_pg_per_osd = 1000
mon_osd_min_up_ratio = 0
mon_tick_interval = 1
mon_data_avail_warn = 1
mon_data_avail_crit = 1
mon_client_hunt_interval = 0.5
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
auth_allow_insecure_global_id_reclaim = false
[mon.a]
mon_data = {folder}/mon
[osd.0]
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_op_num_shards = 2
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_frontends = beast endpoint={host}:{s3}
rgw_data = {folder}/rgw
rgw_dns_name = localhost
rgw_enable_gc_threads = false
rgw_enable_lc_threads = false
rgw_run_sync_thread = false
rgw_thread_pool_size = 32
"""
_KEYS = {
    "mon.": ["--cap", "mon", "allow *"],
    "client.rgw": ["--cap", "mon", "allow *", "--cap", "osd", "allow *"],
    "client.admin": ["--cap", "mon", "allow *", "--cap", "osd", "allow *"],
    "osd.0": ["--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"],
}


@dataclass(frozen=True)
class User:
    """Someone with a key of their own."""

    name: str
    access_key: str
    secret_key: str

    def sign_in(self, set_variable: Callable[[str, str], object]) -> None:
        """Put the keys where every client looks for them: into the environment."""
        set_variable("AWS_ACCESS_KEY_ID", self.access_key)
        set_variable("AWS_SECRET_ACCESS_KEY", self.secret_key)


@dataclass(frozen=True)
class Ceph:
    """A running server."""

    folder: Path
    port: int
    owner: User
    """May make buckets; no test runs as this user where rights matter."""

    @property
    def endpoint(self) -> str:
        """Where it answers, in plain HTTP."""
        return f"http://{HOST}:{self.port}"

    def client(self, user: User | None = None) -> S3Client:
        """A client of the tests' own, to look behind a store's back."""
        who = user or self.owner
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=who.access_key,
            aws_secret_access_key=who.secret_key,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )

    def user(self, name: str) -> User:
        """A new user, who may do nothing with the buckets of others."""
        made = _run(
            self.folder, "radosgw-admin", "-n", "client.rgw", "user", "create", "--uid", name, "--display-name", name
        )
        key = json.loads(made)["keys"][0]
        return User(name, key["access_key"], key["secret_key"])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Ceph]:
    """A server with nothing in it; ended, with all that it held, when the block ends."""
    mon_v1, mon_v2, s3 = free_ports(3)
    for name in ("mon", "osd", "run", "log", "rgw"):
        (folder / name).mkdir(parents=True)
    fsid = str(uuid.uuid4())
    configuration = _CONFIGURATION.format(folder=folder, host=HOST, fsid=fsid, v1=mon_v1, v2=mon_v2, s3=s3)
    (folder / "ceph.conf").write_text(configuration)
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        _make_monitor(folder, fsid, f"[v2:{HOST}:{mon_v2},v1:{HOST}:{mon_v1}]")
        daemons.append(_daemon(folder, "ceph-mon", "-i", "a"))
        _make_disk(folder)
        daemons.append(_daemon(folder, "ceph-osd", "-i", "0"))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: _run(folder, "ceph", "osd", "pool", "create", name, "1", "1"), _POOLS))
        daemons.append(_daemon(folder, "radosgw", "-n", "client.rgw"))
        server = Ceph(folder, s3, User("owner", "owner-key", "owner-secret"))
        _await(server, daemons)
        _make_owner(server)
        yield server
    finally:
        for daemon in reversed(daemons):  # what is in memory needs no flushing
            daemon.kill()
            daemon.wait()


def _make_monitor(folder: Path, fsid: str, address: str) -> None:
    keyring = str(folder / "keyring")
    for number, (name, caps) in enumerate(_KEYS.items()):
        new = [] if number else ["--create-keyring"]
        _run(folder, "ceph-authtool", *new, keyring, "--gen-key", "-n", name, *caps)
    monmap = str(folder / "monmap")
    _run(folder, "monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, monmap)
    _run(folder, "ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)


def _make_disk(folder: Path) -> None:
    _run(folder, "ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", str(uuid.uuid4()))
    _run(folder, "ceph", "osd", "new", (folder / "osd" / "fsid").read_text().strip())
    _run(folder, "ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=h")


def _make_owner(server: Ceph) -> None:
    owner = server.owner
    keys = ["--access-key", owner.access_key, "--secret-key", owner.secret_key]
    _run(
        server.folder, "radosgw-admin", "-n", "client.rgw", "user", "create", "--uid", owner.name, *keys,
        "--display-name", owner.name,
    )  # fmt: skip


def _run(folder: Path, *argv: str) -> bytes:
    configured = [] if argv[0] in ("ceph-authtool", "monmaptool") else ["-c", str(folder / "ceph.conf")]
    done = subprocess.run([argv[0], *configured, *argv[1:]], capture_output=True, timeout=_WITHIN)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr.decode(errors='replace')}"
    return done.stdout


def _daemon(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / "log" / f"{program}.out").open("wb") as sink:
        return subprocess.Popen(
            [program, "-f", "-c", str(folder / "ceph.conf"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )


def _await(server: Ceph, daemons: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + _WITHIN
    while True:
        try:
            urllib.request.urlopen(server.endpoint, timeout=5).close()  # noqa: S310
            return
        except (urllib.error.URLError, OSError) as error:
            dead = [daemon.args for daemon in daemons if daemon.poll() is not None]
            assert not dead, f"{dead} ended; see {server.folder}/log"
            assert time.monotonic() < until, f"the S3 server does not answer: {error}"
            time.sleep(0.1)
