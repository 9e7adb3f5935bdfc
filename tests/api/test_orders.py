"""Grants and orders over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.places import registration
from tests.api.test_shell import problem
from tests.api.world import CustomerOf, Somebody, World


def grant_of(customer: CustomerOf, **more: Any) -> dict[str, Any]:
    """A grant as sent: ten hours of escort a month."""
    return {
        "customer_id": customer.id, "services": ["escort"], "law": "SoL", "granted_seconds": 36_000, "per": "month",
        "valid_from": "2014-02-01", **more,
    }  # fmt: skip


def order_of(grant_id: str, provider_id: str, **more: Any) -> dict[str, Any]:
    """An order as sent."""
    return {
        "grant_id": grant_id, "provider_id": provider_id, "ordered_at": "2014-02-02T08:00:00+01:00",
        "chosen_by": "customer", "valid_from": "2014-02-03", **more,
    }  # fmt: skip


@pytest.fixture
def officer(world: World) -> Somebody:
    """The case officer of the first municipality."""
    return world.home.officers["2029"]


@pytest.fixture
def customer(world: World) -> CustomerOf:
    """The first provider's customer there."""
    return world.home.providers[0].customers["2029"]


def test_O1_a_changed_grant_is_a_new_version(officer: Somebody, customer: CustomerOf) -> None:
    made = officer.post("/grants", grant_of(customer))
    assert (made.json["every"], made.json["double_staffed_seconds"], made.json["valid_before"]) == (1, 0, None)
    changed = officer.put(made.headers["Location"], grant_of(customer, granted_seconds=72_000), etag='"1"')
    assert (changed.json["granted_seconds"], changed.headers["ETag"]) == (72_000, '"2"')
    assert len(officer.read("/grants", customer_id=customer.id)["items"]) == 2


def test_O3_parts_may_not_exceed_the_whole(world: World, officer: Somebody, customer: CustomerOf) -> None:
    grant = officer.make("/grants", grant_of(customer))["id"]
    first, second = (one.id for one in world.home.providers)
    officer.make("/orders", order_of(grant, first, ordered_seconds=20_000))
    told = problem(officer.post("/orders", order_of(grant, second, ordered_seconds=16_001)), 409, "refused-by-rule")
    assert (told["rule"], told["errors"][0]["pointer"]) == ("O3", "/ordered_seconds")
    made = officer.post("/orders", order_of(grant, second, ordered_seconds=16_000))
    assert made.status_code == 201, made.text
    more = officer.put(made.headers["Location"], order_of(grant, second, ordered_seconds=16_001), etag='"1"')
    assert problem(more, 409, "refused-by-rule")["rule"] == "O3"


def test_O3_a_grant_cannot_shrink_below_what_is_ordered_of_it(
    world: World, officer: Somebody, customer: CustomerOf
) -> None:
    grant = officer.post("/grants", grant_of(customer))
    officer.make("/orders", order_of(grant.json["id"], world.home.providers[0].id, ordered_seconds=20_000))
    path = grant.headers["Location"]
    told = problem(officer.put(path, grant_of(customer, granted_seconds=19_999), etag='"1"'), 409, "refused-by-rule")
    assert told["rule"] == "O3"
    assert officer.put(path, grant_of(customer, granted_seconds=20_000), etag='"1"').status_code == 200


def test_O6_an_order_goes_to_an_accredited_provider_only(world: World, officer: Somebody, customer: CustomerOf) -> None:
    controller = world.home.controller
    new = controller.make("/providers", {"name": "Ny utförare", "kind": "private"})["id"]
    grant = officer.make("/grants", grant_of(customer))["id"]
    told = problem(officer.post("/orders", order_of(grant, new)), 409, "refused-by-rule")
    assert (told["rule"], told["errors"][0]["pointer"]) == ("O6", "/provider_id")
    accreditation = {"provider_id": new, "municipality": "2029", "service": "escort", "valid_from": "2014-02-04"}
    accredited = controller.post("/accreditations", accreditation)
    assert problem(officer.post("/orders", order_of(grant, new)), 409, "refused-by-rule")["rule"] == "O6"
    controller.put(accredited.headers["Location"], accreditation | {"valid_from": "2014-02-03"}, etag='"1"')
    assert officer.post("/orders", order_of(grant, new)).status_code == 201


def test_O6_the_ceiling_counts_what_the_provider_has_taken_on_before(
    world: World, officer: Somebody, customer: CustomerOf
) -> None:
    controller = world.home.controller
    new = controller.make("/providers", {"name": "Liten utförare", "kind": "private"})["id"]
    accreditation = {"provider_id": new, "municipality": "2029", "service": "escort", "valid_from": "2014-02-01"}
    accredited = controller.post("/accreditations", accreditation | {"ceiling_seconds_per_week": 17_999})
    grant = officer.make("/grants", grant_of(customer))["id"]  # 36,000 s in February's four weeks: 9,000 a week
    first = officer.post("/orders", order_of(grant, new))
    assert first.status_code == 201, first.text
    another = officer.make("/grants", grant_of(world.home.providers[1].customers["2029"]))["id"]
    told = problem(officer.post("/orders", order_of(another, new)), 409, "refused-by-rule")
    assert (told["rule"], told["errors"][0]["pointer"]) == ("O6", "/provider_id")
    again = officer.put(first.headers["Location"], order_of(grant, new), etag='"1"')
    assert again.status_code == 200, "an order is not counted beside itself"
    controller.put(accredited.headers["Location"], accreditation | {"ceiling_seconds_per_week": 18_000}, etag='"1"')
    assert officer.post("/orders", order_of(another, new)).status_code == 201


def test_A1_an_order_names_a_grant_and_a_provider_within_the_scope(
    world: World, officer: Somebody, customer: CustomerOf
) -> None:
    ours = world.home.providers[0]
    grants = [ours.customers["2031"].grant_id, world.foreign.providers[0].customers["0182"].grant_id]
    for grant in grants:
        errors = problem(officer.post("/orders", order_of(grant, ours.id)), 422, "malformed")["errors"]
        assert [one["pointer"] for one in errors] == ["/grant_id"]
    foreign = order_of(customer.grant_id, world.foreign.providers[0].id)
    assert problem(officer.post("/orders", foreign), 422, "malformed")["errors"][0]["pointer"] == "/provider_id"


def test_A2_a_provider_reads_its_own_orders_and_grants_and_changes_none(world: World) -> None:
    ours, theirs = world.home.providers
    for provider, other in ((ours, theirs), (theirs, ours)):
        orders = {one.order_id for one in provider.customers.values()}
        assert {one["id"] for one in provider.coordinator.read("/orders")["items"]} == orders
        assert {one["id"] for one in provider.scheduler.read("/orders")["items"]} == orders
        problem(provider.coordinator.get(f"/orders/{other.customers['2029'].order_id}"), 404, "not-found")
        problem(provider.coordinator.get(f"/grants/{other.customers['2029'].grant_id}"), 404, "not-found")
        problem(provider.coordinator.post("/orders", {}), 422, "malformed")
        sent = order_of(provider.customers["2029"].grant_id, provider.id)
        problem(provider.coordinator.post("/orders", sent), 403, "not-allowed")


def test_an_order_is_told_to_its_provider_when_it_is_placed_and_when_it_changes(
    world: World, officer: Somebody, customer: CustomerOf
) -> None:
    provider, other = world.home.providers
    seen = provider.scheduler.read("/changes", limit=200)["next"]
    others = other.scheduler.read("/changes", limit=200)["next"]
    grant = officer.make("/grants", grant_of(customer))["id"]
    made = officer.post("/orders", order_of(grant, provider.id, external_id="o-7"))
    changed = officer.put(made.headers["Location"], order_of(grant, provider.id, valid_before="2014-03-01"), etag='"1"')
    told = provider.scheduler.read("/changes", after=seen)["items"]
    assert [(one["type"], one["data"]) for one in told] == [
        ("order.placed", made.json),
        ("order.changed", changed.json),
    ]
    assert told[0]["resource"] == {"type": "order", "id": made.json["id"], "external_id": "o-7"}
    assert told[0]["sequence"] < told[1]["sequence"]
    assert other.scheduler.read("/changes", after=others)["items"] == []


def test_a_validity_without_a_day_is_refused(officer: Somebody, customer: CustomerOf) -> None:
    answer = officer.post("/grants", grant_of(customer, valid_before="2014-02-01"))
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/valid_before"
    answer = officer.post("/grants", grant_of(customer, granted_seconds=1.9))
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/granted_seconds"


def test_O1_a_grant_changed_from_a_later_day_still_covers_the_days_before_it(
    world: World, officer: Somebody, customer: CustomerOf
) -> None:
    provider = world.home.providers[0]
    granted = officer.get(f"/grants/{customer.grant_id}")
    later = {name: value for name, value in granted.json.items() if name not in ("id", "recorded_at")}
    changed = {**later, "granted_seconds": 72_000, "valid_from": "2014-02-15"}
    path = f"/grants/{customer.grant_id}"
    assert officer.put(path, changed, etag=granted.headers["ETag"]).status_code == 200
    began = registration(provider, "2029", "check_in", "2014-02-04T15:00:00Z", service=None)
    provider.caregiver.make("/registrations", began, at="2014-02-04T15:00:00Z")
    ended = registration(provider, "2029", "check_out", "2014-02-04T15:40:00Z", visit_id=began["id"], service=None)
    provider.caregiver.make("/registrations", ended, at="2014-02-04T15:40:00Z")
    visit = provider.coordinator.read(f"/visits/{began['id']}")
    assert [(one["order_id"], one["service"]) for one in visit["parts"]] == [(customer.order_id, "personal_care")]
    assert "D13" not in visit["deviations"]
