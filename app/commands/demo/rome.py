"""The published day plan as one provider's day: who visits whom, from when to when, and where people live."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from app.rules.time import local_instant, seconds_between

FOLDER = Path(__file__).parent / "rome"
DAY_BEGINS_MINUTE = 7 * 60
"""The plan counts minutes from the start of the working day; here that is 07:00."""
SERVICES = {"s1": "household", "s2": "personal_care", "s3": "personal_care", "s4": "personal_care"}
"""The plan's own four services as ours. A simultaneous pair that becomes one of ours is double staffing."""
ROME = (12.5042, 41.9144)
LEKSAND = (15.0, 60.73)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One planned visit: which caregiver is at which customer for what, in minutes from the start of the day."""

    number: int
    caregiver: str
    customer: str
    service: str
    begins_minute: int
    ends_minute: int

    def starts_at(self, day: date) -> datetime:
        """When it begins on that day."""
        return local_instant(day, DAY_BEGINS_MINUTE + self.begins_minute)

    def ends_at(self, day: date) -> datetime:
        """When it ends on that day."""
        return local_instant(day, DAY_BEGINS_MINUTE + self.ends_minute)

    @property
    def seconds(self) -> int:
        """How long it is planned to take."""
        return (self.ends_minute - self.begins_minute) * 60


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole day: its stops in the order of the routes, and every customer's place, moved from Rome to Leksand."""

    stops: tuple[Stop, ...]
    places: dict[str, dict[str, float]]

    @property
    def caregivers(self) -> list[str]:
        """Who goes out that day."""
        return sorted({stop.caregiver for stop in self.stops})

    def of_customer(self, customer: str) -> list[Stop]:
        """The customer's stops."""
        return [stop for stop in self.stops if stop.customer == customer]

    def shared_seconds(self, customer: str, service: str, day: date) -> int:
        """Seconds in which the plan has two caregivers there for one service."""
        stops = [stop for stop in self.of_customer(customer) if stop.service == service]
        return sum(
            max(0, seconds_between(max(a.starts_at(day), b.starts_at(day)), min(a.ends_at(day), b.ends_at(day))))
            for position, a in enumerate(stops)
            for b in stops[position + 1 :]
        )


def read_plan() -> Plan:
    """The published plan, as it lies in the project."""
    instance = json.loads((FOLDER / "instance.json").read_text())
    solution = json.loads((FOLDER / "solution.json").read_text())
    stops: list[Stop] = []
    for route in solution["routes"]:
        for stop in route["locations"]:
            stops.append(
                Stop(
                    number=len(stops) + 1,
                    caregiver=route["caregiver_id"],
                    customer=stop["patient"],
                    service=SERVICES[stop["service"]],
                    begins_minute=int(stop["arrival_time"]),
                    ends_minute=int(stop["departure_time"]),
                )
            )
    return Plan(tuple(stops), {patient["id"]: _moved(patient["location"]) for patient in instance["patients"]})


def _moved(location: list[float]) -> dict[str, float]:
    east, north = location[0] - ROME[0], location[1] - ROME[1]
    return {"lat": round(LEKSAND[1] + north, 6), "lon": round(LEKSAND[0] + east, 6)}
