"""Care systems, their municipalities, providers and accreditations."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions import providers as actions
from app.actions.providers import ACCREDITATIONS, PROVIDERS
from app.api.answers import versioned
from app.api.examples import ACCREDITATION, CARE_SYSTEM, PROVIDER, as_listed, as_sent
from app.api.operations import Asked, Content, operation, version_to_replace
from app.api.paging import answer_page, asked_page, cut
from app.api.records import (
    Face,
    create_record,
    draft_of,
    list_of_records,
    read_record,
    replace_record,
    sent,
    told_by,
)
from schemas.envelopes import ListQuerySchema, list_of
from schemas.providers import (
    AccreditationRequestSchema,
    AccreditationSchema,
    CareSystemRequestSchema,
    CareSystemSchema,
    MunicipalitySchema,
    ProviderRequestSchema,
    ProviderSchema,
)
from schemas.queries import AccreditationQuerySchema, ProviderQuerySchema

care_systems = Blueprint(
    "care-systems", __name__, url_prefix="/api/v1/care-systems", description="Tenants: valfrihetssystem."
)
municipalities = Blueprint("municipalities", __name__, url_prefix="/api/v1/municipalities", description="Kommuner.")
providers = Blueprint("providers", __name__, url_prefix="/api/v1/providers", description="Utförare.")
accreditations = Blueprint(
    "accreditations", __name__, url_prefix="/api/v1/accreditations", description="Godkännanden (P1, O6)."
)

_SYSTEMS = "/api/v1/care-systems"
_SYSTEM = CareSystemSchema()
_CODE = MunicipalitySchema()
_PROVIDER = Face(path="/api/v1/providers", subject=PROVIDERS, request=ProviderRequestSchema, resource=ProviderSchema())
_ACCREDITATION = Face(
    path="/api/v1/accreditations",
    subject=ACCREDITATIONS,
    request=AccreditationRequestSchema,
    resource=AccreditationSchema(),
)
_SYSTEM_SENT = Content(schema=CareSystemRequestSchema, example=as_sent(CARE_SYSTEM))
_SYSTEM_ANSWER = Content(schema=CareSystemSchema, example=CARE_SYSTEM)
_PROVIDER_SENT = Content(schema=ProviderRequestSchema, example=as_sent(PROVIDER))
_PROVIDER_ANSWER = Content(schema=ProviderSchema, example=PROVIDER)
_ACCREDITATION_SENT = Content(schema=AccreditationRequestSchema, example=as_sent(ACCREDITATION))
_ACCREDITATION_ANSWER = Content(schema=AccreditationSchema, example=ACCREDITATION)


@care_systems.route("")
class CareSystems(MethodView):
    """The tenants, for the operator; others see their own."""

    @operation(
        "listCareSystems",
        query=ListQuerySchema,
        answers=Content(schema=list_of(CareSystemSchema), example=as_listed(CARE_SYSTEM)),
    )
    def get(self, asked: Asked) -> Response:
        """List care systems."""
        page = asked_page(asked.query)
        found, more = actions.list_care_systems(asked.call, page.after, page.limit)
        return answer_page(map(_SYSTEM.dump, found), found[-1].id if more else None)

    @operation(
        "createCareSystem", body=_SYSTEM_SENT, answers=_SYSTEM_ANSWER, status=201, versioned=True, problems=(409,)
    )
    def post(self, asked: Asked) -> Response:
        """Create a care system."""
        told = told_by(_SYSTEMS, _SYSTEM.dump, 201)
        return sent(actions.create_care_system(asked.call, draft_of(asked.value, CareSystemRequestSchema), told))


@care_systems.route("/<id:care_system_id>")
class CareSystem(MethodView):
    """One tenant."""

    @operation("readCareSystem", answers=_SYSTEM_ANSWER, versioned=True)
    def get(self, asked: Asked, care_system_id: str) -> Response:
        """Read a care system."""
        found = actions.read_care_system(asked.call, care_system_id)
        return versioned(_SYSTEM.dump(found), found.version)

    @operation(
        "replaceCareSystem", body=_SYSTEM_SENT, answers=_SYSTEM_ANSWER, replaces=True, versioned=True, problems=(409,)
    )
    def put(self, asked: Asked, care_system_id: str) -> Response:
        """Replace a care system."""
        told = told_by(_SYSTEMS, _SYSTEM.dump, 200)
        draft = draft_of(asked.value, CareSystemRequestSchema)
        return sent(actions.replace_care_system(asked.call, care_system_id, version_to_replace(), draft, told))


@municipalities.route("")
class Municipalities(MethodView):
    """The principals."""

    @operation(
        "listMunicipalities",
        query=ListQuerySchema,
        answers=Content(
            schema=list_of(MunicipalitySchema),
            example={"items": [{"care_system_id": CARE_SYSTEM["id"], "code": "2029"}]},
        ),
    )
    def get(self, asked: Asked) -> Response:
        """List the municipalities of the care system, by code."""
        page = asked_page(asked.query)
        rows = actions.list_municipalities(asked.call, page.after, page.limit + 1)
        shown, last = cut(rows, page, actions.municipality_key)
        return answer_page(_CODE.dump(shown, many=True), last)


@providers.route("")
class Providers(MethodView):
    """The providers of the care system."""

    @operation(
        "listProviders",
        query=ProviderQuerySchema,
        answers=Content(schema=list_of(ProviderSchema), example=as_listed(PROVIDER)),
    )
    def get(self, asked: Asked) -> Response:
        """List providers."""
        return list_of_records(asked, _PROVIDER)

    @operation(
        "createProvider",
        body=_PROVIDER_SENT,
        answers=_PROVIDER_ANSWER,
        status=201,
        versioned=True,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Create a provider."""
        return create_record(asked, _PROVIDER)


@providers.route("/<id:provider_id>")
class Provider(MethodView):
    """One provider."""

    @operation("readProvider", answers=_PROVIDER_ANSWER, versioned=True)
    def get(self, asked: Asked, provider_id: str) -> Response:
        """Read a provider."""
        return read_record(asked, _PROVIDER, provider_id)

    @operation(
        "replaceProvider", body=_PROVIDER_SENT, answers=_PROVIDER_ANSWER, replaces=True, versioned=True, problems=(409,)
    )
    def put(self, asked: Asked, provider_id: str) -> Response:
        """Replace a provider."""
        return replace_record(asked, _PROVIDER, provider_id)


@accreditations.route("")
class Accreditations(MethodView):
    """Who is accredited for what."""

    @operation(
        "listAccreditations",
        query=AccreditationQuerySchema,
        answers=Content(schema=list_of(AccreditationSchema), example=as_listed(ACCREDITATION)),
    )
    def get(self, asked: Asked) -> Response:
        """List accreditations."""
        return list_of_records(asked, _ACCREDITATION)

    @operation(
        "createAccreditation",
        body=_ACCREDITATION_SENT,
        answers=_ACCREDITATION_ANSWER,
        status=201,
        versioned=True,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Accredit a provider for a service in a municipality."""
        return create_record(asked, _ACCREDITATION)


@accreditations.route("/<id:accreditation_id>")
class Accreditation(MethodView):
    """One accreditation."""

    @operation("readAccreditation", answers=_ACCREDITATION_ANSWER, versioned=True)
    def get(self, asked: Asked, accreditation_id: str) -> Response:
        """Read an accreditation."""
        return read_record(asked, _ACCREDITATION, accreditation_id)

    @operation(
        "replaceAccreditation",
        body=_ACCREDITATION_SENT,
        answers=_ACCREDITATION_ANSWER,
        replaces=True,
        versioned=True,
        problems=(409,),
    )
    def put(self, asked: Asked, accreditation_id: str) -> Response:
        """Replace an accreditation."""
        return replace_record(asked, _ACCREDITATION, accreditation_id)
