"""A small care system with everybody in it, for the drills: people to sign in as, customers, a provider's tag."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.actions.access.signing_in import by_password, by_secret
from app.actions.access.tokens import TokenAuthority
from app.actions.running import real_now
from app.rules.access import Actor, Role
from app.rules.orders import ChosenBy, Grant, Order, Per
from app.rules.people import Caregiver, Customer, Position, Protection
from app.rules.providers import CareSystem, Law, Provider, ProviderKind, Service
from app.rules.tags import Tag, TagKind
from app.settings import Settings
from app.storage.database import Database, open_database
from app.storage.ids import new_id
from app.storage.orders import GRANT, ORDER
from app.storage.people import CAREGIVER, CUSTOMER
from app.storage.providers import CARE_SYSTEM, PROVIDER
from app.storage.records import insert
from app.storage.tags import TAG
from tests.accounts import PASSWORD, keep_client, keep_operator, keep_user

MUNICIPALITY = "2029"
UID = "04A2245A6F6180"
FROM = date(2014, 1, 1)
RECORDED = datetime(2014, 1, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What was put into the database, and an access token of each role."""

    care_system_id: str
    provider_id: str
    caregiver_ids: tuple[str, ...]
    customer_id: str
    protected_id: str
    grant_id: str
    tokens: Mapping[Role, str]

    def ask(self, app: Flask, role: Role, method: str, path: str, **sent: Any) -> TestResponse:
        """The product's answer to a request of somebody with the role."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **sent.pop("headers", {})}
        return app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **sent)


def filled(settings: Settings, caregivers: int = 1, protection: Protection = Protection.CONFIDENTIAL) -> Register:
    """The register is in the database of the settings, whose keys sign the tokens."""
    with closing(open_database(settings)) as database:
        operator = keep_operator(database)
        care_system_id, provider_id, caregiver_ids = _keep_provider(database, caregivers)
        customer_id, protected_id, grant_id = _keep_customers(database, care_system_id, provider_id, protection)
        within = {"care_system_id": care_system_id}
        scopes: dict[Role, dict[str, str]] = {
            Role.CAREGIVER: {**within, "provider_id": provider_id, "caregiver_id": caregiver_ids[0]},
            Role.COORDINATOR: {**within, "provider_id": provider_id},
            Role.CASE_OFFICER: {**within, "municipality": MUNICIPALITY},
            Role.CONTROLLER: within,
            Role.AUDITOR: within,
            Role.SCHEDULING_CLIENT: {**within, "provider_id": provider_id},
            Role.MEASURING_CLIENT: {**within, "provider_id": provider_id},
            Role.REIMBURSEMENT_CLIENT: within,
            Role.OPERATOR: {},
        }
        tokens = {role: _token(database, settings, operator, role, scope) for role, scope in scopes.items()}
    return Register(
        care_system_id=care_system_id,
        provider_id=provider_id,
        caregiver_ids=caregiver_ids,
        customer_id=customer_id,
        protected_id=protected_id,
        grant_id=grant_id,
        tokens=tokens,
    )


def _keep_provider(database: Database, caregivers: int) -> tuple[str, str, tuple[str, ...]]:
    """A care system, and a provider in it with so many caregivers, with their versions as the product keeps them."""
    cs, staff = new_id(), tuple(new_id() for _ in range(caregivers))
    system = CareSystem(id=cs, recorded_at=RECORDED, name="A care system", municipalities=(MUNICIPALITY, "2031"))
    provider = Provider(id=new_id(), recorded_at=RECORDED, name="A provider", kind=ProviderKind.PRIVATE)
    with database.transaction() as tx:
        insert(tx, CARE_SYSTEM, cs, system, by=cs)
        insert(tx, PROVIDER, cs, provider, by=cs)
        for one in staff:
            caregiver = Caregiver(id=one, recorded_at=RECORDED, provider_id=provider.id, name="A caregiver")
            insert(tx, CAREGIVER, cs, caregiver, by=cs)
    return cs, provider.id, staff


def _keep_customers(
    database: Database, care_system_id: str, provider_id: str, protection: Protection
) -> tuple[str, str, str]:
    """A customer with a tag, a grant and an order at the provider; one with protected identity likewise, untagged."""
    plain = Customer(id=new_id(), recorded_at=RECORDED, municipality=MUNICIPALITY, name="Testperson Ett")
    plain = replace(plain, position=Position(lat_e6=60_730_000, lon_e6=14_990_000))
    protected = Customer(id=new_id(), recorded_at=RECORDED, municipality=MUNICIPALITY, protection=protection)
    tag = Tag(id=new_id(), recorded_at=RECORDED, customer_id=plain.id, kind=TagKind.NFC, uid=UID, valid_from=FROM)
    grants = [_grant(plain.id), _grant(protected.id)]
    with database.transaction() as tx:
        for customer in (plain, protected):
            insert(tx, CUSTOMER, care_system_id, customer, by=provider_id)
        insert(tx, TAG, care_system_id, tag, by=provider_id)
        for grant in grants:
            insert(tx, GRANT, care_system_id, grant, by=provider_id)
            insert(tx, ORDER, care_system_id, _order(grant.id, provider_id), by=provider_id)
    return plain.id, protected.id, grants[0].id


def _grant(customer_id: str) -> Grant:
    return Grant(
        id=new_id(),
        recorded_at=RECORDED,
        customer_id=customer_id,
        services=(Service.PERSONAL_CARE, Service.HOUSEHOLD),
        law=Law.SOL,
        granted_seconds=36_000,
        per=Per.MONTH,
        valid_from=FROM,
    )


def _order(grant_id: str, provider_id: str) -> Order:
    return Order(
        id=new_id(),
        recorded_at=RECORDED,
        grant_id=grant_id,
        provider_id=provider_id,
        ordered_at=RECORDED,
        chosen_by=ChosenBy.CUSTOMER,
        valid_from=FROM,
    )


def _token(database: Database, settings: Settings, operator: Actor, role: Role, scope: dict[str, str]) -> str:
    authority = TokenAuthority(settings.signing_key, settings.base_url)
    if role.name.endswith("_CLIENT"):
        kept, secret = keep_client(database, operator, role, **scope)
        signed = by_secret(database, kept.id, secret)
    else:
        if role is not Role.OPERATOR:
            keep_user(database, operator, role, role.value, **scope)
        signed = by_password(database, role.value, PASSWORD, real_now())
    return authority.issue(signed.subject, signed.actor, real_now())
