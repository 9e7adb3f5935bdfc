"""What a planned visit does to visits that are there already."""

from __future__ import annotations

from tests.api.places import registration
from tests.api.test_plans import plan_of, put
from tests.api.world import World


def test_V16_a_plan_told_afterwards_is_answered_by_the_visit_that_was_there(world: World) -> None:
    provider = world.home.providers[0]
    began = registration(provider, "2029", "check_in", "2014-02-03T12:00:00Z")
    ended = registration(provider, "2029", "check_out", "2014-02-03T12:30:00Z", visit_id=began["id"])
    provider.caregiver.make("/registrations", began, at="2014-02-03T12:00:00Z")
    provider.caregiver.make("/registrations", ended, at="2014-02-03T12:30:00Z")
    path = f"/visits/{began['id']}"
    assert provider.coordinator.read(path)["planned_visit_id"] is None
    times = {"starts_at": "2014-02-03T12:10:00Z", "ends_at": "2014-02-03T12:40:00Z"}
    plan = provider.scheduler.make("/planned-visits", plan_of(provider, **times), at="2014-02-03T13:00:00Z")
    assert provider.coordinator.read(path)["planned_visit_id"] == plan["id"]
    nearer = plan_of(provider, external_id="n", starts_at="2014-02-03T12:01:00Z", ends_at="2014-02-03T12:31:00Z")
    (result,) = put(provider, nearer)
    assert provider.coordinator.read(path)["planned_visit_id"] == result["id"]
