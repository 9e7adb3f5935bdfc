"""Caregivers, customers and absences over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.storage.tables.events import access_log
from app.storage.tables.people import customer, customer_identity
from tests.api.test_shell import problem
from tests.api.world import SystemOf, World

TEST_NUMBERS = ("19121212-1212", "191212121212", "19120060-1233")
"""Nobody's: the number of examples everywhere, and a coordination number without a real date."""


def greta(system: SystemOf, **more: Any) -> dict[str, Any]:
    """A customer as sent."""
    return {"municipality": system.municipalities[0], "name": "Greta Testsson", "birth_year": 1931, **more}


def log_of(world: World) -> list[tuple[str, str, str, str]]:
    """Who read what about whom, why."""
    columns = (access_log.c.actor_id, access_log.c.what, access_log.c.whom_id, access_log.c.why)
    with world.app.extensions["hemtid"].database.transaction(write=False) as tx:
        return [tuple(row) for row in tx.connection.execute(select(*columns).order_by(access_log.c.id))]


def test_a_customer_is_made_read_listed_and_replaced(world: World) -> None:
    officer = world.home.officers["2029"]
    sent = greta(world.home, external_id="g-1", position={"lat": 60.7303, "lon": 15.000001})
    made = officer.post("/customers", sent)
    assert made.status_code == 201, made.text
    assert made.json == {**sent, "id": made.json["id"], "protection": "none", "recorded_at": "2014-02-03T08:00:00Z"}
    path = made.headers["Location"]
    assert officer.read(path) == made.json
    assert officer.read("/customers", external_id="g-1")["items"] == [made.json]
    assert made.json in officer.read("/customers", municipality="2029")["items"]
    changed = officer.put(path, sent | {"name": "Greta Ny"}, etag='"1"')
    assert changed.json["name"] == "Greta Ny"


def test_A4_a_protected_identity_shows_an_alias_and_keeps_neither_name_nor_position(world: World) -> None:
    """FAULTS 50."""
    officer, sent = world.home.officers["2029"], greta(world.home, name="Hemliga Hanna", protection="confidential")
    made = officer.make("/customers", sent)
    assert made["name"] == f"Skyddad kund {made['id'][-6:]}"
    assert (made["position"], made["birth_year"]) == (None, None)
    for answer in (officer.read(f"/customers/{made['id']}"), officer.read("/customers", limit=200)):
        assert "Hanna" not in str(answer)
    placed = officer.post("/customers", sent | {"position": {"lat": 60.0, "lon": 15.0}})
    assert problem(placed, 422, "malformed")["errors"][0]["pointer"] == "/position"
    with world.app.extensions["hemtid"].database.transaction(write=False) as tx:
        kept = (
            tx.connection.execute(select(customer.current).where(customer.current.c.id == made["id"])).mappings().one()
        )
    assert (kept["name"], kept["lat_e6"]) == (None, None)


def test_A4_whoever_becomes_protected_is_an_alias_from_then_on(world: World) -> None:
    officer, sent = world.home.officers["2029"], greta(world.home, position={"lat": 60.0, "lon": 15.0})
    made = officer.make("/customers", sent)
    del sent["position"]
    shown = officer.put(f"/customers/{made['id']}", sent | {"protection": "fictitious"}, etag='"1"').json
    assert (shown["name"], shown["position"]) == (f"Skyddad kund {made['id'][-6:]}", None)


def test_A2_the_measuring_client_sees_people_without_names(world: World) -> None:
    system = world.home
    customers = system.measurer.read("/customers")["items"]
    assert len(customers) == 4
    assert {one["name"] for one in customers} == {None}
    caregivers = system.measurer.read("/caregivers")["items"]
    assert {one["name"] for one in caregivers} == {f"Vårdbiträde {one['id'][-6:]}" for one in caregivers}


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_a_personal_identity_number_is_taken_in_and_never_given_out(sqlite_home: World, number: str) -> None:
    """FAULTS 49."""
    officer = sqlite_home.home.officers["2029"]
    made = officer.post("/customers", greta(sqlite_home.home, personal_identity_number=number))
    assert made.status_code == 201, made.text
    digits = number.replace("-", "")
    for answer in (made, officer.get(made.headers["Location"]), officer.get("/customers", limit=200)):
        assert digits not in answer.text
        assert number not in answer.text
        assert "personal_identity_number" not in answer.text
    with sqlite_home.app.extensions["hemtid"].database.transaction(write=False) as tx:
        kept = tx.connection.execute(select(customer_identity.c.personal_identity_number)).scalars().all()
    assert kept == [digits]


@pytest.mark.parametrize("number", ["19121212-1213", "19121312-1211", "1212121212", "", "19121212+1212", 191212121212])
def test_a_number_that_nobody_can_have_is_refused(sqlite_home: World, number: object) -> None:
    answer = sqlite_home.home.officers["2029"].post(
        "/customers", greta(sqlite_home.home, personal_identity_number=number)
    )
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/personal_identity_number"


def test_A1_a_case_officer_keeps_the_customers_of_its_own_municipality(world: World) -> None:
    officer = world.home.officers["2029"]
    for code in ("2031", "0182", "9999"):
        errors = problem(officer.post("/customers", greta(world.home) | {"municipality": code}), 422, "malformed")[
            "errors"
        ]
        assert errors == [{"pointer": "/municipality", "message": "No municipality within your scope has this code."}]
    other = world.home.providers[0].customers["2031"]
    problem(officer.get(f"/customers/{other.id}"), 404, "not-found")
    assert {one["municipality"] for one in officer.read("/customers", limit=200)["items"]} == {"2029"}
    made = officer.post("/customers", greta(world.home))
    path, elsewhere = f"/customers/{made.json['id']}", greta(world.home) | {"municipality": "2031"}
    moved = officer.put(path, elsewhere, etag=made.headers["ETag"])
    assert problem(moved, 422, "malformed")["errors"] == errors, "who moves is made anew there, and old months stay"


def test_A2_a_caregiver_sees_todays_own_customers(world: World) -> None:
    provider = world.home.providers[0]
    ours = {one.id for one in provider.customers.values()}
    assert {one["id"] for one in provider.caregiver.read("/customers")["items"]} == ours
    assert provider.caregivers[1].read("/customers")["items"] == []
    tomorrow = provider.caregiver.get("/customers", at="2014-02-04T08:00:00Z")
    assert tomorrow.json["items"] == []


def test_A3_every_read_of_a_person_is_logged_and_what_was_not_given_is_not(world: World) -> None:
    """FAULTS 48."""
    provider, officer = world.home.providers[0], world.home.officers["2029"]
    mine, other = provider.customers["2029"], provider.customers["2031"]
    officer.read(f"/customers/{mine.id}")
    officer.read(f"/grants/{mine.grant_id}")
    officer.read(f"/orders/{mine.order_id}")
    officer.read(f"/tags/{mine.tag_id}")
    problem(officer.get(f"/customers/{other.id}"), 404, "not-found")
    assert log_of(world) == [
        (officer.id, what, mine.id, why)
        for what, why in (
            ("customer", "readCustomer"),
            ("grant", "readGrant"),
            ("order", "readOrder"),
            ("tag", "readTag"),
        )
    ]
    first = provider.coordinator.read("/customers", limit=1)["items"]
    assert log_of(world)[4:] == [(provider.coordinator.id, "customer", first[0]["id"], "listCustomers")]


def test_A3_whoever_is_told_of_somebody_by_the_feed_stands_in_the_access_log(world: World) -> None:
    """FAULTS 48."""
    provider = world.home.providers[0]
    customer, reader = provider.customers["2029"], provider.scheduler
    planned = {
        "provider_id": provider.id, "customer_id": customer.id, "caregiver_ids": [provider.caregiver_id],
        "household": [customer.id, provider.customers["2031"].id], "service": "personal_care",
        "starts_at": "2014-02-05T08:00:00Z", "ends_at": "2014-02-05T09:00:00Z",
    }  # fmt: skip
    seen, before = reader.read("/changes", limit=200)["next"], len(log_of(world))
    provider.coordinator.make("/planned-visits", planned)
    (told,) = reader.read("/changes", after=seen)["items"]
    assert told["type"] == "planned_visit.changed"
    logged = [whom for who, what, whom, why in log_of(world)[before:] if (who, why) == (reader.id, "listChanges")]
    assert sorted(logged) == sorted([*planned["household"], provider.caregiver_id])
    reader.read("/changes", after=told["sequence"])
    assert len(log_of(world)) == before + len(logged)


def test_a_caregiver_belongs_to_its_coordinators_provider(world: World) -> None:
    ours, theirs = world.home.providers
    sent = {"provider_id": ours.id, "name": "Nya Nisse", "education": "approved"}
    made = ours.coordinator.make("/caregivers", sent)
    assert made["relative_of"] == []
    for foreign in (theirs.id, world.foreign.providers[0].id, "0190a5b8-7c3e-7d10-8f00-ffffffffffff"):
        errors = problem(ours.coordinator.post("/caregivers", sent | {"provider_id": foreign}), 422, "malformed")[
            "errors"
        ]
        assert errors == [
            {"pointer": "/provider_id", "message": "Nothing of this id is known here, or not within your scope."}
        ]
    moved = ours.coordinator.put(f"/caregivers/{made['id']}", sent | {"provider_id": theirs.id}, etag='"1"')
    problem(moved, 422, "malformed")


def test_P4_an_employed_relative_is_named_by_the_customer_it_is_of(world: World) -> None:
    provider = world.home.providers[0]
    relative = {"customer_id": provider.customers["2029"].id, "reason": "son", "notified_on": "2014-01-02"}
    sent = {"provider_id": provider.id, "name": "Nya Nisse", "relative_of": [relative]}
    assert provider.coordinator.make("/caregivers", sent)["relative_of"] == [relative]
    relative["customer_id"] = world.home.providers[1].customers["2029"].id
    answer = provider.coordinator.post("/caregivers", sent)
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/relative_of/0/customer_id"


def test_V18_an_absence_is_told_by_anyone_in_scope(world: World) -> None:
    customer_of = world.home.providers[0].customers["2029"]
    sent = {"customer_id": customer_of.id, "from": "2014-02-10T08:00:00+01:00", "cause": "hospital"}
    coordinator, officer = world.home.providers[0].coordinator, world.home.officers["2029"]
    open_ended = coordinator.make("/absences", sent)
    assert (open_ended["from"], open_ended["before"]) == ("2014-02-10T07:00:00Z", None)
    told = officer.put(f"/absences/{open_ended['id']}", sent | {"before": "2014-02-14T12:00:00+01:00"}, etag='"1"')
    assert told.json["before"] == "2014-02-14T11:00:00Z"
    assert coordinator.read("/absences", customer_id=customer_of.id)["items"] == [told.json]
    problem(world.home.providers[1].coordinator.get(f"/absences/{open_ended['id']}"), 404, "not-found")
    ended = officer.post("/absences", sent | {"before": "2014-02-10T08:00:00+01:00"})
    assert problem(ended, 422, "malformed")["errors"][0]["pointer"] == "/before"


def test_a_reference_may_be_given_by_the_other_systems_id(world: World) -> None:
    officer = world.home.officers["2029"]
    officer.make("/customers", greta(world.home, external_id="g-9"))
    absence = {"customer_external_id": "g-9", "from": "2014-02-10T08:00:00+01:00", "cause": "travel"}
    assert (
        officer.make("/absences", absence)["customer_id"]
        == officer.read("/customers", external_id="g-9")["items"][0]["id"]
    )
    unknown = officer.post("/absences", absence | {"customer_external_id": "g-8"})
    assert problem(unknown, 422, "malformed")["errors"][0]["pointer"] == "/customer_external_id"
    both = officer.post("/absences", absence | {"customer_id": world.home.providers[0].customers["2029"].id})
    problem(both, 422, "malformed")
