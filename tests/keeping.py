"""A scenario kept in a database as if it had been registered there, with the instants at which everything came."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.actions.simulations import with_holidays
from app.rules.deviations.facts import Facts
from app.rules.deviations.setting import lay_out, resolve_all, visits_of
from app.rules.extensions import Act, ExtensionState, move
from app.rules.providers import Accreditation, CareSystem, Service
from app.rules.scenario import Scenario
from app.rules.tags import TagKeys
from app.rules.time import local_month
from app.rules.visits.values import Visit
from app.storage.database import Database, Transaction
from app.storage.extensions import insert_decision, insert_extension, move_extension
from app.storage.ids import new_id
from app.storage.judgements import NOBODY, Due, mark_due
from app.storage.orders import GRANT, ORDER
from app.storage.people import ABSENCE, CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT
from app.storage.policies import insert_policy
from app.storage.providers import ACCREDITATION, CARE_SYSTEM, PROVIDER
from app.storage.rates import insert_rate
from app.storage.records import insert
from app.storage.tags import TAG
from app.storage.visits import New, approve_correction, insert_correction, save_registrations, upsert_visits
from schemas.simulations import read_scenario

BY = "00000000-0000-7000-8000-000000000001"
MASTERS: tuple[tuple[str, Any], ...] = (
    ("providers", PROVIDER),
    ("accreditations", ACCREDITATION),
    ("caregivers", CAREGIVER),
    ("customers", CUSTOMER),
    ("absences", ABSENCE),
    ("tags", TAG),
    ("grants", GRANT),
    ("orders", ORDER),
    ("planned_visits", PLANNED_VISIT),
)


def scenario_in(file: Path) -> Scenario:
    """The scenario of a file."""

    return accredited(read_scenario(json.loads(file.read_text(encoding="utf-8"))))


def accredited(scenario: Scenario) -> Scenario:
    """The scenario with every provider accredited for everything, as an order takes it for granted (O6)."""
    facts = scenario.facts
    if facts.accreditations is not None:
        return scenario
    rows = tuple(
        Accreditation(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{provider.id} {municipality} {service}")),
            provider_id=provider.id,
            municipality=municipality,
            service=service,
            valid_from=date(1900, 1, 1),
        )
        for provider in facts.providers
        for municipality in sorted({one.municipality for one in facts.customers})
        for service in Service
    )
    return replace(scenario, facts=replace(facts, accreditations=rows))


def keep(database: Database, scenario: Scenario, *, keys: TagKeys | None = None) -> str:
    """The id of a care system in which everything that the scenario says was recorded, and the visits are folded."""
    care_system_id, facts = new_id(), scenario.facts
    municipalities = scenario.care_system.municipalities if scenario.care_system else ()
    named = tuple(sorted({*municipalities, *(one.municipality for one in facts.customers)}))
    with database.transaction() as tx:
        system = CareSystem(id=care_system_id, name="A care system", municipalities=named)
        insert(tx, CARE_SYSTEM, care_system_id, system, by=BY)
        for name, master in MASTERS:
            for value in getattr(facts, name) or ():
                insert(tx, master, care_system_id, value, by=BY)
        for rate in facts.rates:
            insert_rate(tx, care_system_id, rate, by=BY)
        for policy in facts.policies:
            insert_policy(tx, care_system_id, policy, by=BY)
        _keep_registered(tx, care_system_id, facts)
        _keep_asked(tx, care_system_id, facts)
        setting = lay_out(replace(with_holidays(facts, scenario.months), tag_keys=keys), scenario.now)
        visits = visits_of(setting)
        upsert_visits(tx, care_system_id, visits)
        mark_due(tx, care_system_id, [due for one in visits for due in _dues(one)], at=scenario.now)
    return care_system_id


def _dues(visit: Visit) -> list[Due]:
    """What whoever registers a visit marks."""
    months = {local_month(moment) for moment in (visit.starts_at, visit.ends_at) if moment is not None}
    return [
        Due(provider_id=visit.provider_id, customer_id=customer_id, month=month)
        for customer_id in visit.customer_ids or (NOBODY,)
        for month in months
    ]


def _keep_registered(tx: Transaction, care_system_id: str, facts: Facts) -> None:
    resolved = resolve_all(facts)
    save_registrations(tx, care_system_id, [New(resolved=one, content_hash="0" * 64, by=BY) for one in resolved])
    for one in facts.corrections:
        insert_correction(tx, care_system_id, replace(one, recorded_at=one.made_at), by=BY)
        if one.approved_by is not None and one.approved_at is not None:
            approve_correction(
                tx, care_system_id, one.id, by=one.approved_by, at=one.approved_at, recorded_at=one.approved_at
            )


def _keep_asked(tx: Transaction, care_system_id: str, facts: Facts) -> None:
    for extension in facts.extensions:
        insert_extension(tx, care_system_id, extension, state=ExtensionState.REQUESTED, by=BY)
    states: dict[str, ExtensionState] = {}
    for decision in facts.decisions:
        before = states.get(decision.extension_id, ExtensionState.REQUESTED)
        after = move(before, Act(decision.outcome.value))
        states[decision.extension_id] = after
        insert_decision(tx, care_system_id, decision)
        _move(tx, care_system_id, decision.extension_id, before, after, decision.decided_at)


def _move(
    tx: Transaction,
    care_system_id: str,
    extension_id: str,
    before: ExtensionState,
    after: ExtensionState,
    at: datetime,
) -> None:
    move_extension(tx, care_system_id, extension_id, before=before, after=after, at=at, by=BY)
