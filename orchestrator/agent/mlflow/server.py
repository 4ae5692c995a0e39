"""Requests to the parts that answer them."""

from __future__ import annotations

import json
import re

from ..http import Refused, Response
from .artifacts import Artifacts
from .context import Context
from .experiments import Experiments
from .models import Models
from .registry import Registry
from .runs import Runs

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..http import Exchange, Request

    Body = dict[str, Any]
    Handler = Callable[..., dict[str, Any]]

MAX_DOCUMENT = 64 << 20
_API = re.compile(r"/(?:ajax-)?api/[23]\.0/(mlflow(?:-artifacts)?)(?:/(.*))?")


class Server:
    """The state of one container's tracking server. ``identity``: what its ids are made of."""

    def __init__(self, record: str, identity: str) -> None:
        context = Context(record, identity)
        self._experiments = Experiments(context)
        self._runs = Runs(context, self._experiments)
        self._models = Models(context, self._experiments, self._runs)
        self._registry = Registry(context, self._models)
        self._artifacts = Artifacts(record)
        self._routes = self._table()

    def begin(self, request: Request) -> Exchange:
        """What takes a request's body and answers it."""
        try:
            if request.path == "/health":
                return Call(lambda body: Response(200, b"OK", "text/plain"))
            place = _API.fullmatch(request.path)
            if place is None:
                return Call(lambda body: _nowhere(request))
            part, path = place.group(1), place.group(2) or ""
            if part == "mlflow-artifacts":
                return self._artifact(request, path)
            return self._call(request, path)
        except Refused as problem:
            return Refusal(problem)

    def _artifact(self, request: Request, path: str) -> Exchange:
        head, _, rest = path.partition("/")
        name = _decoded(rest)
        if head != "artifacts":
            return Call(lambda body: _nowhere(request))
        if request.method == "PUT":
            return self._artifacts.upload(name)
        if request.method == "GET" and rest:
            return Call(lambda body: self._artifacts.download(name))
        if request.method == "GET":
            return Call(lambda body: _document(self._artifacts.list(_query(request).get("path", ""))))
        if request.method == "DELETE":
            return Call(lambda body: _document(self._artifacts.delete(name)))
        return Call(lambda body: _nowhere(request))

    def _call(self, request: Request, path: str) -> Exchange:
        handler = self._routes.get((request.method, path))
        arguments: list[str] = []
        if handler is None:
            handler, arguments = self._logged_model(request.method, path)
        if handler is None:
            return Call(lambda body: _nowhere(request))
        known = handler
        return Call(lambda body: _document(known(*arguments, {**_query(request), **_json(body)})))

    def _logged_model(self, method: str, path: str) -> tuple[Handler | None, list[str]]:
        """The routes with a model's id in them."""
        top, *words = [_decoded(word) for word in path.split("/")]
        if top != "logged-models" or not words:
            return None, []
        models = self._models
        found: dict[tuple[str, ...], Handler] = {
            ("GET",): lambda model, body: models.get(model),
            ("PATCH",): models.finalize,
            ("DELETE",): lambda model, body: models.delete(model),
            ("PATCH", "tags"): models.set_tags,
            ("POST", "params"): models.log_params,
            ("GET", "artifacts", "directories"): self._model_artifacts,
        }
        if method == "DELETE" and words[1:2] == ["tags"] and len(words) == 3:
            return lambda model, key, body: models.delete_tag(model, key), [words[0], words[2]]
        return found.get((method, *words[1:])), words[:1]

    def _model_artifacts(self, model_id: str, body: Body) -> dict[str, Any]:
        return self._files(str(self._models.find(model_id).info["artifact_uri"]), body, "artifact_directory_path")

    def _run_artifacts(self, body: Body) -> dict[str, Any]:
        return self._files(str(self._runs.find(body).info["artifact_uri"]), body, "path")

    def _files(self, uri: str, body: Body, field: str) -> dict[str, Any]:
        inner = str(body.get(field) or "").strip("/")
        listed = self._artifacts.list("/".join(filter(None, [uri.partition(":/")[2], inner])))
        files = [{**file, "path": "/".join(filter(None, [inner, file["path"]]))} for file in listed.get("files", [])]
        return {"root_uri": uri, "files": files}

    def _table(self) -> dict[tuple[str, str], Handler]:
        experiments, runs, models, registry = self._experiments, self._runs, self._models, self._registry
        return {
            ("POST", "experiments/create"): experiments.create,
            ("GET", "experiments/get"): experiments.get,
            ("GET", "experiments/get-by-name"): experiments.get_by_name,
            ("GET", "experiments/search"): experiments.search,
            ("POST", "experiments/search"): experiments.search,
            ("POST", "experiments/update"): experiments.update,
            ("POST", "experiments/delete"): experiments.delete,
            ("POST", "experiments/restore"): experiments.restore,
            ("POST", "experiments/set-experiment-tag"): experiments.set_tag,
            ("POST", "experiments/delete-experiment-tag"): experiments.delete_tag,
            ("POST", "runs/create"): runs.create,
            ("GET", "runs/get"): runs.get,
            ("POST", "runs/update"): runs.update,
            ("POST", "runs/delete"): runs.delete,
            ("POST", "runs/restore"): runs.restore,
            ("POST", "runs/log-metric"): runs.log_metric,
            ("POST", "runs/log-parameter"): runs.log_parameter,
            ("POST", "runs/set-tag"): runs.set_tag,
            ("POST", "runs/delete-tag"): runs.delete_tag,
            ("POST", "runs/log-batch"): runs.log_batch,
            ("POST", "runs/log-model"): runs.log_model,
            ("POST", "runs/log-inputs"): runs.log_inputs,
            ("POST", "runs/outputs"): runs.outputs,
            ("POST", "runs/search"): runs.search,
            ("GET", "metrics/get-history"): runs.history,
            ("GET", "artifacts/list"): self._run_artifacts,
            ("POST", "logged-models"): models.create,
            ("POST", "logged-models/search"): models.search,
            ("POST", "registered-models/create"): registry.create,
            ("GET", "registered-models/get"): registry.get,
            ("PATCH", "registered-models/update"): registry.update,
            ("POST", "registered-models/rename"): registry.rename,
            ("DELETE", "registered-models/delete"): registry.delete,
            ("GET", "registered-models/search"): registry.search,
            ("GET", "registered-models/get-latest-versions"): registry.latest_versions,
            ("POST", "registered-models/get-latest-versions"): registry.latest_versions,
            ("POST", "registered-models/set-tag"): registry.set_tag,
            ("DELETE", "registered-models/delete-tag"): registry.delete_tag,
            ("POST", "registered-models/alias"): registry.set_alias,
            ("DELETE", "registered-models/alias"): registry.delete_alias,
            ("GET", "registered-models/alias"): registry.by_alias,
            ("POST", "model-versions/create"): registry.create_version,
            ("GET", "model-versions/get"): registry.get_version,
            ("PATCH", "model-versions/update"): registry.update_version,
            ("DELETE", "model-versions/delete"): registry.delete_version,
            ("POST", "model-versions/transition-stage"): registry.transition,
            ("GET", "model-versions/get-download-uri"): registry.download_uri,
            ("GET", "model-versions/search"): registry.search_versions,
            ("POST", "model-versions/set-tag"): registry.set_version_tag,
            ("DELETE", "model-versions/delete-tag"): registry.delete_version_tag,
        }


class Call:
    """A request with a small body: an :class:`~orchestrator.agent.http.Exchange`."""

    def __init__(self, answer: Callable[[bytes], Response]) -> None:
        self._answer = answer
        self._body = bytearray()

    def write(self, piece: bytes) -> None:
        """See :class:`~orchestrator.agent.http.Exchange`."""
        if len(self._body) + len(piece) > MAX_DOCUMENT:
            raise Refused(413, "a request of more than %d bytes" % MAX_DOCUMENT)
        self._body += piece

    def finish(self) -> Response:
        """See :class:`~orchestrator.agent.http.Exchange`."""
        try:
            return self._answer(bytes(self._body))
        except Refused as problem:
            return refuse(problem)
        except Exception as error:  # a bug of ours must not end the agent, nor be retried for minutes
            return refuse(Refused(400, "the agent failed: %r" % error, "INTERNAL_ERROR"))

    def abort(self) -> None:
        """See :class:`~orchestrator.agent.http.Exchange`."""


class Refusal:
    """A request that is refused whatever its body says, which is forgotten: an exchange as :class:`Call` is."""

    def __init__(self, problem: Refused) -> None:
        self._problem = problem

    def write(self, piece: bytes) -> None:
        """See :class:`~orchestrator.agent.http.Exchange`."""

    def finish(self) -> Response:
        """See :class:`~orchestrator.agent.http.Exchange`."""
        return refuse(self._problem)

    def abort(self) -> None:
        """See :class:`~orchestrator.agent.http.Exchange`."""


def refuse(problem: Refused) -> Response:
    """An error as MLflow's clients read it."""
    return _document({"error_code": problem.code, "message": problem.message}, problem.status)


def _nowhere(request: Request) -> Response:
    return refuse(Refused(404, "no %s %s here" % (request.method, request.path), "ENDPOINT_NOT_FOUND"))


def _document(value: dict[str, Any], status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


def _json(body: bytes) -> Body:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON", "BAD_REQUEST") from None
    if not isinstance(value, dict):
        raise Refused(400, "the body is no JSON object", "BAD_REQUEST")
    return _text_only(value) if b"\\ud" in body.lower() else value


def _text_only(value: Body) -> Body:
    """Without the halves of characters that only escapes can spell: nothing could write them down."""
    whole: Body = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return whole


def _query(request: Request) -> Body:
    """A query's fields; one that is given several times is a list."""
    found: Body = {}
    for pair in filter(None, request.query.split("&")):
        name, _, value = pair.partition("=")
        name, value = _decoded(name.replace("+", " ")), _decoded(value.replace("+", " "))
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _decoded(text: str) -> str:
    """Percent-decoded; urllib would take a hundred times longer to import."""
    if "%" not in text:
        return text
    head, *parts = text.encode("latin-1").split(b"%")
    raw = head
    for part in parts:
        try:
            raw += bytes([int(part[:2], 16)]) + part[2:]
        except ValueError:
            raw += b"%" + part
    return raw.decode("utf-8", "surrogateescape")
