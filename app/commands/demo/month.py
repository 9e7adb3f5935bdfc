"""What people do after the day: cancel, correct, explain, ask, decide, attest, lock and issue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app.commands.demo.day import EXTRA_SECONDS, HAPPENS, Day, Delivery, Happening
from app.commands.demo.talk import DemoFailed, Talk
from app.commands.demo.world import System
from app.rules.time import format_instant, local_instant, month_of, next_month

Sweep = Callable[[datetime], None]
APPROVED_SECONDS = 1_800
"""Of the 45 minutes asked for after the fall."""
REASONS = {
    "D1": ("customer_away", "Kunden var på sjukhus eller besöket uteblev; se besökets egen avvikelse."),
    "D2": ("longer_visit", "Besöket tog längre tid än beviljat, se begäran om utökad tid."),
    "D3": ("staff_ill", "Vårdbiträdet blev sjukt och ingen ersättare hann fram."),
    "D7": ("forgot_to_register", "Utcheckningen glömdes bort."),
    "D10": ("wrong_tag", "Grannens tagg lästes av misstag; kunden har bekräftat besöket."),
    "D15": ("nobody_opened", "Kunden öppnade inte."),
    "D16": ("phone_restarted", "Telefonen hade startats om och saknade täckning."),
}
FALLEN = {
    "cause": "fall",
    "justification": "Kunden hade fallit i badrummet; hjälp upp, omplåstring och oro efteråt.",
}
"""Why the visit took longer."""
OTHERWISE = ("other", "Se planeringen för dagen.")


@dataclass(slots=True)
class Month:
    """The provider's month in the demo system, moved on by its people."""

    talk: Talk
    system: System
    day: Day
    provider: str
    sweep: Sweep
    explained: set[str] = field(default_factory=set)

    @property
    def month(self) -> str:
        """The month of the played day."""
        return month_of(self.day.date)

    def at(self, days: int, minute: int) -> datetime:
        """A time so many days after the played one."""
        return local_instant(self.day.date + timedelta(days=days), minute)

    def as_(self, name: str, at: datetime) -> Talk:
        """One of the system's people at a time."""
        return self.talk.user(self.system.logins[name]).when(at)

    def cancel(self) -> None:
        """The evening before: the hospital calls, the customer is away and the visit is called off."""
        stop = self.day.plan.of_customer(self._customer_of(Happening.CANCELLED))[0]
        at = self.at(-1, 20 * 60)
        scheduling = self.talk.client(*self.system.clients["planering"]).when(at)
        row = next(one for one in self._planned(scheduling) if one["id"] == self.day.planned[stop.number])
        told = {"at": format_instant(at), "by": "health_care", "reason": "Inlagd på sjukhus"}
        answer = scheduling.put("/planned-visits/batch", {"items": [_row(row) | {"cancelled": told}]})
        _all_kept(answer)
        absence = {"customer_id": self.system.customers[stop.customer], "from": format_instant(at), "cause": "hospital"}
        self.as_("samordnare.1", at).post("/absences", absence)

    def _planned(self, scheduling: Talk) -> list[dict[str, Any]]:
        return scheduling.every("/planned-visits")

    def _customer_of(self, happening: Happening) -> str:
        return next(customer for (_, customer), what in HAPPENS.items() if what is happening)

    def deliver(self, one: Delivery, phones: dict[str, Talk]) -> None:
        """A phone delivers what it has: one registration, or its batch."""
        if one.caregiver not in phones:
            phones[one.caregiver] = self.talk.user(self.system.logins[f"vard.{one.caregiver}"])
        phone = phones[one.caregiver].when(one.at)
        if one.sent is None:
            phone.post("/registrations", one.registrations[0])
        else:
            _all_kept(phone.post("/registrations/batch", {"items": list(one.registrations), "sent": one.sent}))

    def correct(self, happening: Happening, at: datetime) -> None:
        """One coordinator states when the visit ended; another approves it."""
        visit, stop = self.day.visits[happening], self.day.stops[happening]
        content = {
            "changes": {"ends_at": format_instant(stop.ends_at(self.day.date))},
            "reason": "forgot_to_register",
            "note": "Enligt planeringen och samtal med vårdbiträdet.",
        }
        made = self.as_("samordnare.1", at).post(f"/visits/{visit}/corrections", content)
        approval = f"/visits/{visit}/corrections/{made['id']}/approval"
        self.as_("samordnare2.1", at + timedelta(minutes=30)).post(approval, {})

    def request_more(self, what: Happening, told: Mapping[str, Any], at: datetime) -> str:
        """The coordinator asks for more time for the visit of a happening; the request's id."""
        asked = {
            "provider_id": self.system.providers[self.provider],
            "customer_id": self.system.customers[self.day.stops[what].customer],
            "service": "personal_care",
            "month": self.month,
            "visit_ids": [self.day.visits[what]],
        }
        made: str = self.as_("samordnare.1", at).post("/extensions", {**asked, **told})["id"]
        return made

    def ask_for_more(self) -> None:
        """After the fall the coordinator asks for 45 minutes; the case officer grants 30 of them."""
        asked = self.request_more(Happening.FALL, {"requested_seconds": EXTRA_SECONDS, **FALLEN}, self.at(1, 9 * 60))
        decision = {
            "outcome": "partly_approved",
            "approved_seconds": APPROVED_SECONDS,
            "reasons": "Trettio minuter framgår av dokumentationen.",
        }
        officer = self._officer(self.day.stops[Happening.FALL].customer, self.at(2, 10 * 60))
        officer.post(f"/extensions/{asked}/decisions", decision)

    def _officer(self, customer: str, at: datetime) -> Talk:
        return self.as_(f"handlaggare.{self.system.municipality_of[customer]}", at)

    def explain(self, at: datetime) -> dict[str, str]:
        """The coordinator explains all that stands before the attestation or holds pay, a kind at a time.

        Answers rule → explanation. One that was explained and is open again has other facts than were explained.
        """
        coordinator = self.as_("samordnare.1", at)
        wanted: dict[str, list[str]] = {}
        for one in coordinator.every(f"/deviations?period={self.month}"):
            holds = one["effect"] == "holds_pay" and one["state"] == "explained" and one["rule"] == "D9"
            asks = one["state"] == "open" and one["effect"] != "information" and one["rule"] != "D20"
            if asks or (holds and one["id"] not in self.explained):
                wanted.setdefault(one["rule"], []).append(one["id"])
        found: dict[str, str] = {}
        for rule, ids in sorted(wanted.items()):
            self.explained.update(ids)
            reason, note = REASONS.get(rule, OTHERWISE)
            told = {"deviation_ids": ids, "reason": reason, "note": note}
            found[rule] = coordinator.post("/explanations", told)["id"]
        return found

    def accept(self, at: datetime, explanations: dict[str, str], rules: tuple[str, ...]) -> None:
        """The controller accepts the explanations of these rules, which releases what they held."""
        controller = self.as_("kundvalsansvarig", at)
        for rule in rules:
            if rule in explanations:
                verdict = {"outcome": "accepted", "note": "Styrkt."}
                controller.post(f"/explanations/{explanations[rule]}/verdict", verdict)

    def attest(self, month: str, at: datetime) -> None:
        """The coordinator gives the provider's word for the month, in each municipality."""
        coordinator = self.as_("samordnare.1", at)
        for code in self.system.municipalities:
            coordinator.post(f"/months/{month}/attestation", {"municipality": code})

    def close(self, month: str) -> None:
        """On the lock date the controller locks and issues the month, in each municipality."""
        first = date.fromisoformat(f"{next_month(month)}-01")
        controller = self.as_("kundvalsansvarig", local_instant(first + timedelta(days=4), 18 * 60))
        for code in self.system.municipalities:
            controller.post(f"/months/{month}/lock", {"municipality": code})
            controller.post("/reimbursement/runs", {"municipality": code, "month": month})


def _row(planned: dict[str, Any]) -> dict[str, Any]:
    """A planned visit as it is sent back."""
    ours = ("recorded_at", "version", "cancelled")
    return {name: value for name, value in planned.items() if name not in ours and value is not None}


def _all_kept(answer: dict[str, Any]) -> None:
    for row in answer["results"]:
        if row["status"] >= 400:
            raise DemoFailed(f"row {row['index']} was answered {row['status']}: {row.get('problem')}")
