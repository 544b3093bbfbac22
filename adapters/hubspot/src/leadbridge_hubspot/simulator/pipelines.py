"""Pipelines and their stages: of deals, of leads, and the lifecycle of contacts and companies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import Refused, not_found, reply
from leadbridge_hubspot.simulator.pipeline import Pipeline, Stage
from leadbridge_hubspot.simulator.stages import STAGES
from leadbridge_hubspot.simulator.table import Table
from leadbridge_hubspot.simulator.web import Call

__all__ = [
    "create",
    "create_stage",
    "one",
    "page",
    "remove",
    "remove_stage",
    "stage",
    "stages",
    "update_stage",
]


def pipelines_of(call: Call) -> list[Pipeline]:
    """The pipelines that an object type has now."""
    table = call.table
    if table.kind.kind not in ("contact", "company"):
        return call.portal.pipelines[table.kind.kind]
    stages = [
        Stage(id, label, {"isClosed": "false", "state": "OPEN"})
        for id, label in table.properties["lifecyclestage"].options
    ]
    return [Pipeline(f"{table.kind.path}-lifecycle-pipeline", "Lifecycle Stage Pipeline", stages)]


def page(call: Call) -> Response:
    """All pipelines of an object type."""
    return reply({"results": [each.shown(place) for place, each in enumerate(pipelines_of(call))]})


def one(call: Call) -> Response:
    """One pipeline."""
    place, found = _named(call)
    return reply(found.shown(place))


def stages(call: Call) -> Response:
    """The stages of a pipeline."""
    return reply({"results": [each.shown(place) for place, each in enumerate(_named(call)[1].stages)]})


def stage(call: Call) -> Response:
    """One stage."""
    place, found = _stage(_named(call)[1], call.params["stage"])
    return reply(found.shown(place))


def create(call: Call) -> Response:
    """A new pipeline with its stages; their ids are numbers."""
    body, table = call.json(), _changeable(call)
    made = Pipeline(call.portal.new_id(), str(body.get("label") or "Pipeline"))
    made.stages = [_new_stage(call, each) for each in body.get("stages") or ()]
    call.portal.pipelines[table.kind.kind].append(made)
    call.portal.pipelines_changed(table)
    return reply(made.shown(len(call.portal.pipelines[table.kind.kind]) - 1), 201)


def create_stage(call: Call) -> Response:
    """A new stage at a place."""
    body, table = call.json(), _changeable(call)
    _, found = _named(call)
    made = _new_stage(call, body)
    place = int(body.get("displayOrder", len(found.stages)))
    found.stages.insert(place, made)
    call.portal.pipelines_changed(table)
    return reply(made.shown(found.stages.index(made)), 201)


def update_stage(call: Call) -> Response:
    """Another name, other metadata or another place for a stage."""
    body, table = call.json(), _changeable(call)
    _, found = _named(call)
    place, changed = _stage(found, call.params["stage"])
    changed.label = str(body.get("label") or changed.label)
    changed.metadata.update({name: str(value) for name, value in (body.get("metadata") or {}).items()})
    if "displayOrder" in body:
        found.stages.remove(changed)
        found.stages.insert(int(body["displayOrder"]), changed)
        place = found.stages.index(changed)
    call.portal.pipelines_changed(table)
    return reply(changed.shown(place))


def remove_stage(call: Call) -> Response:
    """Deletes a stage. Since 2026-09 one that records stand in is refused, unless the caller says otherwise."""
    table = _changeable(call)
    _, found = _named(call)
    _, gone = _stage(found, call.params["stage"])
    _refuse_used(call, table, STAGES[table.kind.kind], {gone.id})
    found.stages.remove(gone)
    call.portal.pipelines_changed(table)
    return reply(None, 204)


def remove(call: Call) -> Response:
    """Deletes a pipeline; the same rule holds for its stages."""
    table = _changeable(call)
    _, gone = _named(call)
    _refuse_used(call, table, STAGES[table.kind.kind], {each.id for each in gone.stages})
    call.portal.pipelines[table.kind.kind].remove(gone)
    call.portal.pipelines_changed(table)
    return reply(None, 204)


def _refuse_used(call: Call, table: Table, name: str, ids: set[str]) -> None:
    asked = call.text("validateReferencesBeforeDelete").lower()
    if asked == "true" or (not asked and not call.old):
        users = [entry.id for entry in table.live if entry.props.get(name) in ids]
        if users:
            message = f"{len(users)} records stand in this stage"
            raise Refused(400, message, "VALIDATION_ERROR", context={"ids": users[:100]})


def _changeable(call: Call) -> Table:
    if call.table.kind.kind not in ("deal", "lead"):
        raise Refused(400, f"Pipelines of {call.table.kind.path} cannot be changed here", "VALIDATION_ERROR")
    return call.table


def _named(call: Call) -> tuple[int, Pipeline]:
    for place, each in enumerate(pipelines_of(call)):
        if each.id == call.params["pipeline"]:
            return place, each
    raise not_found()


def _stage(pipeline: Pipeline, id: str) -> tuple[int, Stage]:
    for place, each in enumerate(pipeline.stages):
        if each.id == id:
            return place, each
    raise not_found()


def _new_stage(call: Call, body: Mapping[str, Any]) -> Stage:
    if not body.get("label"):
        raise Refused(400, "Stage label is missing", "VALIDATION_ERROR")
    metadata = {name: str(value) for name, value in (body.get("metadata") or {}).items()}
    return Stage(call.portal.new_id(), str(body["label"]), metadata)
