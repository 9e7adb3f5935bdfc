"""Caregivers, customers and absences."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from app.actions.people import ABSENCES, CAREGIVERS, CUSTOMERS
from app.api.examples import ABSENCE, CAREGIVER, CUSTOMER, as_listed, as_sent
from app.api.operations import Asked, Content, operation
from app.api.records import Face, create_record, list_of_records, read_record, replace_record
from schemas.envelopes import list_of
from schemas.people import (
    AbsenceRequestSchema,
    AbsenceSchema,
    CaregiverRequestSchema,
    CaregiverSchema,
    CustomerRequestSchema,
    CustomerSchema,
)
from schemas.queries import CaregiverQuerySchema, CustomerQuerySchema, OfCustomerQuerySchema

caregivers = Blueprint("caregivers", __name__, url_prefix="/api/v1/caregivers", description="Vårdbiträden.")
customers = Blueprint("customers", __name__, url_prefix="/api/v1/customers", description="Kunder (A4).")
absences = Blueprint("absences", __name__, url_prefix="/api/v1/absences", description="Frånvaro (V18).")

_CAREGIVER = Face(
    path="/api/v1/caregivers", subject=CAREGIVERS, request=CaregiverRequestSchema, resource=CaregiverSchema()
)
_CAREGIVER_SENT = Content(schema=CaregiverRequestSchema, example=as_sent(CAREGIVER))
_CAREGIVER_ANSWER = Content(schema=CaregiverSchema, example=CAREGIVER)
_CUSTOMER = Face(path="/api/v1/customers", subject=CUSTOMERS, request=CustomerRequestSchema, resource=CustomerSchema())
_CUSTOMER_SENT = Content(schema=CustomerRequestSchema, example=as_sent(CUSTOMER))
_CUSTOMER_ANSWER = Content(schema=CustomerSchema, example=CUSTOMER)
_ABSENCE = Face(path="/api/v1/absences", subject=ABSENCES, request=AbsenceRequestSchema, resource=AbsenceSchema())
_ABSENCE_SENT = Content(schema=AbsenceRequestSchema, example=as_sent(ABSENCE))
_ABSENCE_ANSWER = Content(schema=AbsenceSchema, example=ABSENCE)


@caregivers.route("")
class Caregivers(MethodView):
    """The provider's staff who visit."""

    @operation(
        "listCaregivers",
        query=CaregiverQuerySchema,
        answers=Content(schema=list_of(CaregiverSchema), example=as_listed(CAREGIVER)),
    )
    def get(self, asked: Asked) -> Response:
        """List caregivers."""
        return list_of_records(asked, _CAREGIVER)

    @operation(
        "createCaregiver",
        body=_CAREGIVER_SENT,
        answers=_CAREGIVER_ANSWER,
        status=201,
        versioned=True,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Create a caregiver."""
        return create_record(asked, _CAREGIVER)


@caregivers.route("/<id:caregiver_id>")
class Caregiver(MethodView):
    """One caregiver."""

    @operation("readCaregiver", answers=_CAREGIVER_ANSWER, versioned=True)
    def get(self, asked: Asked, caregiver_id: str) -> Response:
        """Read a caregiver."""
        return read_record(asked, _CAREGIVER, caregiver_id)

    @operation(
        "replaceCaregiver",
        body=_CAREGIVER_SENT,
        answers=_CAREGIVER_ANSWER,
        replaces=True,
        versioned=True,
        problems=(409,),
    )
    def put(self, asked: Asked, caregiver_id: str) -> Response:
        """Replace a caregiver."""
        return replace_record(asked, _CAREGIVER, caregiver_id)


@customers.route("")
class Customers(MethodView):
    """The people with granted care."""

    @operation(
        "listCustomers",
        query=CustomerQuerySchema,
        answers=Content(schema=list_of(CustomerSchema), example=as_listed(CUSTOMER)),
    )
    def get(self, asked: Asked) -> Response:
        """List customers."""
        return list_of_records(asked, _CUSTOMER)

    @operation(
        "createCustomer",
        body=_CUSTOMER_SENT,
        answers=_CUSTOMER_ANSWER,
        status=201,
        versioned=True,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Create a customer. The personal identity number is taken in and never given out."""
        return create_record(asked, _CUSTOMER)


@customers.route("/<id:customer_id>")
class Customer(MethodView):
    """One customer."""

    @operation("readCustomer", answers=_CUSTOMER_ANSWER, versioned=True)
    def get(self, asked: Asked, customer_id: str) -> Response:
        """Read a customer."""
        return read_record(asked, _CUSTOMER, customer_id)

    @operation(
        "replaceCustomer", body=_CUSTOMER_SENT, answers=_CUSTOMER_ANSWER, replaces=True, versioned=True, problems=(409,)
    )
    def put(self, asked: Asked, customer_id: str) -> Response:
        """Replace a customer."""
        return replace_record(asked, _CUSTOMER, customer_id)


@absences.route("")
class Absences(MethodView):
    """When customers are away."""

    @operation(
        "listAbsences",
        query=OfCustomerQuerySchema,
        answers=Content(schema=list_of(AbsenceSchema), example=as_listed(ABSENCE)),
    )
    def get(self, asked: Asked) -> Response:
        """List absences."""
        return list_of_records(asked, _ABSENCE)

    @operation(
        "createAbsence",
        body=_ABSENCE_SENT,
        answers=_ABSENCE_ANSWER,
        status=201,
        versioned=True,
        once=True,
        problems=(409,),
    )
    def post(self, asked: Asked) -> Response:
        """Tell that a customer is away."""
        return create_record(asked, _ABSENCE)


@absences.route("/<id:absence_id>")
class Absence(MethodView):
    """One absence."""

    @operation("readAbsence", answers=_ABSENCE_ANSWER, versioned=True)
    def get(self, asked: Asked, absence_id: str) -> Response:
        """Read an absence."""
        return read_record(asked, _ABSENCE, absence_id)

    @operation(
        "replaceAbsence", body=_ABSENCE_SENT, answers=_ABSENCE_ANSWER, replaces=True, versioned=True, problems=(409,)
    )
    def put(self, asked: Asked, absence_id: str) -> Response:
        """Replace an absence."""
        return replace_record(asked, _ABSENCE, absence_id)
