"""Two care systems with their rates, providers, people, tags, grants and orders, made over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.commands.demo.rome import Plan
from app.commands.demo.talk import PASSWORD, Talk
from app.rules.time import format_instant, local_instant

Step = Callable[[str], None]
SERVICES = ("personal_care", "household", "escort", "respite")


@dataclass(slots=True, kw_only=True)
class System:
    """One care system of the demo: its id, who signs in, and the ids of what was made, by the demo's own names."""

    name: str
    tag: str
    municipalities: list[str]
    id: str = ""
    logins: dict[str, str] = field(default_factory=dict)
    clients: dict[str, tuple[str, str]] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    caregivers: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    municipality_of: dict[str, str] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Builder:
    """Makes one system, step by step, each step told to `step`."""

    talk: Talk
    system: System
    first_day: date
    step: Step
    _officers: dict[str, Talk] = field(default_factory=dict)

    @property
    def before(self) -> datetime:
        """When everything is told: the morning of the day before the first."""
        return local_instant(self.first_day - timedelta(days=1), 8 * 60)

    def open(self, operator: Talk, tariffs: tuple[str, ...], providers: dict[str, str]) -> None:
        """The system, its controller and auditor, published rates, and its providers with their accreditation."""
        system = self.system
        made = operator.when(self.before).post(
            "/care-systems",
            {"external_id": system.tag, "name": system.name, "municipalities": system.municipalities},
        )
        system.id = made["id"]
        self.enrol(operator, "kundvalsansvarig", "controller")
        self.enrol(operator, "granskare", "auditor")
        for code in system.municipalities:
            self.enrol(operator, f"handlaggare.{code}", "case_officer", municipality=code)
        controller = self.as_("kundvalsansvarig")
        added = [rate for name in tariffs for rate in controller.post(f"/tariffs/{name}/rates", {})["items"]]
        self.step(f"{system.name}: {len(added)} taxor")
        for name, kind in providers.items():
            self._provider(operator, controller, name, kind)

    def enrol(self, operator: Talk, name: str, role: str, **scope: str) -> None:
        """A user of the system, who can sign in with the demo's password."""
        username = f"{name}.{self.system.tag}"
        content = {"username": username, "password": PASSWORD, "role": role, "care_system_id": self.system.id, **scope}
        operator.post("/users", content)
        self.system.logins[name] = username

    def as_(self, name: str) -> Talk:
        """The user, signed in, at the time when everything is told."""
        return self.talk.user(self.system.logins[name]).when(self.before)

    def client(self, operator: Talk, name: str, role: str, **scope: str) -> None:
        """A machine client of the system; its secret is kept for as long as the demo runs."""
        made = operator.post("/clients", {"name": name, "role": role, "care_system_id": self.system.id, **scope})
        self.system.clients[name] = (made["id"], made["client_secret"])

    def _provider(self, operator: Talk, controller: Talk, name: str, kind: str) -> None:
        made = controller.post("/providers", {"external_id": name, "name": name, "kind": kind})
        self.system.providers[name] = made["id"]
        for code in self.system.municipalities:
            for service in SERVICES:
                dated = {"valid_from": "2011-08-01"}
                content = {"provider_id": made["id"], "municipality": code, "service": service, **dated}
                controller.post("/accreditations", content)
        for which in ("samordnare", "samordnare2"):
            self.enrol(operator, f"{which}.{len(self.system.providers)}", "coordinator", provider_id=made["id"])

    def caregivers(self, operator: Talk, provider: str, names: list[str]) -> None:
        """The provider's caregivers, each with a login."""
        number = list(self.system.providers).index(provider) + 1
        coordinator = self.as_(f"samordnare.{number}")
        for name in names:
            content = {
                "external_id": name,
                "provider_id": self.system.providers[provider],
                "name": f"Påhittad {name.upper()}",
            }
            made = coordinator.post("/caregivers", {**content, "education": "approved"})
            self.system.caregivers[name] = made["id"]
            scope = {"provider_id": self.system.providers[provider], "caregiver_id": made["id"]}
            self.enrol(operator, f"vard.{name}", "caregiver", **scope)
        self.step(f"{self.system.name}: {len(names)} vårdbiträden")

    def customer(self, name: str, municipality: str, position: dict[str, float], born: int) -> None:
        """A customer with a tag at the door, told by the municipality's case officer."""
        officer = self._officer(municipality)
        content = {
            "external_id": name,
            "municipality": municipality,
            "name": f"Kund {name.upper()}",
            "birth_year": born,
        }
        made = officer.post("/customers", {**content, "position": position})
        self.system.customers[name] = made["id"]
        self.system.municipality_of[name] = municipality
        tag = {"customer_id": made["id"], "kind": "qr", "valid_from": self.first_day.isoformat()}
        self.system.tags[name] = officer.post("/tags", tag)

    def order(self, name: str, provider: str, grant: dict[str, Any], days: int | None) -> None:
        """A grant of the customer's, placed with the provider; for so many days, None without end."""
        officer = self._officer(self.system.municipality_of[name])
        until = None if days is None else (self.first_day + timedelta(days=days)).isoformat()
        dated = {"valid_from": self.first_day.isoformat(), "valid_before": until}
        made = officer.post("/grants", {"customer_id": self.system.customers[name], "law": "SoL", **grant, **dated})
        self.system.grants[name] = made["id"]
        placed = {
            "grant_id": made["id"],
            "provider_id": self.system.providers[provider],
            "ordered_at": format_instant(self.before),
            "chosen_by": "customer",
            "implementation_plan_received_on": self.first_day.isoformat(),
            **dated,
        }
        self.system.orders[name] = officer.post("/orders", placed)["id"]

    def _officer(self, municipality: str) -> Talk:
        key = f"handlaggare.{municipality}"
        if key not in self._officers:
            self._officers[key] = self.as_(key)
        return self._officers[key]


def grant_for(plan: Plan, customer: str, day: date) -> dict[str, Any]:
    """What the customer is granted a day: the planned time and a tenth more, in whole five minutes; of simultaneous
    caregivers the second's time, where the plan has them.
    """
    planned = sum(stop.seconds for stop in plan.of_customer(customer))
    granted = -(-planned * 11 // 10 // 300) * 300
    shared = sum(plan.shared_seconds(customer, service, day) for service in ("personal_care", "household"))
    return {
        "services": ["personal_care", "household"],
        "granted_seconds": granted,
        "per": "day",
        "double_staffed_seconds": min(shared, granted),
    }
