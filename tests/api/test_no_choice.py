"""The no-choice order over HTTP (O3, P2): proposed with its reasons, decided by a case officer, logged."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage import access_log
from tests.api.test_orders import grant_of
from tests.api.test_shell import problem
from tests.api.world import CustomerOf, Somebody, World

JSON = dict[str, Any]
TODAY = "2014-02-03"
HOME = {"lat": 60.73, "lon": 15.0}


@pytest.fixture
def officer(world: World) -> Somebody:
    """The case officer of the first municipality."""
    return world.home.officers["2029"]


def a_provider(world: World, name: str, north: float, ceiling: int, **more: Any) -> tuple[str, str]:
    """A private provider based so far north of the customer, that takes no-choice escort customers, and the path of its
    accreditation.
    """
    controller = world.home.controller
    based = {"name": name, "kind": "private", "position": {"lat": HOME["lat"] + north, "lon": HOME["lon"]}}
    provider = controller.make("/providers", based)["id"]
    row = {**escort(provider), "ceiling_seconds_per_week": ceiling, **more}
    return provider, str(controller.post("/accreditations", row).headers["Location"])


def escort(provider: str) -> JSON:
    """An accreditation by which the provider takes no-choice escort customers."""
    told = {"municipality": "2029", "service": "escort", "valid_from": "2014-01-01", "takes_no_choice": True}
    return {"provider_id": provider, **told}


def a_customer(officer: Somebody, **more: Any) -> str:
    told = {"municipality": "2029", "name": "Greta Exempel", "birth_year": 1931, "position": HOME, **more}
    return str(officer.make("/customers", told)["id"])


def a_grant(officer: Somebody, customer: str, **more: Any) -> str:
    """Ten hours of escort a month: 9,000 s a week of February."""
    told = {"customer_id": customer, "services": ["escort"], "law": "SoL", "granted_seconds": 36_000, "per": "month"}
    return str(officer.make("/grants", {**told, "valid_from": "2014-02-01", **more})["id"])


def turn(proposal: JSON) -> list[tuple[str, int | None]]:
    """Providers and their ranks, without the world's own two."""
    return [(one["provider_id"], one["rank"]) for one in proposal["facts"]["candidates"] if one["rank"]]


def test_P2_whose_turn_it_is_is_proposed_with_its_reasons_and_decided_by_a_person(
    world: World, officer: Somebody
) -> None:
    near, _ = a_provider(world, "Nära", 0.01, 18_000)
    far, _ = a_provider(world, "Fjärran", 0.2, 90_000)
    full, _ = a_provider(world, "Full", 0.001, 8_999)
    grant = a_grant(officer, a_customer(officer))
    made = officer.post("/no-choice", {"grant_id": grant})
    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1/no-choice/{made.json['id']}")
    proposal = made.json
    facts = proposal["facts"]
    assert (proposal["valid_from"], facts["cause"], facts["seconds"], facts["nearness"]) == (
        TODAY,
        "no_choice",
        36_000,
        "known",
    )
    assert turn(proposal) == [(near, 1), (far, 2)]
    told = {one["provider_id"]: one for one in facts["candidates"]}
    assert (told[near]["nearness"], told[far]["nearness"]["place"]) == ({"place": 1, "metres": 1_111}, 2)
    assert told[full]["passed_over"] == [{"why": "no_room", "service": "escort"}]
    assert told[world.home.providers[0].id]["passed_over"] == [{"why": "not_in_no_choice", "service": "escort"}]

    path = f"/no-choice/{proposal['id']}/decision"
    for wrong, status, pointer in (
        ({"provider_id": far}, 422, "/reason"),
        ({"provider_id": full, "reason": "I wish it"}, 409, "/provider_id"),
    ):
        answer = officer.post(path, wrong)
        assert (answer.status_code, answer.json["rule"], answer.json["errors"][0]["pointer"]) == (status, "P2", pointer)
    decided = officer.make(path, {"provider_id": far, "reason": "She knows the staff there."})
    decision = decided["decision"]
    assert (decision["provider_id"], decision["rank"], decision["decided_by"]) == (far, 2, officer.id)
    order = officer.read(f"/orders/{decision['order_id']}")
    assert (order["chosen_by"], order["ordered_at"], order["valid_from"], order["ordered_seconds"]) == (
        "no_choice",
        decision["decided_at"],
        TODAY,
        None,
    )
    feed = world.home.reimburser.read("/changes", limit=200, after=0)["items"]
    assert [one["data"] for one in feed if one["resource"]["id"] == order["id"]] == [order], "as the API shows it"
    assert problem(officer.post(path, {"provider_id": near}), 409, "refused-by-rule")["rule"] == "P2"
    assert problem(officer.post("/no-choice", {"grant_id": grant}), 409, "refused-by-rule")["rule"] == "P2"

    another = officer.make("/no-choice", {"grant_id": a_grant(officer, a_customer(officer))})
    assert turn(another) == [(near, 1), (far, 2)], "nearer, and has none yet"
    volumes = {one["provider_id"]: one["volume"] for one in another["facts"]["candidates"]}
    assert (volumes[far]["no_choice_seconds_per_week"], volumes[far]["place"], volumes[near]["place"]) == (9_000, 2, 1)
    shown = officer.read("/no-choice", grant_id=grant)["items"]
    assert shown == [decided]
    assert officer.read(f"/no-choice/{proposal['id']}") == decided


def test_P2_a_proposal_whose_facts_have_changed_is_refused_and_made_anew(world: World, officer: Somebody) -> None:
    controller = world.home.controller
    first, path = a_provider(world, "Först", 0.01, 18_000)
    second, _ = a_provider(world, "Sedan", 0.2, 18_000)
    grants = [a_grant(officer, a_customer(officer)) for _ in range(2)]
    proposals = [officer.make("/no-choice", {"grant_id": one}) for one in grants]
    controller.put(path, {**escort(first), "valid_before": TODAY, "ceiling_seconds_per_week": 18_000}, etag='"1"')
    stale = problem(
        officer.post(f"/no-choice/{proposals[0]['id']}/decision", {"provider_id": first}), 409, "refused-by-rule"
    )
    assert (stale["rule"], stale["facts"]["changed"]) == ("P2", ["candidates"])
    anew = officer.make("/no-choice", {"grant_id": grants[0]})
    assert turn(anew) == [(second, 1)]
    officer.make(f"/no-choice/{anew['id']}/decision", {"provider_id": second})
    for proposal in proposals:
        answer = officer.post(f"/no-choice/{proposal['id']}/decision", {"provider_id": second})
        assert problem(answer, 409, "refused-by-rule")["rule"] == "P2"


def test_P2_who_loses_its_provider_gets_another_by_the_same_turn(sqlite_home: World) -> None:
    world, officer = sqlite_home, sqlite_home.home.officers["2029"]
    lost, path = a_provider(world, "Upphör", 0.01, 90_000)
    heir, _ = a_provider(world, "Tar vid", 0.2, 90_000)
    grant = a_grant(officer, a_customer(officer))
    told = {"grant_id": grant, "provider_id": lost, "ordered_at": "2014-02-02T08:00:00Z", "chosen_by": "customer"}
    order = officer.make("/orders", {**told, "valid_from": "2014-02-03"})
    ends = {**escort(lost), "valid_before": "2014-03-01", "ceiling_seconds_per_week": 90_000}
    world.home.controller.put(path, ends, etag='"1"')
    asked = {"grant_id": grant, "valid_from": "2014-02-28"}
    assert problem(officer.post("/no-choice", asked), 409, "refused-by-rule")["rule"] == "P2"
    proposal = officer.make("/no-choice", {**asked, "valid_from": "2014-03-01"})
    facts = proposal["facts"]
    assert (facts["cause"], facts["lost_order_ids"]) == ("lost_provider", [order["id"]])
    assert turn(proposal) == [(heir, 1)]
    decision = officer.make(f"/no-choice/{proposal['id']}/decision", {"provider_id": heir})["decision"]
    assert officer.read(f"/orders/{order['id']}")["valid_before"] == "2014-03-01"
    assert officer.read(f"/orders/{decision['order_id']}")["valid_from"] == "2014-03-01"
    feed = world.home.reimburser.read("/changes", limit=200)["items"]
    ended, placed = [one for one in feed if one["type"].startswith("order.")][-2:]
    assert (ended["type"], placed["type"]) == ("order.changed", "order.placed")
    assert ended["data"] == officer.read(f"/orders/{order['id']}")


def test_P2_where_nobody_else_can_the_municipal_provider_takes_the_customer_whatever_its_ceiling(
    sqlite_home: World,
) -> None:
    world, officer = sqlite_home, sqlite_home.home.officers["2029"]
    own = world.home.providers[1]
    rows = world.home.controller.read("/accreditations", provider_id=own.id, municipality="2029")["items"]
    (row,) = [one for one in rows if one["service"] == "escort"]
    sent = {name: value for name, value in row.items() if name not in ("id", "recorded_at")}
    full = {**sent, "ceiling_seconds_per_week": 1}
    world.home.controller.put(f"/accreditations/{row['id']}", full, etag='"1"')
    proposal = officer.make("/no-choice", {"grant_id": a_grant(officer, a_customer(officer))})
    (first,) = [one for one in proposal["facts"]["candidates"] if one["rank"]]
    assert (first["provider_id"], first["last_responsibility"]) == (own.id, True)
    made = officer.make(f"/no-choice/{proposal['id']}/decision", {"provider_id": own.id})["decision"]
    order = officer.get(f"/orders/{made['order_id']}").json
    told = {name: order[name] for name in ("grant_id", "provider_id", "ordered_at", "chosen_by", "valid_from")}
    received = {**told, "implementation_plan_received_on": "2014-02-10"}
    assert officer.put(f"/orders/{order['id']}", received, etag='"1"').status_code == 200, "O6 is not asked again"


def test_A4_P2_a_protected_customer_is_placed_by_volume_and_shows_no_distance(sqlite_home: World) -> None:
    world, officer = sqlite_home, sqlite_home.home.officers["2029"]
    a_provider(world, "Nära", 0.01, 18_000)
    customer = a_customer(officer)
    proposal = officer.make("/no-choice", {"grant_id": a_grant(officer, customer)})
    assert "1111" in str(proposal["facts"]["candidates"])
    told = {"municipality": "2029", "protection": "confidential"}
    assert officer.put(f"/customers/{customer}", told, etag='"1"').status_code == 200
    for shown in (officer.read(f"/no-choice/{proposal['id']}"), *officer.read("/no-choice", limit=200)["items"]):
        assert "1111" not in str(shown["facts"])
    anew = officer.make("/no-choice", {"grant_id": a_grant(officer, customer)})
    assert anew["facts"]["nearness"] == "customer_protected"
    with world.app.extensions["hemtid"].database.transaction() as tx:
        read = [one for one in access_log.page(tx, world.home.id, limit=100) if one.what == "no_choice"]
    assert {one.why for one in read} == {"proposeNoChoice", "readNoChoice", "listNoChoice"}
    assert {one.whom.whom_id for one in read} == {customer}


def test_A1_only_the_customers_case_officer_asks_and_decides(sqlite_home: World) -> None:
    world, officer = sqlite_home, sqlite_home.home.officers["2029"]
    ours: CustomerOf = world.home.providers[0].customers["2029"]
    grant = officer.make("/grants", grant_of(ours))["id"]
    proposal = officer.make("/no-choice", {"grant_id": grant})
    neighbour, foreign = world.home.officers["2031"], world.foreign.officers["0182"]
    for somebody in (neighbour, foreign):
        answer = somebody.post("/no-choice", {"grant_id": grant})
        assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/grant_id"
        assert somebody.get(f"/no-choice/{proposal['id']}").status_code == 404
        decision = {"provider_id": world.home.providers[1].id}
        assert somebody.post(f"/no-choice/{proposal['id']}/decision", decision).status_code == 404
        assert somebody.read("/no-choice")["items"] == []
    for somebody in (world.home.controller, world.home.providers[0].coordinator):
        assert somebody.get("/no-choice").status_code == 403
