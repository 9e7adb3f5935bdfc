"""Planned visits over HTTP, one at a time and in batches."""

from __future__ import annotations

import threading
from typing import Any

from tests.api.test_shell import problem
from tests.api.world import ProviderOf, World


def plan_of(provider: ProviderOf, **more: Any) -> dict[str, Any]:
    """A planned visit as sent."""
    return {
        "provider_id": provider.id, "customer_id": provider.customers["2029"].id, "service": "household",
        "starts_at": "2014-02-05T10:00:00+01:00", "ends_at": "2014-02-05T10:30:00+01:00", **more,
    }  # fmt: skip


def put(provider: ProviderOf, *rows: Any) -> list[dict[str, Any]]:
    """What became of the rows of a batch."""
    answer = provider.scheduler.put("/planned-visits/batch", {"items": list(rows)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json["results"]
    assert [one["index"] for one in results] == list(range(len(rows)))
    return results


def test_a_planned_visit_is_made_listed_changed_and_cancelled(world: World) -> None:
    provider = world.home.providers[0]
    sent = plan_of(
        provider, caregiver_ids=[provider.caregiver_id], activities=["shower", "breakfast"], external_id="p-1"
    )
    made = provider.scheduler.post("/planned-visits", sent)
    assert made.status_code == 201, made.text
    assert made.json["starts_at"] == "2014-02-05T09:00:00Z"
    path = made.headers["Location"]
    day = {"from": "2014-02-05T00:00:00+01:00", "before": "2014-02-06T00:00:00+01:00"}
    assert provider.coordinator.read("/planned-visits", **day)["items"] == [made.json]
    assert provider.coordinator.read("/planned-visits", caregiver_id=provider.caregiver_ids[1])["items"] == []
    cancelled = {"at": "2014-02-04T08:00:00+01:00", "by": "customer", "reason": "away"}
    changed = provider.scheduler.put(path, sent | {"cancelled": cancelled}, etag='"1"')
    assert changed.json["cancelled"] == cancelled | {"at": "2014-02-04T07:00:00Z"}


def test_T4_a_plan_that_ends_before_it_starts_is_refused(sqlite_home: World) -> None:
    provider = sqlite_home.home.providers[0]
    for ends_at in ("2014-02-05T10:00:00+01:00", "2014-02-05T08:59:59Z"):
        answer = provider.scheduler.post("/planned-visits", plan_of(provider, ends_at=ends_at))
        assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/ends_at"
    answer = provider.scheduler.post("/planned-visits", plan_of(provider, starts_at="2014-02-05T10:00:00"))
    assert problem(answer, 422, "malformed")["errors"][0]["pointer"] == "/starts_at"


def test_A1_a_plan_names_nobody_outside_the_scope(world: World) -> None:
    ours, theirs = world.home.providers
    foreign = world.foreign.providers[0]
    for field, named in (
        ("provider_id", theirs.id),
        ("customer_id", theirs.customers["2029"].id),
        ("customer_id", foreign.customers["0182"].id),
        ("grant_id", theirs.customers["2029"].grant_id),
        ("grant_id", ours.customers["2031"].grant_id),
    ):
        answer = ours.scheduler.post("/planned-visits", plan_of(ours, **{field: named}))
        assert [one["pointer"] for one in problem(answer, 422, "malformed")["errors"]] == [f"/{field}"]
    mixed = [ours.caregiver_id, theirs.caregiver_id]
    for named_in, ids in (("caregiver_ids", mixed), ("household", [theirs.customers["2029"].id])):
        answer = ours.scheduler.post("/planned-visits", plan_of(ours, **{named_in: ids}))
        errors = problem(answer, 422, "malformed")["errors"]
        assert [one["pointer"] for one in errors] == [f"/{named_in}/{len(ids) - 1}"]


def test_a_batch_answers_each_row_and_keeps_the_good_ones(world: World) -> None:
    """FAULTS 7."""
    ours, theirs = world.home.providers
    good = plan_of(ours, external_id="b-1")
    results = put(
        ours,
        good,
        plan_of(ours, external_id="b-2", customer_id=theirs.customers["2029"].id),
        plan_of(ours, external_id="b-3", ends_at="2014-02-05T09:00:00Z"),
        plan_of(ours),
        plan_of(ours, id="0190a5b8-7c3e-7d10-8f00-ffffffffffff"),
        plan_of(ours, external_id="b-1"),
        "not an object",
        plan_of(ours, id=ours.customers["2029"].planned_visit_id, external_id="b-4"),
        plan_of(ours, external_id=f"{theirs.id}-2029"),
    )
    assert [one["status"] for one in results] == [201, 422, 422, 422, 404, 422, 422, 200, 409]
    assert results[0]["resource"]["id"] == results[0]["id"]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/customer_id"
    assert results[7]["id"] == ours.customers["2029"].planned_visit_id
    assert len(ours.scheduler.read("/planned-visits")["items"]) == 3


def test_a_batch_that_comes_again_changes_nothing(world: World) -> None:
    provider = world.home.providers[0]
    rows = [plan_of(provider, external_id=f"b-{number}") for number in range(20)]
    first = put(provider, *rows)
    seen = provider.scheduler.read("/changes", limit=200)["next"]
    again = put(provider, *rows)
    assert [one["status"] for one in again] == [200] * 20
    assert [one["resource"] for one in again] == [one["resource"] for one in first]
    assert provider.scheduler.get(f"/planned-visits/{first[0]['id']}").headers["ETag"] == '"1"'
    assert provider.scheduler.read("/changes", after=seen)["items"] == []
    put(provider, rows[0] | {"service": "personal_care"}, *rows[1:])
    told = provider.scheduler.read("/changes", after=seen)["items"]
    assert [(one["type"], one["resource"]["external_id"]) for one in told] == [("planned_visit.changed", "b-0")]
    assert told[0]["data"]["service"] == "personal_care"


def test_a_batch_holds_a_thousand_rows_and_no_more(world: World) -> None:
    provider = world.home.providers[0]
    rows = [plan_of(provider, external_id=f"b-{number}") for number in range(1_000)]
    assert {one["status"] for one in put(provider, *rows)} == {201}
    more = provider.scheduler.put("/planned-visits/batch", {"items": [*rows, plan_of(provider, external_id="b-1000")]})
    assert problem(more, 422, "malformed")["errors"][0]["pointer"] == "/items"


def test_two_batches_at_once_make_each_plan_once(world: World) -> None:
    """FAULTS 3."""
    provider = world.home.providers[0]
    assert provider.scheduler.token
    rows = [plan_of(provider, external_id=f"r-{number}") for number in range(50)]
    gate = threading.Barrier(4)
    statuses: list[int] = []

    def send(order: list[dict[str, Any]]) -> None:
        gate.wait()
        statuses.extend(one["status"] for one in put(provider, *order))

    threads = [threading.Thread(target=send, args=(rows if number % 2 else rows[::-1],)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 150 + [201] * 50
    listed = provider.scheduler.read("/planned-visits", limit=200)["items"]
    assert len([one for one in listed if str(one["external_id"]).startswith("r-")]) == 50


def test_A2_a_caregiver_sees_todays_own_plans_and_makes_none(world: World) -> None:
    provider = world.home.providers[0]
    ours = {one.planned_visit_id for one in provider.customers.values()}
    assert {one["id"] for one in provider.caregiver.read("/planned-visits")["items"]} == ours
    assert provider.caregivers[1].read("/planned-visits")["items"] == []
    problem(provider.caregiver.post("/planned-visits", plan_of(provider)), 403, "not-allowed")
