"""Runs: what a script logs into. Their number counts from 1 in the order they were created."""

from __future__ import annotations

from .. import wire
from ..http import Refused
from .context import Context, entries, missing, number, page, required
from .experiments import STAGES, Experiments
from .run import Run, metric_line, point_of, text_line, told
from .search import Filter, ordered

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from .context import Answer, Body

NAME_TAG = "mlflow.runName"


class Runs:
    """All of them, by id."""

    def __init__(self, context: Context, experiments: Experiments) -> None:
        self._context = context
        self._experiments = experiments
        self._all: dict[str, Run] = {}
        self._of_models: dict[str, list[dict[str, Any]]] = {}

    def find(self, body: Body) -> Run:
        """The run that a request names.

        Raises:
            Refused: there is none.
        """
        run_id = required(body, "run_id", "run_uuid")
        if run_id not in self._all:
            raise missing("Run", run_id)
        return self._all[run_id]

    def get(self, body: Body) -> Answer:
        """``runs/get``."""
        return {"run": self.find(body).data()}

    def create(self, body: Body) -> Answer:
        """``runs/create``."""
        experiment = self._experiments.find({"experiment_id": body.get("experiment_id") or "0"}).info["experiment_id"]
        tags = {required(tag, "key"): str(tag.get("value", "")) for tag in entries(body, "tags")}
        count, run_id = len(self._all) + 1, self._context.new_id()
        name = str(body.get("run_name") or tags.get(NAME_TAG) or "run-%d" % count)
        run = Run(
            count,
            {
                "run_id": run_id,
                "run_uuid": run_id,
                "run_name": name,
                "experiment_id": experiment,
                "user_id": str(body.get("user_id") or ""),
                "status": "RUNNING",
                "start_time": _time(body, "start_time") or self._context.now(),
                "artifact_uri": "mlflow-artifacts:/%s/%s/artifacts" % (experiment, run_id),
                "lifecycle_stage": "active",
            },
        )
        self._log(run, [], [], [(key, value) for key, value in {**tags, NAME_TAG: name}.items()])
        self._note(run)
        self._all[run_id] = run  # only now: where it could not be recorded there is none, and the next has its number
        return {"run": run.data()}

    def update(self, body: Body) -> Answer:
        """``runs/update``: status, end and name."""
        run = self.find(body)
        if body.get("status"):
            run.info["status"] = str(body["status"])
        if body.get("end_time"):
            run.info["end_time"] = _time(body, "end_time")
        if body.get("run_name"):
            run.info["run_name"] = str(body["run_name"])
            self._log(run, [], [], [(NAME_TAG, run.info["run_name"])])
        self._note(run)
        return {"run_info": run.info}

    def delete(self, body: Body) -> Answer:
        """``runs/delete``: out of sight, but recorded all the same."""
        run = self.find(body)
        run.info["lifecycle_stage"] = "deleted"
        self._note(run)
        return {}

    def restore(self, body: Body) -> Answer:
        """``runs/restore``."""
        run = self.find(body)
        run.info["lifecycle_stage"] = "active"
        self._note(run)
        return {}

    def log_metric(self, body: Body) -> Answer:
        """``runs/log-metric``."""
        self._log(self.find(body), [body], [], [])
        return {}

    def log_parameter(self, body: Body) -> Answer:
        """``runs/log-parameter``."""
        self._log(self.find(body), [], [(required(body, "key"), str(body.get("value", "")))], [])
        return {}

    def set_tag(self, body: Body) -> Answer:
        """``runs/set-tag``."""
        self._log(self.find(body), [], [], [(required(body, "key"), str(body.get("value", "")))])
        return {}

    def delete_tag(self, body: Body) -> Answer:
        """``runs/delete-tag``."""
        run, key = self.find(body), required(body, "key")
        if run.tags.pop(key, None) is None:
            raise missing("Tag", key)
        self._context.journal.events([text_line(wire.tag_line, self._context.now() * 1_000_000, key, None, run.number)])
        return {}

    def log_batch(self, body: Body) -> Answer:
        """``runs/log-batch``."""
        texts = [
            [(required(one, "key"), str(one.get("value", ""))) for one in entries(body, kind)]
            for kind in ("params", "tags")
        ]
        self._log(self.find(body), entries(body, "metrics"), *texts)
        return {}

    def log_model(self, body: Body) -> Answer:
        """``runs/log-model``, as clients before 3 send it: kept in a tag, as servers keep it."""
        import json

        run, tag = self.find(body), "mlflow.log-model.history"
        try:
            history = [*json.loads(run.tags.get(tag, "[]")), json.loads(required(body, "model_json"))]
        except ValueError:
            raise Refused(400, "model_json is no JSON") from None
        self._log(run, [], [], [(tag, json.dumps(history))])
        return {}

    def log_inputs(self, body: Body) -> Answer:
        """``runs/log-inputs``: data sets."""
        run = self.find(body)
        for item in entries(body, "datasets"):
            dataset = item.get("dataset")
            if not isinstance(dataset, dict):
                raise Refused(400, "Invalid value for parameter 'datasets'")
            known = {"dataset": dataset, "tags": entries(item, "tags")}
            if known not in run.datasets:
                run.datasets.append(known)
        self._note(run)
        return {}

    def outputs(self, body: Body) -> Answer:
        """``runs/outputs``: the models that a run has made."""
        self.find(body).models += entries(body, "models")
        return {}

    def history(self, body: Body) -> Answer:
        """``metrics/get-history``."""
        series = self.find(body).metrics.get(required(body, "metric_key"))
        shown, more = page(series.points() if series else [], body, 25_000)
        return {"metrics": shown, **more}

    def search(self, body: Body) -> Answer:
        """``runs/search``: the newest first, where no order is given."""
        wanted = Filter(str(body.get("filter") or ""), plain="attributes")
        stages = STAGES[str(body.get("run_view_type") or "ACTIVE_ONLY")]
        within = {str(number) for number in body.get("experiment_ids") or ()}
        found = [
            run
            for run in self._all.values()
            if run.info["experiment_id"] in within and run.info["lifecycle_stage"] in stages and wanted.fits(run.value)
        ]
        shown, more = page(ordered(found[::-1], body.get("order_by"), plain="attributes"), body, 1000)
        return {"runs": [run.data() for run in shown], **more}

    def _log(self, run: Run, metrics: list[Body], params: list[tuple[str, str]], tags: list[tuple[str, str]]) -> None:
        """All or nothing: what cannot be right is refused before anything is written, and written before it counts."""
        points = [point_of(metric, self._context.now()) for metric in metrics]
        new = [point for point, metric in zip(points, metrics) if not (metric.get("model_id") and run.has(point))]
        for key, value in params:
            if run.params.get(key, value) != value:
                raise Refused(400, _CHANGED % (key, run.params[key], run.info["run_id"]))
        now = self._context.now() * 1_000_000
        self._context.journal.events(
            [
                *(metric_line(point, run.number) for point in new),
                *(text_line(wire.param_line, now, key, value, run.number) for key, value in params),
                *(text_line(wire.tag_line, now, key, value, run.number) for key, value in tags),
            ]
        )
        for point in new:
            run.add(point)
        for point, metric in zip(points, metrics):
            if metric.get("model_id"):
                self.points_of(str(metric["model_id"])).append(told(point, run))
        run.params.update(params)
        run.tags.update(tags)

    def points_of(self, model_id: str) -> list[dict[str, Any]]:
        """The points that are said to belong to a model; it grows."""
        return self._of_models.setdefault(model_id, [])

    def _note(self, run: Run) -> None:
        self._context.journal.note("run", str(run.number), {**run.info, "datasets": list(map(_brief, run.datasets))})


def _time(body: Body, name: str) -> int:
    """Milliseconds since the epoch."""
    time = number(body, name)
    if not 0 <= time < 2**42:
        raise Refused(400, "Invalid value %d for parameter '%s'" % (time, name))
    return time


def _brief(known: dict[str, Any]) -> dict[str, Any]:
    """A data set without its schema and profile, which may be large: each note tells of all of them."""
    dataset = {name: known["dataset"].get(name) for name in ("name", "digest", "source_type")}
    return {"dataset": dataset, "tags": known["tags"]}


_CHANGED = (
    "Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run ID='%s'."
)
