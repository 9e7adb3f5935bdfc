"""A messy fortnight, another for every seed: two providers, two municipalities, a household, most that goes wrong."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
BEGIN = datetime(2014, 2, 17, 6, 0, tzinfo=UTC)
LOCKS = {"2014-02": "2014-03-05T17:00:00Z", "2014-03": "2014-04-05T16:00:00Z"}
CUSTOMERS = {"k1": "0182", "k2": "0182", "k3": "2029", "k4": "2029"}
CAREGIVERS = {"a": "p", "b": "p", "c": "q"}
DAYS = 14


def text(instant: datetime) -> str:
    """The instant on the wire."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def messy(seed: int) -> Row:
    """A scenario file that closes February and March."""
    return _Messy(random.Random(seed)).told()


class _Messy:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.registrations: list[Row] = []
        self.corrections: list[Row] = []
        self.plans: list[Row] = []
        self.serial = 0

    def told(self) -> Row:
        for caregiver in CAREGIVERS:
            for day in range(DAYS):
                self._day(caregiver, BEGIN + timedelta(days=day))
        return {
            "care_system": {"name": "Two", "municipalities": ["0182", "2029"]},
            "providers": [{"id": "p", "kind": "private"}, {"id": "q", "kind": "municipal"}],
            "caregivers": [{"id": one, "provider_id": provider} for one, provider in CAREGIVERS.items()],
            "customers": [_customer(one, home) for one, home in CUSTOMERS.items()],
            "tags": [_tag(number, one) for number, one in enumerate(CUSTOMERS)],
            "grants": self._grants(),
            "orders": self._orders(),
            "rates": _rates(),
            "policies": self._policies(),
            "absences": [_absence()] if self._happens(30) else [],
            "planned_visits": self.plans,
            "registrations": self.registrations,
            "corrections": self.corrections,
            "extensions": self._extensions(),
            "months": list(LOCKS),
            "locked_at": LOCKS,
            "now": "2014-04-10T12:00:00Z",
        }

    def _happens(self, percent: int) -> bool:
        return self.chance.randrange(100) < percent

    def _name(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}{self.serial:04d}"

    def _grants(self) -> list[Row]:
        hours = self.chance.choice((1, 5, 40))
        return [
            {
                "id": f"g-{one}",
                "customer_id": one,
                "services": ["personal_care", "household"],
                "law": "SoL",
                "granted_seconds": hours * 3600,
                "per": self.chance.choice(("week", "month")),
                "double_staffed_seconds": self.chance.choice((0, 1800, 3600)),
                "valid_from": "2014-01-01",
            }
            for one in CUSTOMERS
        ] + [
            {
                "id": "g-lss",
                "customer_id": "k1",
                "services": ["personal_care"],
                "law": "LSS",
                "granted_seconds": 7200,
                "per": "month",
                "valid_from": "2014-02-01",
            }
        ]

    def _orders(self) -> list[Row]:
        several = [("g-k1", "p"), ("g-k2", "p"), ("g-k3", "p"), ("g-lss", "q")]
        several += [("g-k4", "p")] if self._happens(70) else []
        return [
            {
                "id": f"o-{grant}",
                "grant_id": grant,
                "provider_id": provider,
                "ordered_at": "2014-02-14T09:00:00Z",
                "valid_from": self.chance.choice(("2014-02-15", "2014-02-20")),
                **({"implementation_plan_received_on": "2014-02-20"} if self._happens(50) else {}),
            }
            for grant, provider in several
        ]

    def _policies(self) -> list[Row]:
        rows = [{"id": "cap", "name": "cap", "value": "none", "municipality": "2029", "valid_from": "2014-01-01"}]
        return rows if self._happens(50) else []

    def _extensions(self) -> list[Row]:
        if self._happens(40):
            return []
        decided = self.chance.choice(("2014-03-01T10:00:00Z", "2014-03-20T10:00:00Z"))
        decision = {"id": "e-1", "outcome": "approved", "decided_at": decided}
        asked = {"provider_id": "p", "customer_id": "k1", "service": "personal_care", "month": "2014-02"}
        why = {
            "days": ["2014-02-20"],
            "requested_seconds": 3600,
            "justification": "The customer had fallen, and we waited.",
        }
        return [{"id": "e", **asked, **why, "requested_at": "2014-02-21T10:00:00Z", "decision": decision}]

    def _day(self, caregiver: str, day: datetime) -> None:
        at = day + timedelta(minutes=5 * self.chance.randrange(12))
        for _ in range(self.chance.randrange(4)):
            at = self._stay(caregiver, at)
        if self._happens(15):
            self._stay(caregiver, day.replace(hour=22, minute=30))

    def _stay(self, caregiver: str, start: datetime) -> datetime:
        customer = self.chance.choice(tuple(CUSTOMERS))
        end = start + timedelta(seconds=self.chance.choice((60, 900, 1830, 3600, 5400)))
        plan = self._plan(caregiver, customer, start, end)
        if self._happens(5):
            return end
        check_in = self._check(caregiver, "check_in", customer, start)
        check_in["service"] = self.chance.choice(("personal_care", "personal_care", "household", "escort"))
        if plan is not None and self._happens(20):
            check_in["planned_visit_id"] = plan
        if customer in ("k3", "k4") and self._happens(30):
            check_in["household"] = [{"customer_id": "k3", "share": 2}, {"customer_id": "k4"}]
        if self._happens(5):
            check_in["extra_service"] = True
        self._leave(caregiver, customer, check_in, end)
        return end + timedelta(minutes=self.chance.choice((-10, 0, 5, 30)))

    def _leave(self, caregiver: str, customer: str, check_in: Row, end: datetime) -> None:
        visit = check_in["id"]
        if self._happens(10):
            if self._happens(60):
                self._correct(visit, {"ends_at": text(end)})
            return
        check_out = self._check(caregiver, "check_out", customer, end)
        if self._happens(40):
            check_out["visit_id"] = visit
        if self._happens(12):
            start = datetime.strptime(check_in["captured_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            later = {"ends_at": text(end + timedelta(seconds=self.chance.choice((-30, 600, 1200))))}
            self._correct(
                visit, self.chance.choice(({"void": True}, {"starts_at": text(start - timedelta(seconds=60))}, later))
            )

    def _check(self, caregiver: str, kind: str, customer: str, at: datetime) -> Row:
        row: Row = {"id": self._name("r"), "kind": kind, "caregiver_id": caregiver, "captured_at": text(at)}
        door = customer if not self._happens(4) else self.chance.choice(tuple(CUSTOMERS))
        if self._happens(12):
            row["place"], row["customer_id"] = {"method": "manual", "reason": "tag_missing"}, customer
        else:
            row["place"] = {"method": "nfc", "uid": _uid(tuple(CUSTOMERS).index(door))}
        if self._happens(6):
            row["received_at"] = text(at + timedelta(days=self.chance.choice((1, 4, 20))))
        self.registrations.append(row)
        return row

    def _plan(self, caregiver: str, customer: str, start: datetime, end: datetime) -> str | None:
        if not self._happens(60):
            return None
        plan: Row = {
            "id": self._name("plan"),
            "provider_id": CAREGIVERS[caregiver],
            "customer_id": customer,
            "service": "personal_care",
            "starts_at": text(start + timedelta(minutes=self.chance.choice((-50, 0, 10)))),
            "ends_at": text(end + timedelta(minutes=20)),
            "caregiver_ids": [caregiver],
        }
        if self._happens(6):
            plan["cancelled"] = {"at": text(start - timedelta(hours=5)), "by": "customer", "reason": "away"}
        self.plans.append(plan)
        return str(plan["id"])

    def _correct(self, visit: str, changes: Row) -> None:
        approved = self.chance.choice(("2014-03-02T10:00:00Z", "2014-03-15T10:00:00Z"))
        self.corrections.append(
            {
                "id": self._name("x"),
                "visit_id": visit,
                "changes": changes,
                "reason": "forgot_to_register",
                "made_by": "coordinator",
                "made_at": "2014-03-01T09:00:00Z",
                "approved_by": "another",
                "approved_at": approved,
            }
        )


def _uid(number: int) -> str:
    return f"04A2245A6F61{number:02X}"


def _customer(one: str, home: str) -> Row:
    """Two in each town, 20 km from the other town; nobody has said where the last one lives."""
    where = {"k1": (59.3103, 18.1637), "k2": (59.3210, 18.2210), "k3": (59.4800, 18.0500)}.get(one)
    told = {"id": one, "municipality": home}
    return told if where is None else {**told, "position": {"lat": where[0], "lon": where[1]}}


def _tag(number: int, customer: str) -> Row:
    return {
        "id": f"t-{customer}",
        "customer_id": customer,
        "kind": "nfc",
        "uid": _uid(number),
        "valid_from": "2014-01-01",
    }


def _absence() -> Row:
    times = {"from": "2014-02-24T00:00:00Z", "before": "2014-02-26T12:00:00Z"}
    return {"id": "away", "customer_id": "k2", "cause": "hospital", **times}


def _rates() -> list[Row]:
    hours = {"name": "dag", "windows": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "06:00", "before": "22:00"}]}
    rows: list[Row] = []
    for municipality, ore in (("0182", 37000), ("2029", 37500)):
        for service in ("personal_care", "household"):
            band = {"band": hours} if municipality == "2029" and service == "household" else {}
            row = {"municipality": municipality, "service": service, "ore_per_hour": ore, "valid_from": "2014-01-01"}
            rows.append({"id": f"r-{municipality}-{service[:5]}", **row, **band})
    return rows
