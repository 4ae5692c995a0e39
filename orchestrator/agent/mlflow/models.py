"""Logged models (MLflow 3): files with a name of their own, made by a run."""

from __future__ import annotations

from typing import Any

from ..http import Refused
from .context import Context, entries, missing, page, pairs, required
from .experiments import Experiments
from .runs import Runs
from .search import Filter, ordered
from .series import shown

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from .context import Answer, Body


class Model:
    """One logged model. ``points``: the metrics that were said to belong to it, which its runs add to."""

    def __init__(
        self, info: dict[str, Any], params: dict[str, str], tags: dict[str, str], points: list[dict[str, Any]]
    ) -> None:
        self.info = info
        self.params = params
        self.tags = tags
        self.points = points

    def value(self, kind: str, key: str) -> object:
        """What a filter or an order asks for."""
        if kind == "metrics":
            return next((point["value"] for point in reversed(self.points) if point["key"] == key), None)
        if kind == "attributes":
            return self.info.get(_FIELD.get(key, key))
        return {"params": self.params, "tags": self.tags}.get(kind, {}).get(key)

    def data(self) -> Answer:
        """As the API tells it."""
        metrics = [
            {**point, "value": shown(point["value"]), "model_id": self.info["model_id"]} for point in self.points
        ]
        return {
            "info": {**self.info, "tags": pairs(self.tags)},
            "data": {"params": pairs(self.params), "metrics": metrics},
        }


_FIELD = {"creation_timestamp": "creation_timestamp_ms", "creation_time": "creation_timestamp_ms"}


class Models:
    """All of them, by id."""

    def __init__(self, context: Context, experiments: Experiments, runs: Runs) -> None:
        self._context = context
        self._experiments = experiments
        self._runs = runs
        self._all: dict[str, Model] = {}

    def find(self, model_id: str) -> Model:
        """The model with this id.

        Raises:
            Refused: there is none.
        """
        if model_id not in self._all:
            raise missing("Logged model", model_id)
        return self._all[model_id]

    def location(self, source: str) -> tuple[str, str]:
        """Where the files of a source lie, and the model's id where it is a logged model's: ``models:/m-…``."""
        model_id = source[len("models:/") :] if source.startswith("models:/") else ""
        return (str(self._all[model_id].info["artifact_uri"]), model_id) if model_id in self._all else (source, "")

    def create(self, body: Body) -> Answer:
        """``logged-models``."""
        experiment = self._experiments.find({"experiment_id": body.get("experiment_id") or "0"}).info["experiment_id"]
        model_id, now = "m-" + self._context.new_id(), self._context.now()
        info = {
            "model_id": model_id,
            "experiment_id": experiment,
            "name": str(body.get("name") or "model-%d" % (len(self._all) + 1)),
            "creation_timestamp_ms": now,
            "last_updated_timestamp_ms": now,
            "artifact_uri": "mlflow-artifacts:/%s/models/%s/artifacts" % (experiment, model_id),
            "status": "LOGGED_MODEL_PENDING",
            "model_type": str(body.get("model_type") or ""),
            "source_run_id": str(body.get("source_run_id") or ""),
        }
        params, tags = (
            {required(one, "key"): str(one.get("value", "")) for one in entries(body, kind)}
            for kind in ("params", "tags")
        )
        self._all[model_id] = Model(info, params, tags, self._runs.points_of(model_id))
        self._note(self._all[model_id])
        return {"model": self._all[model_id].data()}

    def get(self, model_id: str) -> Answer:
        """``logged-models/ID``."""
        return {"model": self.find(model_id).data()}

    def finalize(self, model_id: str, body: Body) -> Answer:
        """``PATCH logged-models/ID``."""
        model = self.find(model_id)
        model.info["status"] = str(body.get("status") or model.info["status"])
        model.info["last_updated_timestamp_ms"] = self._context.now()
        self._note(model)
        return {"model": model.data()}

    def delete(self, model_id: str) -> Answer:
        """``DELETE logged-models/ID``."""
        self.find(model_id)
        del self._all[model_id]
        return {}

    def set_tags(self, model_id: str, body: Body) -> Answer:
        """``PATCH logged-models/ID/tags``."""
        model = self.find(model_id)
        model.tags.update({required(tag, "key"): str(tag.get("value", "")) for tag in entries(body, "tags")})
        return {"model": model.data()}

    def delete_tag(self, model_id: str, key: str) -> Answer:
        """``DELETE logged-models/ID/tags/KEY``."""
        self.find(model_id).tags.pop(key, None)
        return {}

    def log_params(self, model_id: str, body: Body) -> Answer:
        """``logged-models/ID/params``."""
        params = {required(one, "key"): str(one.get("value", "")) for one in entries(body, "params")}
        self.find(model_id).params.update(params)
        return {}

    def search(self, body: Body) -> Answer:
        """``logged-models/search``: the newest first, where no order is given."""
        wanted = Filter(str(body.get("filter") or ""), plain="attributes")
        within = {str(number) for number in body.get("experiment_ids") or ()}
        found = [
            model
            for model in self._all.values()
            if (not within or model.info["experiment_id"] in within) and wanted.fits(model.value)
        ]
        listed, more = page(ordered(found[::-1], _orders(body), plain="attributes"), body, 100)
        return {"models": [model.data() for model in listed], **more}

    def _note(self, model: Model) -> None:
        self._context.journal.note("model", model.info["model_id"], model.info)


def _orders(body: Body) -> list[str]:
    """``{"field_name": "metrics.acc", "ascending": false}`` as a text, as other searches have it."""
    orders = entries(body, "order_by")
    if any("dataset_name" in order for order in orders):
        raise Refused(400, "models cannot be put in order by a data set's metric here")
    return [
        "%s %s" % (required(order, "field_name"), "ASC" if order.get("ascending", True) else "DESC") for order in orders
    ]
