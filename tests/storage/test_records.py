"""Master data: what goes in comes out, versions, references and scopes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.rules.people import Customer
from app.rules.providers import CareSystem
from app.storage.conflicts import violated_key
from app.storage.database import Database
from app.storage.orders import GRANT, ORDER
from app.storage.people import ABSENCE, CAREGIVER, CUSTOMER
from app.storage.plans import PLANNED_VISIT, plans_between
from app.storage.policies import get_policy, page_of_policies, policies_of
from app.storage.providers import CARE_SYSTEM, PROVIDER, care_systems
from app.storage.rates import get_rate, page_of_rates, rates_of
from app.storage.records import (
    Master,
    get,
    get_many,
    insert,
    page,
    put_many,
    replace_version,
    versions,
)
from app.storage.tags import TAG
from tests.storage.care import (
    ANNA,
    BO,
    BY,
    CAP,
    CIA,
    CS,
    EARLY,
    GRANTED,
    MASTER,
    NOON,
    ORDERED,
    PLANNED,
    PRICE,
    STAY,
    TAG_OF_ANNA,
    insert_all,
    names_a_reference,
    scope,
)

TODAY = date(2014, 2, 3)


def test_every_value_comes_out_as_it_went_in(care: Database) -> None:
    with care.transaction(write=False) as tx:
        for master, value in MASTER:
            assert get(tx, master, CS, value.id) == value
            assert value in versions(tx, master, CS)


def test_the_values_of_the_round_trip_say_something_in_every_field() -> None:
    told: dict[type, set[str]] = {}
    for _, value in MASTER:
        said = {field.name for field in fields(value) if getattr(value, field.name) not in (None, (), False)}
        told.setdefault(type(value), set()).update(said)
    for kind, said in told.items():
        assert {field.name for field in fields(kind)} == said, kind


def test_rates_and_policies_come_out_as_they_went_in(care: Database) -> None:
    with care.transaction(write=False) as tx:
        assert rates_of(tx, CS) == (PRICE,) == page_of_rates(tx, CS, municipality="2029")
        assert get_rate(tx, CS, "rate") == PRICE
        assert page_of_rates(tx, CS, municipality="2031") == ()
        assert policies_of(tx, CS) == (CAP, STAY) == page_of_policies(tx, CS, municipality="2029")
        assert page_of_policies(tx, CS, municipality="2031") == (STAY,)
        assert get_policy(tx, CS, "stay") == STAY


def test_a_replaced_value_is_the_next_version_and_the_old_one_stays(care: Database) -> None:
    moved = replace(ANNA, municipality="2031", recorded_at=NOON)
    with care.transaction() as tx:
        kept = replace_version(tx, CUSTOMER, CS, moved, expected_version=1, by=BY)
        assert kept == replace(moved, version=2)
    with care.transaction(write=False) as tx:
        assert get(tx, CUSTOMER, CS, "anna") == kept
        assert versions(tx, CUSTOMER, CS, ["anna"]) == (ANNA, kept)


@pytest.mark.parametrize(("record_id", "expected"), [("anna", 2), ("anna", 0), ("nobody", 1)])
def test_a_stale_or_unknown_version_is_not_replaced(care: Database, record_id: str, expected: int) -> None:
    with care.transaction() as tx:
        value = replace(ANNA, id=record_id, name="Annan")
        assert replace_version(tx, CUSTOMER, CS, value, expected_version=expected, by=BY) is None
    with care.transaction(write=False) as tx:
        assert get(tx, CUSTOMER, CS, "anna") == ANNA
        assert versions(tx, CUSTOMER, CS, ["anna", "nobody"]) == (ANNA,)


def test_many_values_at_once_make_versions_only_where_something_changed(care: Database) -> None:
    changed, new = replace(BO, name="Bo", recorded_at=NOON), Customer(id="disa", recorded_at=NOON, municipality="2029")
    with care.transaction() as tx:
        newest = put_many(tx, CUSTOMER, CS, [replace(ANNA, recorded_at=NOON), changed, new], by=BY)
    assert newest == {"anna": ANNA, "bo": replace(changed, version=2), "disa": new}
    with care.transaction(write=False) as tx:
        assert get_many(tx, CUSTOMER, CS, ["anna", "bo", "disa"]) == newest
        assert len(versions(tx, CUSTOMER, CS)) == 5


def _violated(database: Database, master: Master[Any], value: Any, care_system_id: str = CS) -> str | None:
    with pytest.raises(IntegrityError) as raised, database.transaction() as tx:
        insert(tx, master, care_system_id, value, by=BY)
    return violated_key(raised.value)


def test_a_taken_id_names_the_primary_key(care: Database) -> None:
    assert _violated(care, CUSTOMER, replace(ANNA, external_id=None)) == "pk_customer"


def test_a_taken_external_id_names_its_key(care: Database) -> None:
    assert _violated(care, CUSTOMER, replace(ANNA, id="new")) == "uq_customer_care_system_id_external_id"


@pytest.mark.parametrize(
    ("master", "value"),
    [
        (CAREGIVER, replace(MASTER[7][1], id="new", external_id=None, provider_id="nobody")),
        (ORDER, replace(ORDERED, id="new", external_id=None, grant_id="none")),
        (PLANNED_VISIT, replace(PLANNED, id="new", external_id=None, customer_id="nobody")),
        (TAG, replace(TAG_OF_ANNA, id="new", external_id=None, customer_id="nobody")),
    ],
)
def test_an_unknown_reference_cannot_be_written(care: Database, master: Master[Any], value: Any) -> None:
    assert names_a_reference(_violated(care, master, value))


def test_a_reference_cannot_leave_the_care_system(care: Database) -> None:
    with care.transaction() as tx:
        insert(tx, CARE_SYSTEM, "other", CareSystem(id="other", name="Annat", municipalities=("0182",)), by=BY)
    assert names_a_reference(_violated(care, TAG, TAG_OF_ANNA, "other"))


def test_care_systems_are_listed_for_the_operator(care: Database) -> None:
    with care.transaction() as tx:
        insert(tx, CARE_SYSTEM, "other", CareSystem(id="other", name="Annat", municipalities=("0182",)), by=BY)
        assert [one.id for one in care_systems(tx)] == ["cs", "other"]
        assert [one.id for one in care_systems(tx, after="cs")] == ["other"]
        assert [one.id for one in care_systems(tx, care_system_id="cs")] == ["cs"]


def test_a_page_goes_on_where_the_last_ended(care: Database) -> None:
    with care.transaction(write=False) as tx:
        first = page(tx, CUSTOMER, CS, limit=2)
        rest = page(tx, CUSTOMER, CS, after=first[-1].id, limit=2)
    assert (first, rest) == ((ANNA, BO), (CIA,))


def test_a_page_is_filtered_by_columns(care: Database) -> None:
    with care.transaction(write=False) as tx:
        assert page(tx, CUSTOMER, CS, filters={"municipality": "2031", "name": None}) == (BO, CIA)


ANNAS = replace(GRANTED, id="grant-other", external_id=None, recorded_at=EARLY)
BOS = replace(GRANTED, id="grant-bo", external_id=None, customer_id="bo")
BOS_ORDER = replace(ORDERED, id="order-bo", external_id=None, grant_id="grant-bo", provider_id="municipal")


@pytest.fixture
def placed(care: Database) -> Database:
    """Anna has a second grant that nobody was ordered for; Bo is the municipal provider's."""
    with care.transaction() as tx:
        insert_all(tx, (GRANT, ANNAS), (GRANT, BOS), (ORDER, BOS_ORDER))
    return care


SEEN = [
    (CUSTOMER, {"provider_id": "olivia"}, {"anna"}),
    (CUSTOMER, {"provider_id": "municipal"}, {"bo"}),
    (CUSTOMER, {"municipality": "2031"}, {"bo", "cia"}),
    (CUSTOMER, {"provider_id": "olivia", "caregiver_id": "eva"}, {"anna", "bo"}),
    (CUSTOMER, {"provider_id": "municipal", "caregiver_id": "dan"}, set()),
    (CAREGIVER, {"provider_id": "olivia"}, {"eva"}),
    (CAREGIVER, {"municipality": "2029"}, set()),
    (CAREGIVER, {"provider_id": "municipal", "caregiver_id": "dan"}, {"dan"}),
    (PROVIDER, {"provider_id": "olivia"}, {"olivia"}),
    (PROVIDER, {}, {"olivia", "municipal"}),
    (GRANT, {"provider_id": "olivia"}, {"grant"}),
    (GRANT, {"municipality": "2029"}, {"grant", "grant-other"}),
    (GRANT, {"municipality": "2031"}, {"grant-bo"}),
    (ORDER, {"provider_id": "municipal"}, {"order-bo"}),
    (ORDER, {"municipality": "2029"}, {"order"}),
    (TAG, {"provider_id": "olivia"}, {"tag-anna"}),
    (TAG, {"provider_id": "municipal"}, set()),
    (ABSENCE, {"municipality": "2029"}, {"absence"}),
    (ABSENCE, {"provider_id": "municipal"}, set()),
    (PLANNED_VISIT, {"provider_id": "olivia"}, {"plan"}),
    (PLANNED_VISIT, {"provider_id": "olivia", "caregiver_id": "eva"}, {"plan"}),
    (PLANNED_VISIT, {"provider_id": "municipal", "caregiver_id": "dan"}, set()),
    (PLANNED_VISIT, {"municipality": "2031"}, set()),
    (PLANNED_VISIT, {"care_system_id": "other"}, set()),
]


@pytest.mark.parametrize(("master", "limits", "ids"), SEEN)
def test_A1_a_scope_reaches_its_own_and_nothing_else(
    placed: Database, master: Master[Any], limits: dict[str, str], ids: set[str]
) -> None:
    with placed.transaction(write=False) as tx:
        seen = scope(**limits)
        assert {one.id for one in page(tx, master, CS, scope=seen, today=TODAY)} == ids
        everything = [one.id for one in page(tx, master, CS)]
        assert {one for one in everything if get(tx, master, CS, one, scope=seen, today=TODAY)} == ids


def test_A2_a_caregiver_reaches_customers_of_today_only(placed: Database) -> None:
    eva = scope(provider_id="olivia", caregiver_id="eva")
    with placed.transaction(write=False) as tx:
        assert page(tx, CUSTOMER, CS, scope=eva, today=TODAY + timedelta(days=1)) == ()
        assert page(tx, PLANNED_VISIT, CS, scope=eva, today=TODAY - timedelta(days=1)) == ()


def test_A2_a_caregivers_scope_without_a_day_is_a_mistake(placed: Database) -> None:
    with placed.transaction(write=False) as tx, pytest.raises(ValueError, match="scope is that of a day"):
        page(tx, CUSTOMER, CS, scope=scope(provider_id="olivia", caregiver_id="eva"))


def test_planned_visits_are_found_by_time_customer_and_caregiver(care: Database) -> None:
    with care.transaction(write=False) as tx:
        assert plans_between(tx, CS, start=NOON, before=NOON + timedelta(seconds=1)) == (PLANNED,)
        assert plans_between(tx, CS, before=NOON) == ()
        assert plans_between(tx, CS, start=NOON + timedelta(seconds=1)) == ()
        assert plans_between(tx, CS, customer_id="bo") == (PLANNED,)
        assert plans_between(tx, CS, customer_id="cia") == ()
        assert plans_between(tx, CS, caregiver_id="eva", provider_id="olivia") == (PLANNED,)
        assert plans_between(tx, CS, caregiver_id="dan") == ()
