"""The model registry: names, and versions of what stands behind them."""

from __future__ import annotations

from ..http import Refused
from .context import Context, entries, missing, page, pairs, required
from .models import Models
from .search import Filter, ordered

TYPE_CHECKING = False  # importing typing takes longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from .context import Answer, Body

_STAGES = ("None", "Staging", "Production", "Archived")


class Version:
    """One version of a registered model."""

    def __init__(self, info: dict[str, Any], tags: dict[str, str], location: str) -> None:
        self.info = info
        self.tags = tags
        self.location = location

    def value(self, kind: str, key: str) -> object:
        """What a filter or an order asks for."""
        return self.tags.get(key) if kind == "tags" else self.info.get({"version_number": "version"}.get(key, key))


class Registered:
    """A registered model."""

    def __init__(self, info: dict[str, Any], tags: dict[str, str]) -> None:
        self.info = info
        self.tags = tags
        self.aliases: dict[str, str] = {}
        self.versions: dict[str, Version] = {}

    def value(self, kind: str, key: str) -> object:
        """What a filter or an order asks for."""
        return self.tags.get(key) if kind == "tags" else self.info.get(key)

    def version(self, version: Version) -> Answer:
        """One of its versions, as the API tells it."""
        aliases = [alias for alias, number in self.aliases.items() if number == version.info["version"]]
        return {**version.info, "tags": pairs(version.tags), "aliases": aliases}

    def latest(self, stages: list[str] | None = None) -> list[Answer]:
        """The latest version of each stage."""
        by_stage = {one.info["current_stage"]: one for one in self.versions.values()}
        return [self.version(one) for stage, one in by_stage.items() if stages is None or stage in stages]

    def data(self) -> Answer:
        """As the API tells it."""
        aliases = [{"alias": alias, "version": number} for alias, number in self.aliases.items()]
        return {**self.info, "tags": pairs(self.tags), "aliases": aliases, "latest_versions": self.latest()}


class Registry:
    """All of them, by name."""

    def __init__(self, context: Context, models: Models) -> None:
        self._context = context
        self._models = models
        self._all: dict[str, Registered] = {}

    def create(self, body: Body) -> Answer:
        """``registered-models/create``."""
        name, now = required(body, "name"), self._context.now()
        if name in self._all:
            raise Refused(400, "Registered Model (name=%s) already exists." % name, "RESOURCE_ALREADY_EXISTS")
        info = {
            "name": name,
            "creation_timestamp": now,
            "last_updated_timestamp": now,
            "description": str(body.get("description") or ""),
        }
        self._all[name] = Registered(info, _tags(body))
        return {"registered_model": self._all[name].data()}

    def get(self, body: Body) -> Answer:
        """``registered-models/get``."""
        return {"registered_model": self._named(body).data()}

    def update(self, body: Body) -> Answer:
        """``registered-models/update``."""
        one = self._named(body)
        one.info["description"] = str(body.get("description") or "")
        return {"registered_model": one.data()}

    def rename(self, body: Body) -> Answer:
        """``registered-models/rename``."""
        one, name = self._named(body), required(body, "new_name")
        if name in self._all:
            raise Refused(400, "Registered Model (name=%s) already exists." % name, "RESOURCE_ALREADY_EXISTS")
        self._all[name] = self._all.pop(one.info["name"])
        one.info["name"] = name
        for version in one.versions.values():
            version.info["name"] = name
            self._note(version)
        return {"registered_model": one.data()}

    def delete(self, body: Body) -> Answer:
        """``registered-models/delete``."""
        del self._all[self._named(body).info["name"]]
        return {}

    def search(self, body: Body) -> Answer:
        """``registered-models/search``."""
        wanted = Filter(str(body.get("filter") or ""), plain="attributes")
        found = [one for one in self._all.values() if wanted.fits(one.value)]
        shown, more = page(ordered(found, body.get("order_by"), plain="attributes"), body, 100)
        return {"registered_models": [one.data() for one in shown], **more}

    def latest_versions(self, body: Body) -> Answer:
        """``registered-models/get-latest-versions``."""
        stages = body.get("stages") or None
        wanted = [stages] if isinstance(stages, str) else stages
        return {"model_versions": self._named(body).latest(wanted)}

    def set_tag(self, body: Body) -> Answer:
        """``registered-models/set-tag``."""
        self._named(body).tags[required(body, "key")] = str(body.get("value", ""))
        return {}

    def delete_tag(self, body: Body) -> Answer:
        """``registered-models/delete-tag``."""
        self._named(body).tags.pop(required(body, "key"), None)
        return {}

    def set_alias(self, body: Body) -> Answer:
        """``POST registered-models/alias``."""
        one, version = self._version(body)
        one.aliases[required(body, "alias")] = version.info["version"]
        return {}

    def delete_alias(self, body: Body) -> Answer:
        """``DELETE registered-models/alias``."""
        self._named(body).aliases.pop(required(body, "alias"), None)
        return {}

    def by_alias(self, body: Body) -> Answer:
        """``GET registered-models/alias``."""
        one, alias = self._named(body), required(body, "alias")
        if alias not in one.aliases:
            raise missing("Registered model alias", alias)
        return {"model_version": one.version(one.versions[one.aliases[alias]])}

    def create_version(self, body: Body) -> Answer:
        """``model-versions/create``."""
        one, source, now = self._named(body), required(body, "source"), self._context.now()
        location, model_id = self._models.location(source)
        info = {
            "name": one.info["name"],
            "version": str(len(one.versions) + 1),
            "creation_timestamp": now,
            "last_updated_timestamp": now,
            "current_stage": "None",
            "description": str(body.get("description") or ""),
            "source": source,
            "run_id": str(body.get("run_id") or ""),
            "model_id": str(body.get("model_id") or model_id),
            "status": "READY",
        }
        version = one.versions[info["version"]] = Version(info, _tags(body), location)
        self._note(version)
        return {"model_version": one.version(version)}

    def get_version(self, body: Body) -> Answer:
        """``model-versions/get``."""
        one, version = self._version(body)
        return {"model_version": one.version(version)}

    def update_version(self, body: Body) -> Answer:
        """``model-versions/update``."""
        one, version = self._version(body)
        version.info["description"] = str(body.get("description") or "")
        return {"model_version": one.version(version)}

    def delete_version(self, body: Body) -> Answer:
        """``model-versions/delete``. Its number is not given to another one."""
        one, version = self._version(body)
        version.info["current_stage"] = "Deleted_Internal"
        one.aliases = {alias: number for alias, number in one.aliases.items() if number != version.info["version"]}
        return {}

    def transition(self, body: Body) -> Answer:
        """``model-versions/transition-stage``."""
        one, version = self._version(body)
        stage = required(body, "stage").capitalize()
        if stage not in _STAGES:
            raise Refused(400, "Invalid Model Version stage: %s." % stage)
        if str(body.get("archive_existing_versions")).lower() == "true":
            for other in one.versions.values():
                if other.info["current_stage"] == stage:
                    other.info["current_stage"] = "Archived"
        version.info["current_stage"] = stage
        return {"model_version": one.version(version)}

    def download_uri(self, body: Body) -> Answer:
        """``model-versions/get-download-uri``."""
        return {"artifact_uri": self._version(body)[1].location}

    def search_versions(self, body: Body) -> Answer:
        """``model-versions/search``."""
        wanted = Filter(str(body.get("filter") or ""), plain="attributes")
        found = [
            (one, version)
            for one in self._all.values()
            for version in reversed(list(one.versions.values()))
            if version.info["current_stage"] != "Deleted_Internal" and wanted.fits(version.value)
        ]
        owner = {id(version): one for one, version in found}
        versions = ordered([version for _, version in found], body.get("order_by"), plain="attributes")
        shown, more = page(versions, body, 10_000)
        return {"model_versions": [owner[id(version)].version(version) for version in shown], **more}

    def set_version_tag(self, body: Body) -> Answer:
        """``model-versions/set-tag``."""
        self._version(body)[1].tags[required(body, "key")] = str(body.get("value", ""))
        return {}

    def delete_version_tag(self, body: Body) -> Answer:
        """``model-versions/delete-tag``."""
        self._version(body)[1].tags.pop(required(body, "key"), None)
        return {}

    def _named(self, body: Body) -> Registered:
        name = required(body, "name")
        if name not in self._all:
            raise missing("Registered Model with name", name)
        return self._all[name]

    def _version(self, body: Body) -> tuple[Registered, Version]:
        one, number = self._named(body), required(body, "version")
        version = one.versions.get(number)
        if version is None or version.info["current_stage"] == "Deleted_Internal":
            raise missing("Model Version (name=%s, version=%s)" % (one.info["name"], number), number)
        return one, version

    def _note(self, version: Version) -> None:
        info = version.info
        self._context.journal.note("version", "%(name)s/%(version)s" % info, {**info, "location": version.location})


def _tags(body: Body) -> dict[str, str]:
    return {required(tag, "key"): str(tag.get("value", "")) for tag in entries(body, "tags")}
