"""The day that `dev.py run` loads: the same plan for today, to sign in to and to try things on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from flask import current_app

from app.actions.tags import url_of
from app.commands.demo.day import Happening, planned_rows
from app.commands.demo.month import FALLEN, Month
from app.commands.demo.play import PRIVATE, build_leksand_rattvik, sweep_at, tell_plan
from app.commands.demo.rome import Plan, read_plan
from app.commands.demo.talk import API, PASSWORD, Talk
from app.commands.demo.world import System
from app.rules.time import STOCKHOLM, local_day

TAG = "demo"
NAME = "Leksand–Rättvik (demo)"
LOGINS = [
    ("operator", "operator", "sköter systemet, ser inga kunder"),
    ("controller", f"kundvalsansvarig.{TAG}", "taxor, utförare, lås och ersättning"),
    ("case_officer", f"handlaggare.2029.{TAG}", "Leksand: kunder, beslut, utökad tid"),
    ("case_officer", f"handlaggare.2031.{TAG}", "Rättvik: detsamma"),
    ("coordinator", f"samordnare.1.{TAG}", "rättar, förklarar, attesterar"),
    ("coordinator", f"samordnare2.1.{TAG}", "den andra av fyra ögon"),
    ("caregiver", f"vard.c1.{TAG}", "vid dörren; vard.c2 till vard.c8 också"),
    ("auditor", f"granskare.{TAG}", "läser allt, ändrar inget"),
]
"""Role, username and what it is for."""
CLIENT_ROLES = {
    "planering": "scheduling_client",
    "mätning": "measuring_client",
    "ersättning": "reimbursement_client",
}


WORRIED = {
    "requested_seconds": 900,
    "cause": "worry_or_confusion",
    "justification": "Kunden var orolig och ville inte vara ensam; vi stannade tills det lugnat sig.",
}
"""What the coordinator asks for beside."""


def load_living_day(talk: Talk, operator: Talk, now: datetime, clients: Path | None) -> None:
    """The demo's care system is there with today's plan; loaded again it only gets a new day's. Prints the logins.

    `clients` keeps the clients' secrets from the first time on, for their owner alone; without it they are printed
    only where the system was made now.
    """
    plan, day = read_plan(), local_day(now)
    known = {one.get("external_id"): one["id"] for one in operator.every("/care-systems")}
    secrets: dict[str, tuple[str, str]] = {}
    if TAG in known:
        coordinator = talk.user(f"samordnare.1.{TAG}")
        system = _known_system(coordinator, known[TAG])
        if clients is not None and clients.exists():
            secrets = json.loads(clients.read_text())
    else:
        yesterday = day - timedelta(days=1)
        with click.progressbar(length=len(plan.places) + 4 * len(plan.stops), label="Laddar demon") as bar:
            system = build_leksand_rattvik(talk, operator, plan, yesterday, TAG, lambda _: bar.update(1), days=None)
            _live(talk, plan, system, now, lambda: bar.update(1))
        coordinator = talk.user(system.logins["samordnare.1"])
        secrets = system.clients
        if clients is not None:
            clients.touch(mode=0o600)
            clients.write_text(json.dumps(secrets))
    coordinator.put("/planned-visits/batch", {"items": planned_rows(plan, system, PRIVATE, day)})
    _print_logins(secrets)
    _print_what_to_try(talk.base_url, coordinator, plan, system, day)


def _live(talk: Talk, plan: Plan, system: System, now: datetime, step: Callable[[], None]) -> None:
    """Yesterday is lived, and today until now; two requests wait for the case officers, and much for the coordinator.

    The first caregiver has done nothing today, so that its first door is there to be tried.
    """
    today = local_day(now)
    yesterday = tell_plan(talk, plan, system, today - timedelta(days=1))
    month = Month(talk, system, yesterday, PRIVATE, lambda at: sweep_at(system.id, at))
    month.cancel()
    of_today = [one for one in tell_plan(talk, plan, system, today).live() if one.caregiver != "c1"]
    phones: dict[str, Talk] = {}
    for one in sorted([*yesterday.live(), *of_today], key=lambda one: (one.at, one.caregiver)):
        if one.at <= now:
            month.deliver(one, phones)
            step()
    phones["c5"].when(month.at(0, 17 * 60)).post(f"/visits/{yesterday.visits[Happening.FALL]}/extension", FALLEN)
    month.request_more(Happening.TAG_DAMAGED, WORRIED, min(now, month.at(1, 9 * 60)))
    month.sweep(now)


def _known_system(coordinator: Talk, care_system_id: str) -> System:
    """The ids of a system that was loaded before."""
    system = System(name=NAME, tag=TAG, municipalities=["2029", "2031"], id=care_system_id)
    system.customers = {one["external_id"]: one["id"] for one in coordinator.every("/customers")}
    system.caregivers = {one["external_id"]: one["id"] for one in coordinator.every("/caregivers")}
    system.providers = {one["external_id"]: one["id"] for one in coordinator.every("/providers")}
    names = {number: name for name, number in system.customers.items()}
    system.grants = {names[one["customer_id"]]: one["id"] for one in coordinator.every("/grants")}
    return system


def _print_logins(clients: dict[str, tuple[str, str]]) -> None:
    click.echo(f"\nInloggningar, med lösenordet {click.style(PASSWORD, bold=True)}:")
    for role, username, purpose in LOGINS:
        click.echo(f"  {role:<21}{username:<23}{purpose}")
    if clients:
        click.echo("\nMaskinklienter (client_id, client_secret):")
    for name, (client_id, secret) in clients.items():
        click.echo(f"  {CLIENT_ROLES[name]:<21}{client_id}  {secret}")


def _print_what_to_try(base_url: str, coordinator: Talk, plan: Plan, system: System, day: date) -> None:
    """The first stop of the first caregiver as its tag's address, and what else there is to see."""
    stop = next(one for one in plan.stops if one.caregiver == "c1")
    customer = system.customers[stop.customer]
    tag = next(one for one in coordinator.every(f"/tags?customer_id={customer}") if one["customer_id"] == customer)
    door = url_of(current_app.extensions["hemtid"].settings, tag["id"])

    def wall(at: datetime) -> str:
        return f"{at.astimezone(STOCKHOLM):%H:%M}"

    request = f'{{"grant_type":"password","username":"samordnare.1.{TAG}","password":"{PASSWORD}"}}'
    click.echo(f"""
Pröva:
  {base_url}/docs   alla anrop, i webbläsaren
  {base_url}/rules  regelboken
  {base_url}/desk   skrivbordet: handläggarens kö, samordnarens dag och avvikelser, kundvalsansvarigs månad
  {door}
      en dörr, som telefonens kamera öppnar den: logga in som vard.c1.{TAG} och checka in
      (planerat i dag {wall(stop.starts_at(day))}–{wall(stop.ends_at(day))}, kund {stop.customer.upper()})
  curl -s {base_url}{API}/tokens -H 'Content-Type: application/json' -d '{request}'
  python3 deploy/dev.py demo   en hel dag och dess månad, från registrering till ersättning""")
