"""Tags, and the QR code that is printed on them."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import qrcode
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from qrcode.image.svg import SvgPathImage

from app.actions.records import create
from app.actions.tags import TAGS, read_url, url_of
from app.api.examples import TAG, as_listed, as_sent
from app.api.operations import Asked, Content, operation
from app.api.records import Face, draft_of, list_of_records, read_record, replace_record, sent, told_by
from app.rules.tags import Tag as TagValue
from app.rules.tags import TagKind
from schemas.envelopes import list_of
from schemas.queries import OfCustomerQuerySchema
from schemas.tags import NewTagSchema, TagRequestSchema, TagSchema

tags = Blueprint("tags", __name__, url_prefix="/api/v1/tags", description="Taggar vid kundens dörr.")

_TAG = Face(path="/api/v1/tags", subject=TAGS, request=TagRequestSchema, resource=TagSchema())
_SENT = Content(schema=TagRequestSchema, example=as_sent(TAG))
_ANSWER = Content(schema=TagSchema, example=TAG)
_URL = f"https://hemtid.example/t/{TAG['id']}.1.0ymTkTgkVxDX3w8rW5Zq4cY1"
_MADE = Content(schema=NewTagSchema, example={**TAG, "token": _URL})
_SVG = "image/svg+xml"


@tags.route("")
class Tags(MethodView):
    """The tags at customers' doors."""

    @operation(
        "listTags", query=OfCustomerQuerySchema, answers=Content(schema=list_of(TagSchema), example=as_listed(TAG))
    )
    def get(self, asked: Asked) -> Response:
        """List tags."""
        return list_of_records(asked, _TAG)

    @operation("createTag", body=_SENT, answers=_MADE, status=201, versioned=True, once=True, problems=(409,))
    def post(self, asked: Asked) -> Response:
        """Create a tag. A QR tag's `token` is the signed address to print, or to write on an NFC tag."""

        def dump(tag: TagValue) -> dict[str, Any]:
            token = url_of(asked.running.settings, tag.id) if tag.kind is TagKind.QR else None
            return {**_TAG.dump(tag), "token": token}

        told = replace(told_by(_TAG.path, dump, 201), dump=_TAG.dump)
        return sent(create(asked.call, TAGS, draft_of(asked.value, TagRequestSchema), told))


@tags.route("/<id:tag_id>")
class Tag(MethodView):
    """One tag."""

    @operation("readTag", answers=_ANSWER, versioned=True)
    def get(self, asked: Asked, tag_id: str) -> Response:
        """Read a tag."""
        return read_record(asked, _TAG, tag_id)

    @operation("replaceTag", body=_SENT, answers=_ANSWER, replaces=True, versioned=True, problems=(409,))
    def put(self, asked: Asked, tag_id: str) -> Response:
        """Replace a tag: mount it, revoke it, tell that it is lost."""
        return replace_record(asked, _TAG, tag_id)


@tags.route("/<id:tag_id>/qr.svg")
class TagQr(MethodView):
    """What is printed."""

    @operation("readTagQr", answers=Content(schema={"type": "string"}, example="<svg …/>", media=_SVG))
    def get(self, asked: Asked, tag_id: str) -> Response:
        """Read the QR code of a QR tag, as an SVG of one path."""
        drawn = io.BytesIO()
        qrcode.make(read_url(asked.call, tag_id), image_factory=SvgPathImage, border=4).save(drawn)
        return Response(drawn.getvalue(), mimetype=_SVG)
