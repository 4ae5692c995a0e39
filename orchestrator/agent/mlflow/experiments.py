"""Experiments: what runs are grouped under. Number 0 is there from the start."""

from __future__ import annotations

from ..http import Refused
from .context import Context, entries, missing, page, pairs, required
from .search import Filter, ordered

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from .context import Answer, Body


class Experiment:
    """One experiment."""

    def __init__(self, number: str, name: str, tags: dict[str, str], now: int) -> None:
        self.info = {
            "experiment_id": number,
            "name": name,
            "artifact_location": "mlflow-artifacts:/" + number,
            "lifecycle_stage": "active",
            "creation_time": now,
            "last_update_time": now,
        }
        self.tags = tags

    def data(self) -> Answer:
        """As the API tells it."""
        return {**self.info, "tags": pairs(self.tags)}

    def value(self, kind: str, key: str) -> object:
        """What a filter asks for."""
        return self.tags.get(key) if kind == "tags" else self.info.get(key)


class Experiments:
    """All of them, by number."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._all = {"0": Experiment("0", "Default", {}, context.now())}

    def find(self, body: Body) -> Experiment:
        """The experiment that a request names.

        Raises:
            Refused: there is none.
        """
        number = required(body, "experiment_id")
        if number not in self._all:
            raise missing("Experiment", number)
        return self._all[number]

    def get(self, body: Body) -> Answer:
        """``experiments/get``."""
        return {"experiment": self.find(body).data()}

    def get_by_name(self, body: Body) -> Answer:
        """``experiments/get-by-name``."""
        name = required(body, "experiment_name")
        for one in self._all.values():
            if one.info["name"] == name:
                return {"experiment": one.data()}
        raise missing("Experiment", name)

    def create(self, body: Body) -> Answer:
        """``experiments/create``."""
        name = required(body, "name")
        if any(one.info["name"] == name for one in self._all.values()):
            raise Refused(400, "Experiment '%s' already exists." % name, "RESOURCE_ALREADY_EXISTS")
        number = str(len(self._all))
        tags = {required(tag, "key"): str(tag.get("value", "")) for tag in entries(body, "tags")}
        self._all[number] = Experiment(number, name, tags, self._context.now())
        self._note(self._all[number])
        return {"experiment_id": number}

    def update(self, body: Body) -> Answer:
        """``experiments/update``."""
        one = self.find(body)
        one.info["name"] = body.get("new_name") or one.info["name"]
        self._note(one)
        return {}

    def delete(self, body: Body) -> Answer:
        """``experiments/delete``."""
        self.find(body).info["lifecycle_stage"] = "deleted"
        return {}

    def restore(self, body: Body) -> Answer:
        """``experiments/restore``."""
        self.find(body).info["lifecycle_stage"] = "active"
        return {}

    def set_tag(self, body: Body) -> Answer:
        """``experiments/set-experiment-tag``."""
        self.find(body).tags[required(body, "key")] = str(body.get("value", ""))
        return {}

    def delete_tag(self, body: Body) -> Answer:
        """``experiments/delete-experiment-tag``."""
        self.find(body).tags.pop(required(body, "key"), None)
        return {}

    def search(self, body: Body) -> Answer:
        """``experiments/search``."""
        wanted = Filter(str(body.get("filter") or ""), plain="attributes")
        stages = STAGES[str(body.get("view_type") or "ACTIVE_ONLY")]
        found = [one for one in self._all.values() if one.info["lifecycle_stage"] in stages and wanted.fits(one.value)]
        found = ordered(found[::-1], body.get("order_by"), plain="attributes")
        shown, more = page(found, body, 1000)
        return {"experiments": [one.data() for one in shown], **more}

    def _note(self, one: Experiment) -> None:
        self._context.journal.note("experiment", str(one.info["experiment_id"]), {"name": one.info["name"]})


class _Stages(dict):  # type: ignore[type-arg]
    def __missing__(self, view: str) -> tuple[str, ...]:
        raise Refused(400, "Invalid view type '%s'" % view)


STAGES: dict[str, tuple[str, ...]] = _Stages(
    {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
)
"""The lifecycle stages that a view takes in.  An unknown view is refused."""
