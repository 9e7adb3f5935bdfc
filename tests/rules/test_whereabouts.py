"""A2 and A4 for the position that a phone sends along: it is somebody's home."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.rules.people import Customer, Position, Protection
from app.rules.tags import Method, Place
from app.rules.visits.values import HouseholdShare, Resolved
from app.rules.visits.whereabouts import shown_registration
from tests.rules.builders import a_check_in, a_customer, resolved

HOME = Position(lat_e6=60_730_300, lon_e6=15_000_000, accuracy_m=5)
PROTECTED = [kind for kind in Protection if kind is not Protection.NONE]


def read_at_home(*customers: Customer, **more: Any) -> Resolved:
    """A check-in by the tag of `k`, the phone telling where it is, as it is kept."""
    place = Place(method=Method.NFC, text="tag k", position=HOME)
    (one,) = resolved(a_check_in(place=place, **more), *customers)
    return one


def position_of(one: Resolved) -> Position | None:
    """Where the registration says that it was made."""
    return one.registration.place.position


def test_A4_a_position_is_kept_at_a_customer_who_is_not_protected() -> None:
    assert position_of(read_at_home()) == HOME


@pytest.mark.parametrize("protection", PROTECTED)
def test_A4_no_position_is_kept_at_a_protected_customers_door(protection: Protection) -> None:
    assert position_of(read_at_home(a_customer("k", protection=protection))) is None


@pytest.mark.parametrize("protection", PROTECTED)
def test_A4_nor_where_the_customer_named_is_another_than_the_doors(protection: Protection) -> None:
    assert position_of(read_at_home(a_customer("k", protection=protection), customer_id="k2")) is None
    assert position_of(read_at_home(a_customer("k2", protection=protection), customer_id="k2")) is None


def test_A4_nor_where_somebody_in_the_household_is_protected() -> None:
    household = (HouseholdShare(customer_id="k"), HouseholdShare(customer_id="k2"))
    protected = a_customer("k2", protection=Protection.CONFIDENTIAL)
    assert position_of(read_at_home(protected, household=household)) is None
    assert position_of(read_at_home(household=household)) == HOME


def test_A4_nor_where_nobody_knows_whose_home_it_is() -> None:
    by_hand = replace(read_at_home().registration, place=Place(method=Method.NFC, uid="FFFF", position=HOME))
    (one,) = resolved(by_hand)
    assert (one.customer_id, position_of(one)) == (None, None)


def test_V7_a_position_that_is_not_kept_has_been_weighed() -> None:
    protected = a_customer("k2", protection=Protection.FICTITIOUS)
    near = read_at_home(a_customer("k", position=HOME), protected, customer_id="k2")
    assert (near.evidence_grade, position_of(near)) == (2, None)


def test_A2_a_position_is_shown_to_who_sees_names_alone() -> None:
    one, customers = read_at_home(), (a_customer("k"),)
    assert position_of(shown_registration(one, customers, with_names=True)) == HOME
    assert position_of(shown_registration(one, customers, with_names=False)) is None


@pytest.mark.parametrize("protection", PROTECTED)
def test_A4_a_position_kept_before_the_protection_is_shown_to_nobody(protection: Protection) -> None:
    one, customers = read_at_home(), (a_customer("k", protection=protection),)
    assert position_of(shown_registration(one, customers, with_names=True)) is None
