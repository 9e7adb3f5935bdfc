"""Users: kept by the operator."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.access import users
from app.actions.access.faults import ChangedMeanwhile
from app.api.answers import versioned
from app.api.operations import Asked, Content, operation, version_to_replace
from app.api.paging import answer_page, asked_page, cut
from app.api.problems import Problem, Slug
from app.rules.access import Kept, UserAccount
from schemas.access import UserReplacementSchema, UserRequestSchema, UserSchema, kept_json
from schemas.envelopes import ListQuerySchema, list_of

blp = Blueprint("users", __name__, url_prefix="/api/v1/users", description="People who sign in. Source: RULEBOOK A2.")

_STATED = {
    "username": "anna.ek",
    "role": "coordinator",
    "care_system_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
    "provider_id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e70",
}
_USER = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e71",
    **_STATED,
    "active": True,
    "created_at": "2014-01-02T08:00:00Z",
    "recorded_at": "2014-01-02T08:00:00Z",
}
_ANSWER = Content(schema=UserSchema, example=_USER)
_LIST = Content(schema=list_of(UserSchema), example={"items": [_USER]})


@blp.route("")
class Users(MethodView):
    """All users of the installation."""

    @operation(
        "createUser",
        body=Content(schema=UserRequestSchema, example={**_STATED, "password": "a sentence nobody else says"}),
        answers=_ANSWER,
        status=201,
        versioned=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Create a user. A username is given once in the whole installation."""
        account, password = asked.value
        kept = users.create_user(asked.running.database, asked.actor, account, password, asked.now)
        return versioned(kept_json(kept), kept.version, 201, f"/api/v1/users/{kept.id}")

    @operation("listUsers", answers=_LIST, query=ListQuerySchema)
    def get(self, asked: Asked) -> Response:
        """List users by id."""
        page = asked_page(asked.query)
        rows = users.list_users(asked.running.database, asked.actor, page.after, page.limit + 1)
        shown, last = cut(rows, page, lambda kept: kept.id)
        return answer_page(map(kept_json, shown), last)


@blp.route("/<id:user_id>")
class User(MethodView):
    """One user."""

    @operation("readUser", answers=_ANSWER, versioned=True)
    def get(self, asked: Asked, user_id: str) -> Response:
        """Read a user."""
        kept = users.read_user(asked.running.database, asked.actor, user_id)
        return versioned(kept_json(kept), kept.version)

    @operation(
        "replaceUser",
        body=Content(schema=UserReplacementSchema, example={**_STATED, "active": False}),
        answers=_ANSWER,
        replaces=True,
        versioned=True,
        problems=(409,),
    )
    def put(self, asked: Asked, user_id: str) -> Response:
        """Replace a user: role, scope, whether it is active; in effect from its next request."""
        kept = _replaced(asked, user_id)
        return versioned(kept_json(kept), kept.version)


def _replaced(asked: Asked, user_id: str) -> Kept[UserAccount]:
    account, password = asked.value
    try:
        return users.replace_user(
            asked.running.database, asked.actor, user_id, version_to_replace(), account, password, asked.now
        )
    except ChangedMeanwhile as fault:
        raise Problem(Slug.CHANGED_MEANWHILE) from fault
