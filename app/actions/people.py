"""Caregivers, customers and their absences."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.actions.calls import Call
from app.actions.marks import mark_customers
from app.actions.providers import check_municipality
from app.actions.records import Subject, Writing
from app.rules.access import Resource, Scope
from app.rules.people import Absence, Caregiver, Customer, kept_customer, shown_caregiver, shown_customer
from app.rules.time import local_day
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.people import ABSENCE, CAREGIVER, CUSTOMER, keep_identity

_NUMBER = "personal_identity_number"


def customers_seen(ids: Iterable[str]) -> tuple[Seen, ...]:
    """The customers as the access log names them."""
    return tuple(Seen(whom_type="customer", whom_id=one) for one in ids)


def _caregivers(_tx: Transaction, _care_system_id: str, values: Collection[Caregiver]) -> Iterable[Seen]:
    for one in values:
        yield Seen(whom_type="caregiver", whom_id=one.id)
        yield from customers_seen(relative.customer_id for relative in one.relative_of)


def _shown_caregiver(value: Caregiver, scope: Scope) -> Caregiver:
    return shown_caregiver(value, scope.with_names)


CAREGIVERS = Subject(
    resource=Resource.CAREGIVER, master=CAREGIVER, makes=Caregiver, persons=_caregivers, shown=_shown_caregiver
)


def _check_customer(writing: Writing[Customer]) -> None:
    """A case officer is of one municipality: who moves to another is granted care there, and made there anew (O1)."""
    check_municipality(writing.tx, writing.call, Resource.CUSTOMER, writing.value.municipality)


def _keep_number(writing: Writing[Customer]) -> None:
    """The number is kept apart. Source: A4."""
    tx, call, value = writing.tx, writing.call, writing.value
    if _NUMBER in writing.beside:
        keep_identity(tx, call.care_system_id, value.id, writing.beside[_NUMBER], at=call.now, by=call.actor.id)


def _customers(_tx: Transaction, _care_system_id: str, values: Collection[Customer]) -> Iterable[Seen]:
    return customers_seen(one.id for one in values)


def _shown_customer(value: Customer, scope: Scope) -> Customer:
    return shown_customer(value, scope.with_names)


CUSTOMERS = Subject(
    resource=Resource.CUSTOMER,
    master=CUSTOMER,
    makes=Customer,
    persons=_customers,
    check=_check_customer,
    then=_keep_number,
    fit=kept_customer,
    shown=_shown_customer,
)


def _absent(_tx: Transaction, _care_system_id: str, values: Collection[Absence]) -> Iterable[Seen]:
    return customers_seen(one.customer_id for one in values)


def _judge_absence(writing: Writing[Absence]) -> None:
    for one in (writing.before, writing.value):
        if one is not None:
            mark_absence(writing.tx, writing.call, one)


def mark_absence(tx: Transaction, call: Call, absence: Absence) -> None:
    """The days of the absence are judged again. Source: V18."""
    before = (
        None
        if absence.ends_at is None
        else local_day(absence.ends_at).fromordinal(local_day(absence.ends_at).toordinal() + 1)
    )
    mark_customers(tx, call, [absence.customer_id], [(local_day(absence.starts_at), before)])


ABSENCES = Subject(resource=Resource.ABSENCE, master=ABSENCE, makes=Absence, persons=_absent, then=_judge_absence)
