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
from app.actions.tags import TAGS, TagVersion, Wanted, read_history, read_url, sheet_of, url_of
from app.api.answers import answer
from app.api.examples import TAG, as_listed, as_sent
from app.api.operations import Asked, Content, operation
from app.api.problems import malformed
from app.api.records import Face, draft_of, list_of_records, read_record, replace_record, sent, told_by
from app.api.sheets import pdf_of, svg_of
from app.rules.tags import Tag as TagValue
from app.rules.tags import TagKind
from schemas.envelopes import list_of
from schemas.queries import OfCustomerQuerySchema
from schemas.tags import NewTagSchema, TagRequestSchema, TagSchema, TagSheetQuerySchema, TagVersionsSchema

tags = Blueprint("tags", __name__, url_prefix="/api/v1/tags", description="Taggar vid kundens dörr.")

_TAG = Face(path="/api/v1/tags", subject=TAGS, request=TagRequestSchema, resource=TagSchema())
_SENT = Content(schema=TagRequestSchema, example=as_sent(TAG))
_ANSWER = Content(schema=TagSchema, example=TAG)
_NAMED = {**TAG, "short_code": "3WP4-TQG9-4"}
_URL = f"https://hemtid.example/t/{TAG['id']}.1.0ymTkTgkVxDX3w8rW5Zq4cY1"
_MADE = Content(schema=NewTagSchema, example={**_NAMED, "token": _URL})
_SVG = "image/svg+xml"
_PDF = "application/pdf"
_SHEET_SVG = Content(schema={"type": "string"}, example="<svg …/>", media=_SVG)
_SHEET_PDF = Content(schema={"type": "string", "format": "binary"}, example="%PDF-1.4 …", media=_PDF)
_VERSION = {**_NAMED, "version": 1, "recorded_by": TAG["customer_id"], "keys_changed": False}
MOST_NAMED = 200


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
            return {**_TAG.dump(tag), "short_code": tag.short_code, "token": token}

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


@tags.route("/<id:tag_id>/versions")
class TagVersions(MethodView):
    """What has become of a tag."""

    @operation("readTagVersions", answers=Content(schema=TagVersionsSchema, example={"items": [_VERSION]}))
    def get(self, asked: Asked, tag_id: str) -> Response:
        """Read a tag's history, the oldest version first: issued, mounted, moved, revoked, given other keys."""
        found = read_history(asked.call, tag_id)
        return answer({"items": [_version(one) for one in found]})


def _version(one: TagVersion) -> dict[str, Any]:
    told = {"version": one.tag.version, "recorded_by": one.recorded_by, "keys_changed": one.keys_changed}
    return {**_TAG.dump(one.tag), "short_code": one.tag.short_code, **told}


@tags.route("/sheet.svg")
class TagSheetSvg(MethodView):
    """Labels to print, as a drawing."""

    @operation("readTagSheetSvg", query=TagSheetQuerySchema, answers=_SHEET_SVG)
    def get(self, asked: Asked) -> Response:
        """Read a sheet of QR tags to print, A4, its pages one below the other. It names nobody."""
        return Response(svg_of(sheet_of(asked.call, _wanted(asked))), mimetype=_SVG)


@tags.route("/sheet.pdf")
class TagSheetPdf(MethodView):
    """Labels to print, as a document."""

    @operation("readTagSheetPdf", query=TagSheetQuerySchema, answers=_SHEET_PDF)
    def get(self, asked: Asked) -> Response:
        """Read a sheet of QR tags to print, A4, 21 labels a page. It names nobody."""
        return Response(pdf_of(sheet_of(asked.call, _wanted(asked)), asked.now), mimetype=_PDF)


def _wanted(asked: Asked) -> Wanted:
    query = asked.query
    ids = None if query["ids"] is None else frozenset(query["ids"].split(","))
    if ids is not None and len(ids) > MOST_NAMED:
        raise malformed("/ids", f"Give at most {MOST_NAMED} ids.")
    return Wanted(
        customer_id=query["customer_id"],
        provider_id=query["provider_id"],
        municipality=query["municipality"],
        ids=ids,
    )


@tags.route("/<id:tag_id>/qr.svg")
class TagQr(MethodView):
    """What is printed."""

    @operation("readTagQr", answers=Content(schema={"type": "string"}, example="<svg …/>", media=_SVG))
    def get(self, asked: Asked, tag_id: str) -> Response:
        """Read the QR code of a QR tag, as an SVG of one path."""
        drawn = io.BytesIO()
        qrcode.make(read_url(asked.call, tag_id), image_factory=SvgPathImage, border=4).save(drawn)
        return Response(drawn.getvalue(), mimetype=_SVG)
