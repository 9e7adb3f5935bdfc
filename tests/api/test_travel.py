"""D14 in the running product: what one customer's visit does to the next customer's, in the next month, by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.town import Town, id_of, town_of

JSON = dict[str, Any]
NOW = "2014-03-02T09:00:00+01:00"
HOMES = {"k1": (59.0, 18.0), "k2": (59.9, 18.0), "k3": None}
"""Two customers 100 km apart, and one of whom nobody knows where."""


def stay(name: str, customer: str, start: str, end: str) -> list[JSON]:
    place = {"method": "manual", "reason": "tag_missing"}
    told = {"caregiver_id": "c", "customer_id": customer, "place": place, "service": "personal_care"}
    return [
        {**told, "id": name, "kind": "check_in", "captured_at": start},
        {**told, "id": f"{name}-out", "kind": "check_out", "captured_at": end, "visit_id": name},
    ]


def content() -> JSON:
    """An hour at `k1` until a minute before midnight, five minutes at `k3`, and from five past half an hour at `k2`."""
    stays = (
        stay("first", "k1", "2014-02-28T23:00:00+01:00", "2014-02-28T23:59:00+01:00"),
        stay("between", "k3", "2014-02-28T23:59:10+01:00", "2014-03-01T00:04:00+01:00"),
        stay("next", "k2", "2014-03-01T00:05:00+01:00", "2014-03-01T00:35:00+01:00"),
    )
    return {
        "care_system": {"name": "Nacka", "municipalities": ["0182"]},
        "providers": [{"id": "p", "name": "Olivia", "kind": "private"}],
        "caregivers": [{"id": "c", "provider_id": "p", "name": "A"}],
        "customers": [
            {"id": one, "municipality": "0182", **({"position": {"lat": home[0], "lon": home[1]}} if home else {})}
            for one, home in HOMES.items()
        ],
        "rates": [],
        "registrations": [row for rows in stays for row in rows],
        "months": ["2014-02", "2014-03"],
        "now": NOW,
    }


@pytest.fixture
def town(make_app: Callable[..., Flask], database_url: str) -> Town:
    return town_of(make_app, database_url, content())


def travels(town: Town, now: str = NOW) -> list[tuple[str, str, str]]:
    """Every D14 that there is or was: its visit, its month and its state."""
    rows = town.deviations("p", now, rule="D14")
    names = {id_of(name): name for name in ("first", "between", "next")}
    return [(names[row["subject"]["id"]], row["period"], row["state"]) for row in rows]


def correct(town: Town, visit: str, now: str, **changes: Any) -> None:
    """A correction by one coordinator, approved by another."""
    path = f"/visits/{id_of(visit)}/corrections"
    said = {"changes": changes, "reason": "forgot_to_register", "note": "told by telephone"}
    made = town.post("p", path, now, said)
    approved = town.ask("p2", "POST", f"{path}/{made['id']}/approval", now, {})
    assert approved.status_code in (200, 201), approved.get_json()


def test_D14_follows_what_becomes_of_the_visit_before_at_another_customer_and_in_another_month(town: Town) -> None:
    town.sweep(NOW)
    assert travels(town) == []
    correct(town, "between", NOW, starts_at="2014-03-01T01:00:00+01:00", ends_at="2014-03-01T01:05:00+01:00")
    assert travels(town) == [("next", "2014-03", "open")]
    correct(town, "first", "2014-03-02T09:01:00+01:00", ends_at="2014-02-28T23:05:00+01:00")
    assert travels(town) == [("next", "2014-03", "cleared")]
    correct(town, "first", "2014-03-02T09:02:00+01:00", ends_at="2014-02-28T23:58:00+01:00")
    assert travels(town) == [("next", "2014-03", "open")]
    (row,) = town.deviations("p", NOW, rule="D14")
    told = town.get("p", f"/deviations/{row['id']}", NOW)
    assert [one["what"] for one in told["history"]] == ["opened", "cleared", "reopened"]
    assert [one["facts"]["between_seconds"] for one in told["history"]] == [360, 360, 420]
    assert told["facts"]["policies"][0]["on"] == "2014-03-01"
    correct(town, "first", "2014-03-02T09:03:00+01:00", void=True)
    assert travels(town) == [("next", "2014-03", "cleared")]
