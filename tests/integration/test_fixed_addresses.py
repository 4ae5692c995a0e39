"""Address randomisation off: what the sandbox is widened by, and nothing more."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk, wait_for

from orchestrator import operations
from orchestrator.engine.docker import DockerEngine
from orchestrator.engine.port import ContainerSpec

pytestmark = pytest.mark.engine
PROBE = (Path(__file__).parent / "probe_calls.py").read_text()


@pytest.fixture(scope="module")
def ask(new_desk: Callable[[], Desk]) -> Callable[..., dict[str, str]]:
    """What a container's kernel answers, call by call."""
    desk = new_desk()
    image = operations.build(desk.workspace, desk.write("")).image.config
    engine = DockerEngine()

    def answers(*, fixed_addresses: bool) -> dict[str, str]:
        spec = ContainerSpec(
            name=f"orchestrator-test-{uuid.uuid4().hex[:12]}",
            image=image,
            argv=("/usr/bin/python3", "-I", "-S", "-c", PROBE),
            env={},
            mounts=(),
            workdir="/",
            user="1000:1000",
            hostname="rig",
            cpus=1,
            memory=256 << 20,
            fixed_addresses=fixed_addresses,
        )
        try:
            engine.launch(spec)
            wait_for(lambda: (state := engine.inspect(spec.name)) and state.status == "exited")
            return json.loads(engine._api.logs(spec.name))
        finally:
            engine.remove(spec.name)

    return answers


def test_one_call_more_than_by_default_is_allowed(ask: Callable[..., dict[str, str]]):
    usual, widened = ask(fixed_addresses=False), ask(fixed_addresses=True)
    assert usual["personality_fixed"] == "EPERM"
    assert widened["personality_fixed"] == "done"
    refused = {name for name, answer in widened.items() if answer == "EPERM"}
    assert refused >= {"unshare", "mount", "umount2", "setns", "bpf", "kexec_load", "keyctl", "clone_namespace"}
    assert refused >= {
        "personality_compat",
        "personality_bsd",
        "perf_event_open",
        "fsopen",
        "init_module",
        "pivot_root",
    }
    assert widened["clone3"] == "ENOSYS"
    wider = {name for name, answer in usual.items() if answer in ("EPERM", "ENOSYS") and widened[name] != answer}
    assert wider == {"personality_fixed"}


ADDRESSES = """
import ctypes, subprocess, sys
ask = "import ctypes; print(id(object()), ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p).value)"
exec(ask)
sys.stdout.flush()
subprocess.run([sys.executable, "-c", ask], check=True)
print(ctypes.CDLL(None).personality(ctypes.c_ulong(0xFFFFFFFF)))
"""


def test_addresses_come_back(desk: Desk):
    (one, seen), (other, again) = (desk.seen(ADDRESSES, determinism="strict") for _ in range(2))
    assert one.status == other.status == "finished", seen["stderr"].decode()
    assert seen["stdout"] == again["stdout"]
    assert seen["stdout"].split()[-1] == str(0x0040000).encode()
    assert not [note for note in one.facts.notes if "addresses" in note]


def test_without_it_addresses_are_random(desk: Desk):
    said = [desk.seen(ADDRESSES, determinism={"level": "strict", "addresses": "off"})[1]["stdout"] for _ in range(2)]
    assert all(one != other for one, other in zip(said[0].split()[:-1], said[1].split()[:-1], strict=True))
    assert said[0].split()[-1] == b"0"
