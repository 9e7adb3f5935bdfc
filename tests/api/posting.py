"""A world in which changes happen, and who delivers them to its webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from app.actions.running import real_now
from app.actions.webhooks.deliver import Delivered, Office, deliver_due
from app.actions.webhooks.sending import Line
from app.storage import events
from app.storage.database import Database
from app.storage.events import Event
from tests.api.world import ProviderOf, Somebody, World
from tests.receiver import Receiver

JSON = dict[str, Any]


@dataclass(slots=True)
class Clock:
    """What time it is for whoever delivers."""

    now: datetime = field(default_factory=real_now)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **duration: int) -> None:
        """So much later."""
        self.now += timedelta(**duration)


def impatient(settings: Any) -> Line:
    """A line that waits for nobody long."""
    return Line(settings.webhook_allowed, step_seconds=0.2, whole_seconds=0.5)


def office_of(app: Flask, clock: Clock) -> Office:
    """Where what happens in the app is delivered from."""
    running, tellers = app.extensions["hemtid"], app.extensions["hemtid.tellers"]
    return Office(
        database=running.database, settings=running.settings, tell=tellers.change, clock=clock, line=impatient
    )


@dataclass(slots=True)
class Post:
    """A world in which changes happen, and its deliverer."""

    world: World
    clock: Clock = field(default_factory=Clock)

    @property
    def office(self) -> Office:
        return office_of(self.world.app, self.clock)

    @property
    def database(self) -> Database:
        return self.office.database

    @property
    def provider(self) -> ProviderOf:
        return self.world.home.providers[0]

    @property
    def scheduler(self) -> Somebody:
        return self.provider.scheduler

    def hook(self, receiver: Receiver, somebody: Somebody | None = None, **wish: Any) -> JSON:
        """A webhook to the receiver, by the first provider's scheduler unless somebody else asks."""
        made: JSON = (somebody or self.scheduler).make("/webhooks", {"url": receiver.url, **wish})
        return made

    def happens(self, *names: str, provider_id: str | None = None, of_type: str = "visit.opened") -> None:
        """So many changes, which tell of the provider's customer."""
        code = self.world.home.municipalities[0]
        customer = self.provider.customers[code].id
        rows = [
            Event(
                at=self.clock(),
                type=of_type,
                resource_type="visit",
                resource_id=name,
                provider_id=provider_id or self.provider.id,
                municipality=code,
                data={"name": name, "customer_id": customer},
            )
            for name in names
        ]
        with self.database.transaction() as tx:
            events.append(tx, self.world.home.id, rows)

    def deliver(self) -> Delivered:
        """What was due is delivered."""
        return deliver_due(self.office)

    def reads(self, hook: JSON, below: str = "") -> Any:
        """The webhook as its client sees it now."""
        return self.scheduler.read(f"/webhooks/{hook['id']}{below}")


def names(receiver: Receiver) -> list[str]:
    """What came, by its name, in order."""
    return [one.message["data"]["data"]["name"] for one in receiver.got]
