"""Phones: enrolled by a QR code that a coordinator shows, and revoked when they are lost."""

from __future__ import annotations

import io

import qrcode
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from qrcode.image.svg import SvgPathImage

from app.actions.access import devices as actions
from app.actions.access.signing_in import OnPhone
from app.actions.running import real_now
from app.api.answers import answer
from app.api.authentication import INVALID_PROOF, stated_proof, stated_token
from app.api.examples import CAREGIVER, PROVIDER, as_listed
from app.api.operations import Asked, Content, operation
from app.api.paging import answer_page, asked_page, cut
from app.api.problems import Problem, Slug
from app.api.tokens import NOT_KEPT, given
from app.rules.access import Resource, Verb
from schemas.devices import (
    DeviceRequestSchema,
    DeviceSchema,
    EnrolledSchema,
    EnrolmentRequestSchema,
    OfferSchema,
    RevocationRequestSchema,
    device_document,
)
from schemas.envelopes import ListQuerySchema, list_of

devices = Blueprint(
    "devices", __name__, url_prefix="/api/v1/devices", description="Telefoner. Source: RULEBOOK V17; RFC 9449."
)

_OFFERED = {
    "id": "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e90",
    "provider_id": PROVIDER["id"],
    "name": "Phone 4",
    "state": "offered",
    "created_at": "2014-02-03T08:00:00Z",
    "expires_at": "2014-02-03T08:10:00Z",
    "enrolled_at": None,
    "enrolled_by": None,
    "revoked_at": None,
    "revoked_by": None,
    "revoked_reason": None,
}
_DEVICE = {**_OFFERED, "state": "enrolled", "enrolled_at": "2014-02-03T08:02:00Z", "enrolled_by": CAREGIVER["id"]}
_LOST = {
    **_DEVICE,
    "state": "revoked",
    "revoked_at": "2014-02-04T12:00:00Z",
    "revoked_by": CAREGIVER["id"],
    "revoked_reason": "Left on a bus",
}
_TOKEN = "nQ1VtY0r0cJ8v4m0Yk7yW8Zl2m3sKxq0b1u5aPp9dEw"
_OFFER = {**_OFFERED, "token": _TOKEN, "url": f"https://hemtid.example/t/#enrol={_TOKEN}", "qr_svg": "<svg …/>"}
_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
_TOKENS = {
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJoZW10aWQifQ.c2lnbmF0dXJl",
    "token_type": "DPoP",
    "expires_in": 600,
    "refresh_token": _TOKEN,
    "role": "caregiver",
    "scope": "care_system:0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f",
}


@devices.route("")
class Devices(MethodView):
    """The provider's phones."""

    @operation(
        "offerDevice",
        body=Content(schema=DeviceRequestSchema, example={"name": "Phone 4"}),
        answers=Content(schema=OfferSchema, example=_OFFER),
        status=201,
    )
    def post(self, asked: Asked) -> Response:
        """Offer a phone its enrolment: a QR code, good once and for ten minutes, told in this answer alone."""
        offer = actions.offer_device(asked.call, asked.value["name"])
        shown = {"token": offer.token, "url": offer.url, "qr_svg": _drawn(offer.url)}
        headers = {"Location": f"/api/v1/devices/{offer.device.id}", **NOT_KEPT}
        return answer({**device_document(offer.device, asked.now), **shown}, 201, headers)

    @operation(
        "listDevices",
        query=ListQuerySchema,
        answers=Content(schema=list_of(DeviceSchema), example=as_listed(_DEVICE)),
    )
    def get(self, asked: Asked) -> Response:
        """List phones by id."""
        page = asked_page(asked.query)
        rows = list(actions.list_devices(asked.call, page.after, page.limit + 1))
        shown, last = cut(rows, page, lambda device: device.id)
        return answer_page([device_document(one, asked.now) for one in shown], last)


@devices.route("/<id:device_id>")
class Device(MethodView):
    """One phone."""

    @operation("readDevice", answers=Content(schema=DeviceSchema, example=_DEVICE))
    def get(self, asked: Asked, device_id: str) -> Response:
        """Read a phone: whether it is enrolled, by whom, and whether it is revoked."""
        return answer(device_document(actions.read_device(asked.call, device_id), asked.now))


@devices.route("/<id:device_id>/revocation")
class Revocation(MethodView):
    """A phone that is lost."""

    @operation(
        "revokeDevice",
        body=Content(schema=RevocationRequestSchema, example={"reason": "Left on a bus"}),
        answers=Content(schema=DeviceSchema, example=_LOST),
        problems=(409,),
    )
    def post(self, asked: Asked, device_id: str) -> Response:
        """Revoke a phone: nothing it asks is answered from its next request on.

        What it captured before, and delivers afterwards, waits in the quarantine.
        """
        return answer(device_document(actions.revoke_device(asked.call, device_id, asked.value["reason"]), asked.now))


@devices.route("/enrolment")
class Enrolment(MethodView):
    """The phone itself, on which a caregiver is signed in."""

    @operation(
        "enrolDevice",
        body=Content(schema=EnrolmentRequestSchema, example={"token": _TOKEN, "public_key": _KEY}),
        answers=Content(schema=EnrolledSchema, example={"device": _DEVICE, "tokens": _TOKENS}),
        status=201,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Register this phone's key by the QR code's token, with a DPoP proof of it; its tokens are bound to it."""
        asked.call.check(Resource.DEVICE, Verb.ENROL)
        phone = _phone(asked)
        device, signed = actions.enrol(asked.call, asked.value["token"], asked.value["public_key"], phone, real_now())
        return answer({"device": device_document(device, asked.now), "tokens": given(signed)}, 201, dict(NOT_KEPT))


def _phone(asked: Asked) -> OnPhone:
    """The phone whose proof came with the request. Raises `Problem` 401 without one."""
    proof = stated_proof(stated_token())
    if proof is None:
        detail = "The request needs a DPoP proof of the key to be registered."
        raise Problem(Slug.NOT_SIGNED_IN, detail, headers=dict(INVALID_PROOF))
    return OnPhone(proof=proof, at=asked.now)


def _drawn(url: str) -> str:
    """The QR code as an SVG of one path."""
    drawn = io.BytesIO()
    qrcode.make(url, image_factory=SvgPathImage, border=4).save(drawn)
    return drawn.getvalue().decode()
