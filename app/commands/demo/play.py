"""The demo from beginning to end: the world, the day, the month, and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app

from app.actions.deviations.sweep import sweep
from app.commands.demo.day import Day, Happening, planned_rows
from app.commands.demo.month import Month
from app.commands.demo.rome import Plan, Stop, read_plan
from app.commands.demo.talk import Talk
from app.commands.demo.world import Builder, Step, System, grant_for
from app.rules.time import local_instant, month_of, next_month

PRIVATE = "Påhittade Björkens hemtjänst AB"
MUNICIPAL = "Leksands egen regi (demo)"
RATTVIK_FROM = 31
"""Customers of the plan from this number on live in Rättvik, the others in Leksand."""


@dataclass(slots=True)
class Played:
    """What the played day came to, as the API tells it."""

    system: System
    other: System
    visits: list[dict[str, Any]] = field(default_factory=list)
    deviations: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    happenings: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """The demo's own short names by id."""
        people = {**self.system.customers, **self.system.caregivers, **self.other.customers, **self.other.caregivers}
        return {value: name for name, value in people.items()}

    def as_json(self) -> dict[str, Any]:
        """Everything that was sent and answered."""
        return {
            "care_systems": [self.system.id, self.other.id],
            "names": self.names,
            "happenings": self.happenings,
            "sent": self.sent,
            "visits": self.visits,
            "deviations": self.deviations,
            "lines": self.lines,
        }


def play(talk: Talk, operator: Talk, day: date, tag: str, step: Step, length: Callable[[int], None]) -> Played:
    """Two care systems are made, a day is lived in each, and their months are closed."""
    plan = read_plan()
    length(len(plan.places) * 2 + len(plan.stops) * 2 + 40)
    system = build_leksand_rattvik(talk, operator, plan, day, f"lr-{tag}", step, days=1)
    other, nacka = _play_nacka(talk, operator, day, f"nacka-{tag}", step)
    played = Played(system, other)
    lived = tell_plan(talk, plan, system, day)
    month = Month(talk, system, lived, PRIVATE, lambda at: sweep_at(system.id, at))
    month.cancel()
    step("kvällen innan: ett besök avbokas")
    phones: dict[str, Talk] = {}
    for delivery in lived.live():
        month.deliver(delivery, phones)
        played.sent += delivery.registrations
        for one in delivery.registrations:
            step(one["kind"])
    _month(month, step)
    _answers(played, talk, step)
    played.happenings = {happening.name: visit for happening, visit in lived.visits.items()}
    played.lines += nacka
    return played


def build_leksand_rattvik(
    talk: Talk, operator: Talk, plan: Plan, day: date, tag: str, step: Step, *, days: int | None
) -> System:
    """Leksand and Rättvik's shared system, with the plan's customers and caregivers; grants for so many days."""
    system = System(name="Leksand–Rättvik (demo)", tag=tag, municipalities=["2029", "2031"])
    builder = Builder(talk, system, day, step)
    builder.open(operator, ("leksand_rattvik_2011",), {PRIVATE: "private", MUNICIPAL: "municipal"})
    builder.caregivers(operator, PRIVATE, plan.caregivers)
    for name, position in plan.places.items():
        municipality = "2031" if int(name[1:]) >= RATTVIK_FROM else "2029"
        builder.customer(name, municipality, position, born=1925 + int(name[1:]) % 25)
        builder.order(name, PRIVATE, grant_for(plan, name, day), days)
        step(f"{name}: kund, tagg, beslut, beställning")
    provider = {"provider_id": system.providers[PRIVATE]}
    builder.client(operator, "planering", "scheduling_client", **provider)
    builder.client(operator, "mätning", "measuring_client", **provider)
    builder.client(operator, "ersättning", "reimbursement_client")
    return system


def tell_plan(talk: Talk, plan: Plan, system: System, day: date) -> Day:
    """The provider's scheduling tool sends the day's plan the morning before."""
    at = local_instant(day - timedelta(days=1), 9 * 60)
    scheduling = talk.client(*system.clients["planering"]).when(at)
    answer = scheduling.put("/planned-visits/batch", {"items": planned_rows(plan, system, PRIVATE, day)})
    planned = {stop.number: row["id"] for stop, row in zip(plan.stops, answer["results"], strict=True)}
    return Day(plan, system, day, planned)


def sweep_at(care_system_id: str, at: datetime) -> None:
    """What only time brings, as the timer would have found it at that time."""
    sweep(current_app.extensions["hemtid"].database, at, care_system_id=care_system_id)


def _month(month: Month, step: Step) -> None:
    """Corrections, extension, explanations, attestation, lock; then what is put right after it and the next month."""
    month.sweep(month.at(1, 60))
    month.correct(Happening.FORGOTTEN, month.at(0, 19 * 60))
    step("en glömd utcheckning rättas")
    month.ask_for_more()
    step("utökad tid begärs och beslutas")
    over = local_instant(date.fromisoformat(f"{next_month(month.month)}-02"), 9 * 60)
    month.sweep(over)
    explained = month.explain(over)
    step("avvikelser förklaras")
    month.accept(over + timedelta(hours=4), explained, ("D9", "D10", "D11"))
    month.explain(over + timedelta(hours=5))
    month.attest(month.month, over + timedelta(hours=6))
    month.close(month.month)
    step(f"{month.month} attesteras, låses och ersätts")
    later = local_instant(date.fromisoformat(f"{next_month(month.month)}-10"), 10 * 60)
    month.correct(Happening.FORGOTTEN_FOR_WEEKS, later)
    explained |= month.explain(later + timedelta(hours=1))
    month.accept(later + timedelta(hours=2), explained, ("D9", "D16"))
    following = next_month(month.month)
    month.sweep(local_instant(date.fromisoformat(f"{next_month(following)}-02"), 9 * 60))
    month.attest(following, local_instant(date.fromisoformat(f"{next_month(following)}-02"), 10 * 60))
    month.close(following)
    step(f"{following}: det som rättades efter låset justeras")


def _answers(played: Played, talk: Talk, step: Step) -> None:
    """What the product now tells: visits and deviations to the coordinator, lines to the reimbursement client."""
    system = played.system
    coordinator = talk.user(system.logins["samordnare.1"])
    visits = coordinator.every("/visits")
    played.visits = sorted(visits, key=lambda visit: (visit.get("starts_at") or visit["ends_at"], visit["id"]))
    played.deviations = coordinator.every("/deviations")
    played.lines = talk.client(*system.clients["ersättning"]).every("/reimbursement/lines")
    step("läser besök, avvikelser och rader")


def _play_nacka(talk: Talk, operator: Talk, day: date, tag: str, step: Step) -> tuple[System, list[dict[str, Any]]]:
    """Nacka's system with its rates of 2013 and 2014: a customer of each provider kind, a visit each of 47 min 20 s."""
    system = System(name="Nacka (demo)", tag=tag, municipalities=["0182"])
    builder = Builder(talk, system, day, step)
    providers = {"Påhittade Ekens omsorg AB": "private", "Nacka egen regi (demo)": "municipal"}
    builder.open(operator, ("nacka_2013", "nacka_2014"), providers)
    builder.client(operator, "ersättning", "reimbursement_client")
    deliveries: list[dict[str, Any]] = []
    for number, provider in enumerate(providers, 1):
        caregiver, customer = f"n{number}", f"k{number}"
        builder.caregivers(operator, provider, [caregiver])
        builder.customer(customer, "0182", {"lat": 59.31, "lon": 18.16}, born=1930)
        services = ["personal_care", "household"]
        builder.order(customer, provider, {"services": services, "granted_seconds": 3_600, "per": "day"}, 1)
        deliveries += _one_visit(talk, system, day, caregiver, customer, number)
    step("Nacka: två besök")
    _close_nacka(talk, system, day)
    step("Nacka: månaden ersätts")
    return system, talk.client(*system.clients["ersättning"]).every("/reimbursement/lines")


def _one_visit(
    talk: Talk, system: System, day: date, caregiver: str, customer: str, number: int
) -> list[dict[str, Any]]:
    lived = Day(read_plan(), system, day, {})
    stop = Stop(
        number=number, caregiver=caregiver, customer=customer, service="personal_care", begins_minute=0, ends_minute=0
    )
    start = local_instant(day, 8 * 60)
    made = [
        lived.registration("check_in", stop, start) | {"service": "personal_care"},
        lived.registration("check_out", stop, start + timedelta(seconds=2_840)),
    ]
    phone = talk.user(system.logins[f"vard.{caregiver}"])
    for one in made:
        phone.when(datetime.fromisoformat(one["captured_at"]) + timedelta(seconds=2)).post("/registrations", one)
    return made


def _close_nacka(talk: Talk, system: System, day: date) -> None:
    month = month_of(day)
    first = date.fromisoformat(f"{next_month(month)}-01")
    sweep_at(system.id, local_instant(first, 9 * 60))
    for number in (1, 2):
        coordinator = talk.user(system.logins[f"samordnare.{number}"]).when(local_instant(first, 10 * 60))
        coordinator.post(f"/months/{month}/attestation", {"municipality": "0182"})
    controller = talk.user(system.logins["kundvalsansvarig"]).when(local_instant(first + timedelta(days=4), 18 * 60))
    controller.post(f"/months/{month}/lock", {"municipality": "0182"})
    controller.post("/reimbursement/runs", {"municipality": "0182", "month": month})
