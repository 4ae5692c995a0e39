"""The Docker adapter. Every error of docker-py becomes an EngineError that says what to do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker.constants
import docker.errors
import docker.types
import docker.utils
import requests.exceptions

from orchestrator.digest import Digest
from orchestrator.engine import seccomp
from orchestrator.engine.port import ContainerSpec, ContainerState
from orchestrator.errors import EngineError

TIMEOUT_SECONDS = 600
_NEWEST = docker.constants.DEFAULT_DOCKER_API_VERSION
_STATUS = {"created": "created", "running": "running", "paused": "running", "restarting": "running"}


@contextlib.contextmanager
def _explained(doing: str) -> Iterator[None]:
    try:
        yield
    except docker.errors.APIError as error:
        raise EngineError(f"the engine refused {doing}: {error.explanation or error}") from error
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "the local socket")
        raise EngineError(
            f"no container engine answers at {where} ({doing}: {_root_cause(error)})",
            hint="start Docker (`dockerd`), or point DOCKER_HOST at a running engine; then `orchestrator doctor`",
        ) from error


def _root_cause(error: BaseException) -> str:
    """docker-py and requests wrap what the system said several times over."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error)


class DockerEngine:
    """Containers and images of the engine at DOCKER_HOST, by default the local socket."""

    def __init__(self) -> None:
        with _explained("connecting"):
            settings = docker.utils.kwargs_from_env()
            first = docker.APIClient(**settings, version=_NEWEST, timeout=TIMEOUT_SECONDS)
            pong = first.get(f"{first.base_url}/_ping").headers
            self._said = _who(pong.get("Server", ""), pong.get("Api-Version", _NEWEST))
            version = min(_NEWEST, self._said["api"], key=_parts)
            self._api = docker.APIClient(**settings, version=version, timeout=TIMEOUT_SECONDS)

    def launch(self, spec: ContainerSpec) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        with _explained(f"starting container {spec.name}"):
            try:
                self._create(spec)
            except docker.errors.APIError as error:
                if error.status_code != 409:
                    raise
                state = self.inspect(spec.name)  # an earlier attempt has created it
                if state is not None and state.status != "created":
                    return
            self._api.start(spec.name)

    def inspect(self, name: str) -> ContainerState | None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        with _explained(f"inspecting container {name}"):
            try:
                state = self._api.inspect_container(name)["State"]
            except docker.errors.NotFound:
                return None
            status = _STATUS.get(state["Status"], "exited")
            ended = status == "exited"
            return ContainerState(
                status=status,  # type: ignore[arg-type]
                exit_code=state["ExitCode"] if ended else None,
                oom_killed=bool(state.get("OOMKilled")),
                log_tail=self._log_tail(name) if ended and state["ExitCode"] else "",
                pid=state.get("Pid") or None,
            )

    def signal(self, name: str, number: int) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        with _explained(f"signalling container {name}"):
            try:
                self._api.kill(name, number)
            except docker.errors.APIError as error:
                if error.status_code not in (404, 409):  # gone, or not running
                    raise

    def remove(self, name: str) -> None:
        """See :class:`~orchestrator.engine.port.ContainerEngine`."""
        with _explained(f"removing container {name}"):
            try:
                self._api.remove_container(name, force=True, v=True)
            except docker.errors.APIError as error:
                if error.status_code not in (404, 409):  # gone, or being removed
                    raise

    def find(self, config: Digest, manifest: Digest) -> str | None:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        with _explained("looking for the image"):
            for name in (config, manifest):
                with contextlib.suppress(docker.errors.ImageNotFound):
                    self._api.inspect_image(str(name))
                    return str(name)
        return None

    def load(self, archive: Iterable[bytes]) -> None:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        with _explained("loading an image"):
            for line in self._api.load_image(archive, quiet=True):
                if "error" in line:
                    raise EngineError(f"the engine refused the image: {line['error']}")

    def layer_chains(self) -> Iterator[tuple[str, ...]]:
        """See :class:`~orchestrator.engine.port.ImageEngine`."""
        with _explained("listing images"):
            for image in self._api.images(all=True):
                with contextlib.suppress(docker.errors.ImageNotFound):
                    yield tuple(self._api.inspect_image(image["Id"])["RootFS"].get("Layers") or ())

    def export(self, reference: str) -> Iterator[bytes]:
        """See :class:`~orchestrator.engine.port.ImageSource`."""
        with _explained(f"exporting {reference}"):
            try:
                self._api.inspect_image(reference)
            except docker.errors.ImageNotFound:
                self._api.pull(reference)
            yield from self._api.get_image(reference)

    def build(self, dockerfile: Path) -> str:
        """See :class:`~orchestrator.engine.port.ImageSource`."""
        said: list[str] = []
        with _explained(f"building {dockerfile.name}"):
            for line in self._api.build(
                path=str(dockerfile.parent), dockerfile=dockerfile.name, rm=True, forcerm=True, decode=True
            ):
                said.append(line.get("stream", ""))
                if "error" in line:
                    raise EngineError(f"{dockerfile}: {line['error']}\n{''.join(said[-20:])}")
                if "ID" in line.get("aux", {}):
                    return str(line["aux"]["ID"])
        raise EngineError(f"{dockerfile}: the engine named no image")

    def describe(self) -> dict[str, Any]:
        """See :class:`~orchestrator.engine.port.Described`."""
        with _explained("asking the engine what it is"):
            info = self._api.info()
        return {
            "name": "docker",
            "version": info["ServerVersion"],
            "storage": info["Driver"],
            "security": sorted(
                option.split(",")[0].removeprefix("name=") for option in info.get("SecurityOptions", [])
            ),
            "limits": {
                name: bool(info.get(key))
                for name, key in (
                    ("memory", "MemoryLimit"),
                    ("swap", "SwapLimit"),
                    ("cpus", "CpuCfsQuota"),
                    ("pids", "PidsLimit"),
                )
            },
            "cgroup": info.get("CgroupVersion", "1"),
            "root": info["DockerRootDir"],
        }

    def version(self) -> dict[str, Any]:
        """The little that a run's record needs of :meth:`describe`: the engine has said it when we connected."""
        return dict(self._said)

    def _create(self, spec: ContainerSpec) -> None:
        self._api.create_container(
            name=spec.name,
            image=spec.image,
            entrypoint=list(spec.argv[:1]),
            command=list(spec.argv[1:]),
            environment=dict(spec.env),
            working_dir=spec.workdir,
            user=spec.user,
            hostname=spec.hostname,
            labels=dict(spec.labels),
            host_config=self._host_config(spec),
        )

    def _host_config(self, spec: ContainerSpec) -> Any:
        return self._api.create_host_config(
            mounts=[
                docker.types.Mount(mount.target, str(mount.source), type="bind", read_only=mount.read_only)
                for mount in spec.mounts
            ],
            network_mode=spec.network,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges", *([f"seccomp={seccomp.profile()}"] if spec.fixed_addresses else [])],
            read_only=True,
            tmpfs=dict(spec.tmpfs),
            shm_size=spec.shm,
            mem_limit=spec.memory,
            memswap_limit=spec.memory,
            nano_cpus=spec.cpus * 1_000_000_000,
            pids_limit=spec.pids,
            ipc_mode="private",
            ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0)],
            log_config=docker.types.LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
            device_requests=[docker.types.DeviceRequest(count=spec.gpus, capabilities=[["gpu"]])]
            if spec.gpus
            else None,
        )

    def _log_tail(self, name: str) -> str:
        with contextlib.suppress(docker.errors.DockerException, requests.exceptions.RequestException):
            return bytes(self._api.logs(name, tail=20)).decode(errors="replace").strip()
        return ""


def _who(server: str, api: str) -> dict[str, str]:
    """An engine by its Server header, ``Docker/20.10.24 (linux)``."""
    name, _, version = server.partition(" ")[0].partition("/")
    return {"name": name.lower() or "unknown", "version": version, "api": api}


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
