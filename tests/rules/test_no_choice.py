"""The no-choice order (O3, P2, LR 3.4): whose turn it is, why, and what may be decided."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.rules.no_choice import (
    Around,
    Candidate,
    NoChoiceCause,
    PassedOver,
    Wanted,
    Why,
    asked_from,
    binding,
    check_choice,
    check_current,
    check_undecided,
    ended,
    facts_of,
    order_of,
    shown_facts,
    turn_order,
    wanted_of,
)
from app.rules.orders import ChosenBy, Grant, Order, Per, Placed, check_order
from app.rules.people import Customer, Position, Protection
from app.rules.providers import Accreditation, Law, Provider, ProviderKind, Service
from app.rules.refusal import Kind, Refused
from tests.rules.builders import NACKA, a_customer, a_grant, a_provider, an_order
from tests.rules.money_builders import CARE, ESCORT, HOUSEHOLD, LEKSAND

DAY = date(2014, 5, 1)
HOME = Position(lat_e6=59_310_000, lon_e6=18_160_000)
WEEK = a_grant(granted_seconds=7_000, per=Per.WEEK)


def near(metres: int) -> Position:
    """A place so many metres north of the customer, or a few centimetres less."""
    return replace(HOME, lat_e6=HOME.lat_e6 + metres * 1_000_000 // 111_195 + 1)


def based(id: str, metres: int | None = None, *, kind: ProviderKind = ProviderKind.PRIVATE) -> Provider:
    """A provider with its base so far from the customer."""
    return replace(a_provider(id, kind=kind), position=None if metres is None else near(metres))


def takes(provider: str, ceiling: int | None = 100_000, *, service: Service = CARE, **more: Any) -> Accreditation:
    """An accreditation by which the provider takes no-choice customers."""
    told: dict[str, Any] = {"municipality": NACKA, "valid_from": date(2010, 1, 1), "takes_no_choice": True, **more}
    id = f"{provider} {service} {sorted(more)}"
    return Accreditation(id=id, provider_id=provider, service=service, ceiling_seconds_per_week=ceiling, **told)


def has(provider: str, seconds: int, *, chosen_by: ChosenBy = ChosenBy.NO_CHOICE, **more: Any) -> Placed:
    """What the provider has of others already, in seconds a week."""
    services = more.pop("services", (CARE,))
    grant = a_grant(f"of {provider}", customer="k2", granted_seconds=seconds, per=Per.WEEK, services=services)
    order = an_order(f"{provider} {chosen_by}", customer="k2", provider=provider, chosen_by=chosen_by, **more)
    return Placed(order=replace(order, grant_id=grant.id), grant=grant)


def wanted(grant: Grant = WEEK, *orders: Order, day: date = DAY, rows: tuple[Accreditation, ...] = ()) -> Wanted:
    return wanted_of(grant, orders, rows, NACKA, day)


def around(*told: object, customer: Customer | None = None) -> Around:
    """What was told, sorted by kind; the customer lives at `HOME` unless told."""

    def all_of(kind: type[Any]) -> tuple[Any, ...]:
        return tuple(one for one in told if isinstance(one, kind))

    return Around(
        customer=customer or a_customer(position=HOME),
        providers=all_of(Provider),
        accreditations=all_of(Accreditation),
        placed=all_of(Placed),
    )


def turn(*told: object, grant: Grant = WEEK, customer: Customer | None = None) -> tuple[Candidate, ...]:
    """Every candidate in turn."""
    return turn_order(wanted(grant), around(*told, customer=customer))


def ranked(*told: object, **more: Any) -> list[str]:
    """The ids of those in turn, whose turn it is first; the same however the facts are ordered."""
    found = [[one.provider_id for one in turn(*some, **more) if one.rank] for some in (told, tuple(reversed(told)))]
    assert found[0] == found[1]
    return found[0]


def reasons(candidates: tuple[Candidate, ...]) -> dict[str, list[tuple[str, str]]]:
    """Why each is passed over."""
    return {
        one.provider_id: [(reason.why.value, reason.service.value) for reason in one.passed_over]
        for one in candidates
        if one.passed_over
    }


ORDERED: dict[str, tuple[list[object], list[str]]] = {
    "the nearer of two that have as much": ([based("a", 900), based("b", 800), takes("a"), takes("b")], ["b", "a"]),
    "the lesser share of what it declared, equally near": (
        [based("a", 500), based("b", 500), takes("a", 40_000), takes("b", 80_000), has("a", 10_000), has("b", 19_999)],
        ["b", "a"],
    ),
    "a share a second above is behind": (
        [based("a", 500), based("b", 500), takes("a", 40_000), takes("b", 80_000), has("a", 10_000), has("b", 20_001)],
        ["a", "b"],
    ),
    "as good in all: the lower id": ([based("b", 500), based("a", 500), takes("a"), takes("b")], ["a", "b"]),
    "first in one and second in the other: the nearer": (
        [based("a", 100), based("b", 900), takes("a"), takes("b"), has("a", 10_000)],
        ["a", "b"],
    ),
    "second in nearness and first in volume before third and second": (
        [
            *(based("a", 100), based("b", 500), based("c", 900)),
            *(takes("a"), takes("b"), takes("c")),
            *(has("a", 50_000), has("c", 20_000)),
        ],
        ["b", "a", "c"],
    ),
    "who declared no volume stands after who did": (
        [based("a", 500), based("b", 500), takes("a", None), takes("b"), has("b", 50_000)],
        ["b", "a"],
    ),
    "of two who declared none the one with less": (
        [based("a", 500), based("b", 500), takes("a", None), takes("b", None), has("a", 2), has("b", 1)],
        ["b", "a"],
    ),
    "a base that nobody knows stands after those that are known": (
        [based("a"), based("b", 90_000), takes("a"), takes("b")],
        ["b", "a"],
    ),
    "no base known at all: by volume": ([based("a"), based("b"), takes("a"), takes("b"), has("a", 1_000)], ["b", "a"]),
    "what customers chose does not count as no-choice volume": (
        [
            *(based("a", 500), based("b", 500), takes("a"), takes("b")),
            *(has("a", 50_000, chosen_by=ChosenBy.CUSTOMER), has("b", 1_000)),
        ],
        ["a", "b"],
    ),
    "an order that has ended does not count": (
        [
            *(based("a", 500), based("b", 500), takes("a"), takes("b")),
            *(has("a", 50_000, valid_before=DAY), has("b", 1_000)),
        ],
        ["a", "b"],
    ),
}


@pytest.mark.parametrize("case", ORDERED)
def test_P2_whose_turn_it_is(case: str) -> None:
    told, expected = ORDERED[case]
    assert ranked(*told) == expected


def test_P2_of_several_services_the_fullest_declared_one_weighs() -> None:
    both = a_grant(granted_seconds=700, per=Per.WEEK, services=(CARE, HOUSEHOLD))
    told = [
        *(based("a", 500), based("b", 500)),
        *(takes(one, 10_000, service=service) for one in "ab" for service in (CARE, HOUSEHOLD)),
        *(has("a", 5_000, services=(HOUSEHOLD,)), has("b", 4_000, services=(CARE,))),
    ]
    first, second = turn(*told, grant=both)
    assert (first.provider_id, second.provider_id) == ("b", "a")
    assert first.volume is not None
    assert (first.volume.service, first.volume.no_choice_seconds_per_week, first.volume.place) == (CARE, 4_000, 1)
    assert second.volume is not None
    assert (second.volume.service, second.volume.ceiling_seconds_per_week) == (HOUSEHOLD, 10_000)


@pytest.mark.parametrize(
    ("ceiling", "held", "why"),
    [(7_000, 0, []), (6_999, 0, ["no_room"]), (10_000, 3_000, []), (10_000, 3_001, ["no_room"]), (None, 90_000, [])],
    ids=["on the ceiling", "a second above", "on it with the others", "a second above with them", "none declared"],
)
def test_P2_a_provider_needs_room_under_its_ceiling_whoever_chose_it(
    ceiling: int | None, held: int, why: list[str]
) -> None:
    others = [has("a", held, chosen_by=ChosenBy.CUSTOMER)] if held else []
    (one,) = turn(based("a"), takes("a", ceiling), *others)
    assert [reason.why.value for reason in one.passed_over] == why
    assert one.rank == (None if why else 1)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (takes("a"), None),
        (takes("a", takes_no_choice=False), "not_in_no_choice"),
        (takes("a", valid_before=DAY), "not_accredited"),
        (takes("a", valid_before=date(2014, 5, 2)), None),
        (takes("a", valid_from=date(2014, 5, 2)), "not_accredited"),
        (takes("a", valid_from=DAY), None),
        (takes("a", law=Law.LSS), "not_accredited"),
        (takes("a", law=Law.SOL), None),
        (takes("a", municipality=LEKSAND), "not_accredited"),
        (takes("a", target_group="barn och ungdomar"), "not_accredited"),
        (takes("a", target_group="Äldre "), None),
    ],
    ids=[
        "takes no-choice customers",
        "does not take them",
        "until the day, which is outside",
        "its last day",
        "from the day after",
        "from the day",
        "another law",
        "the law",
        "another municipality",
        "another target group",
        "the target group, spelled otherwise",
    ],
)
def test_P2_a_candidate_is_accredited_that_day_and_takes_no_choice_customers(
    row: Accreditation, why: str | None
) -> None:
    """It is accredited for its other service all along, so that it is listed."""
    grant = replace(WEEK, services=(CARE, HOUSEHOLD), target_group="äldre")
    candidates = turn(based("a"), row, takes("a", service=HOUSEHOLD), grant=grant)
    assert reasons(candidates) == ({} if why is None else {"a": [(why, "personal_care")]})


def test_P2_every_provider_that_could_deliver_any_of_it_is_listed_with_why_it_is_passed_over() -> None:
    grant = replace(WEEK, services=(CARE, ESCORT))
    told = [
        *(based(one) for one in "abcdz"),
        *(takes("a", service=service) for service in (CARE, ESCORT)),
        *(takes("b"), takes("c", 1), takes("c", 1, service=ESCORT)),
        *(takes("d", takes_no_choice=False), takes("z", service=HOUSEHOLD)),
    ]
    candidates = turn(*told, grant=grant)
    assert [one.provider_id for one in candidates] == ["a", "b", "c", "d"], "z is accredited for none of it"
    assert reasons(candidates) == {
        "b": [("not_accredited", "escort")],
        "c": [("no_room", "personal_care"), ("no_room", "escort")],
        "d": [("not_in_no_choice", "personal_care"), ("not_accredited", "escort")],
    }


OWN = based("m", kind=ProviderKind.MUNICIPAL)


def test_P2_the_municipal_provider_bears_the_last_responsibility_where_nobody_else_can() -> None:
    for row in (takes("m", takes_no_choice=False), takes("m", 1)):
        first, second = turn(OWN, row, based("a"), takes("a", 1))
        assert (first.provider_id, first.rank, first.last_responsibility) == ("m", 1, True)
        assert (second.provider_id, second.rank) == ("a", None)


def test_P2_the_municipal_provider_waits_its_turn_where_another_can() -> None:
    first, second = turn(OWN, takes("m", takes_no_choice=False), based("a"), takes("a"))
    assert (first.provider_id, second.provider_id, second.rank, second.last_responsibility) == ("a", "m", None, False)
    assert ranked(based("m", 100, kind=ProviderKind.MUNICIPAL), takes("m"), based("a", 900), takes("a")) == ["m", "a"]


def test_P2_the_last_responsibility_needs_accreditation_and_is_not_bound_by_its_ceiling() -> None:
    grant = replace(WEEK, services=(CARE, ESCORT))
    assert [one.rank for one in turn(OWN, takes("m"), grant=grant)] == [None]
    row = takes("m", 1)
    (own,) = turn(OWN, row)
    order = order_of(wanted(), "m")
    check_order(order, WEEK, (), NACKA, binding(own, [row]))
    with pytest.raises(Refused, match="at most 1 s"):
        check_order(order, WEEK, (), NACKA, binding(replace(own, last_responsibility=False), [row]))


@pytest.mark.parametrize(
    ("customer", "nearness"),
    [
        (a_customer(position=HOME), "known"),
        (a_customer(), "customer_position_unknown"),
        (a_customer(protection=Protection.CONFIDENTIAL), "customer_protected"),
        (a_customer(protection=Protection.FICTITIOUS, position=HOME), "customer_protected"),
    ],
    ids=["known", "unknown", "protected", "protected, with a position that should not be there"],
)
def test_A4_P2_nearness_does_not_count_for_a_protected_customer(customer: Customer, nearness: str) -> None:
    world = around(based("a", 900), based("b", 100), takes("a"), takes("b"), has("b", 1_000), customer=customer)
    candidates = turn_order(wanted(), world)
    facts: Any = facts_of(wanted(), world, candidates)
    assert facts["nearness"] == nearness
    told = [(one["provider_id"], one["nearness"]["place"], one["nearness"]["metres"]) for one in facts["candidates"]]
    if nearness == "known":
        assert told == [("b", 1, 100), ("a", 2, 900)]
    else:
        assert told == [("a", None, None), ("b", None, None)]


def test_A4_what_was_proposed_before_somebody_was_protected_shows_no_distance() -> None:
    world = around(based("a", 900), takes("a"))
    facts = facts_of(wanted(), world, turn_order(wanted(), world))
    assert shown_facts(facts, a_customer()) == facts
    for customer in (a_customer(protection=Protection.CONFIDENTIAL), None):
        (hidden,) = shown_facts(facts, customer)["candidates"]
        assert (hidden["nearness"], hidden["rank"]) == ({"place": 1, "metres": None}, 1)


def test_P2_places_are_shared_and_ties_broken_the_same_whatever_the_order_of_the_facts() -> None:
    told = [based("a", 500), based("b", 500), based("c", 900), *(takes(one) for one in "abc")]
    expected = [("a", 1, 1, 1), ("b", 2, 1, 1), ("c", 3, 3, 1)]
    for some in itertools.permutations(told[:3]):
        candidates = turn(*some, *told[3:])
        places = [(one.provider_id, one.rank, one.nearness_place, one.volume.place) for one in candidates if one.volume]
        assert places == expected


REST: dict[str, tuple[list[Order], int | None, date | None, NoChoiceCause]] = {
    "nobody has any": ([], None, None, NoChoiceCause.NO_CHOICE),
    "half is ordered": ([an_order(ordered_seconds=3_000)], 4_000, None, NoChoiceCause.NO_CHOICE),
    "ended the day before": ([an_order(valid_before=date(2014, 4, 30))], None, None, NoChoiceCause.NO_CHOICE),
    "ended as this begins": ([an_order(valid_before=DAY)], None, None, NoChoiceCause.LOST_PROVIDER),
    "until the next order begins": (
        [an_order(valid_from=date(2014, 6, 1))],
        None,
        date(2014, 6, 1),
        NoChoiceCause.NO_CHOICE,
    ),
    "a later part that fits beside": (
        [an_order(ordered_seconds=3_000), an_order("b", ordered_seconds=1, valid_from=date(2014, 6, 1))],
        4_000,
        date(2014, 6, 1),
        NoChoiceCause.NO_CHOICE,
    ),
}


@pytest.mark.parametrize("case", REST)
def test_P2_what_is_wanted_is_what_nobody_has_from_that_day_until_somebody_does(case: str) -> None:
    orders, seconds, before, cause = REST[case]
    found = wanted(WEEK, *orders, rows=(takes("p"),))
    assert (found.ordered_seconds, found.valid_before, found.cause, found.lost) == (seconds, before, cause, ())
    check_order(order_of(found, "q"), WEEK, orders, NACKA, None)


@pytest.mark.parametrize(
    ("valid_before", "lost"),
    [(date(2014, 4, 30), True), (DAY, True), (date(2014, 5, 2), False), (None, False)],
    ids=["ended the day before", "ends that day, which is outside", "its last day", "has no end"],
)
def test_P2_an_order_is_lost_when_its_providers_accreditation_has_ended(valid_before: date | None, lost: bool) -> None:
    order, row = an_order(), takes("p", valid_before=valid_before)
    if not lost:
        with pytest.raises(Refused, match="all of the grant is ordered"):
            wanted(WEEK, order, rows=(row,))
        return
    found = wanted(WEEK, order, rows=(row,))
    assert (found.lost, found.ordered_seconds, found.cause) == ((order,), None, NoChoiceCause.LOST_PROVIDER)
    check_order(order_of(found, "q"), WEEK, [ended(order, DAY)], NACKA, None)


def test_P2_an_order_that_has_ended_already_is_not_ended_again() -> None:
    found = wanted(WEEK, an_order(valid_before=DAY), rows=(takes("p", valid_before=date(2014, 4, 1)),))
    assert (found.lost, found.cause) == ((), NoChoiceCause.LOST_PROVIDER)


def test_P2_a_provider_that_lost_one_of_the_services_has_lost_the_order() -> None:
    grant = replace(WEEK, services=(CARE, HOUSEHOLD))
    rows = (takes("p"), takes("p", service=HOUSEHOLD, valid_before=DAY))
    assert wanted(grant, an_order(), rows=rows).lost == (an_order(),)


@pytest.mark.parametrize(
    ("valid_from", "valid_before", "rule"),
    [(DAY, None, None), (date(2014, 5, 2), None, "P2"), (date(2014, 1, 1), DAY, "P2")],
    ids=["its first day", "the day before it", "the first day outside"],
)
def test_P2_the_grant_must_hold_on_the_day(valid_from: date, valid_before: date | None, rule: str | None) -> None:
    grant = replace(WEEK, valid_from=valid_from, valid_before=valid_before)
    if rule is None:
        assert wanted(grant).valid_from == DAY
        return
    with pytest.raises(Refused) as refusal:
        wanted(grant)
    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == (rule, Kind.INVALID, "/valid_from")


@pytest.mark.parametrize(
    ("told", "today", "day"),
    [(None, DAY, DAY), (None, date(2013, 12, 1), date(2014, 1, 1)), (date(2014, 2, 1), DAY, date(2014, 2, 1))],
    ids=["today", "the grant's first day, still to come", "as told"],
)
def test_P2_somebody_is_wanted_from_today_or_the_grants_first_day(told: date | None, today: date, day: date) -> None:
    assert asked_from(WEEK, told, today) == day


CANDIDATES = (
    Candidate(provider_id="a", rank=1),
    Candidate(provider_id="b", rank=2),
    Candidate(provider_id="c", passed_over=(PassedOver(why=Why.NO_ROOM, service=CARE),)),
)


@pytest.mark.parametrize(
    ("provider", "reason", "pointer"),
    [
        ("a", None, None),
        ("a", "as it should be", None),
        ("b", "nearer to her sister", None),
        ("b", None, "/reason"),
        ("b", "  ", "/reason"),
        ("c", "I wish it", "/provider_id"),
        ("z", "I wish it", "/provider_id"),
    ],
    ids=[
        "the first",
        "the first, with a reason",
        "another, with a reason",
        "another, without one",
        "another, with a blank one",
        "one that is passed over",
        "one that is no candidate",
    ],
)
def test_P2_another_than_the_first_needs_a_reason_and_a_turn(
    provider: str, reason: str | None, pointer: str | None
) -> None:
    if pointer is None:
        assert check_choice(CANDIDATES, provider, reason).provider_id == provider
        return
    with pytest.raises(Refused) as refusal:
        check_choice(CANDIDATES, provider, reason)
    kind = Kind.INVALID if pointer == "/reason" else Kind.CONFLICT
    assert (refusal.value.rule, refusal.value.kind, refusal.value.pointer) == ("P2", kind, pointer)


def test_P2_a_proposal_whose_facts_have_changed_is_refused_with_what_did() -> None:
    world = around(based("a", 900), takes("a"))
    facts = facts_of(wanted(), world, turn_order(wanted(), world))
    check_current(facts, dict(facts))
    with pytest.raises(Refused) as refusal:
        check_current(facts, {**facts, "seconds": 1, "candidates": []})
    assert (refusal.value.rule, refusal.value.facts) == ("P2", {"changed": ["candidates", "seconds"]})
    check_undecided(False)
    with pytest.raises(Refused, match="decided on already"):
        check_undecided(True)
