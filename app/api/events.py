"""The feed of changes."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.events import list_changes
from app.api.answers import answer
from app.api.examples import CHANGE
from app.api.operations import Asked, Content, operation
from schemas.envelopes import list_of
from schemas.events import ChangeSchema
from schemas.queries import FeedQuerySchema

changes = Blueprint(
    "changes", __name__, url_prefix="/api/v1/changes", description="Ändringar, i ordning, var och en en gång."
)

_CHANGE = ChangeSchema()


@changes.route("")
class Changes(MethodView):
    """What happened, for whoever follows along."""

    @operation(
        "listChanges",
        query=FeedQuerySchema,
        answers=Content(schema=list_of(ChangeSchema), example={"items": [CHANGE], "next": "1"}),
    )
    def get(self, asked: Asked) -> Response:
        """List changes after a sequence, in order. `next` is the sequence to go on from, there where any was listed."""
        after, limit = asked.query["after"], asked.query["limit"]
        found = list_changes(asked.call, after, limit)
        body: dict[str, Any] = {"items": [told_change(change) for change in found]}
        if not found:
            return answer(body)
        body["next"] = str(found[-1].sequence)
        link = f'<{request.path}?limit={limit}&after={body["next"]}>; rel="next"'
        return answer(body, headers={"Link": link})


def told_change(change: Any) -> dict[str, Any]:
    """The change as JSON values, the same wherever it is told. Source: CONTRACT, change."""
    event = change.event
    resource = {"type": event.resource_type, "id": event.resource_id, "external_id": event.external_id}
    told: dict[str, Any] = _CHANGE.dump(
        {"sequence": change.sequence, "at": event.at, "type": event.type, "resource": resource, "data": event.data}
    )
    return told
