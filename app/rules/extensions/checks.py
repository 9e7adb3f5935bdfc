"""What may be asked for, completed and decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from app.rules.extensions.values import Amended, Completion, Decision, DecisionOutcome, Extension
from app.rules.providers import Service
from app.rules.refusal import Kind, Refused
from app.rules.time import local_month, month_of
from app.rules.visits.values import Visit


def check_extension(extension: Extension) -> None:
    """Refuses what is no personal care (E1), and what lacks seconds, a justification of 20 characters, or the visits or
    days of its month (E2).
    """
    check_service(extension.service)
    if extension.requested_seconds <= 0:
        raise Refused("E2", "ask for at least one second", Kind.INVALID, "/requested_seconds")
    if len(extension.justification.strip()) < 20:
        raise Refused("E2", "a justification has at least 20 characters", Kind.INVALID, "/justification")
    if not extension.visit_ids and not extension.days:
        raise Refused("E2", "name the visits or the days that took more time", Kind.INVALID, "/visit_ids")
    for position, day in enumerate(extension.days):
        if month_of(day) != extension.month:
            raise Refused("E2", f"{day} is not in {extension.month}", Kind.INVALID, f"/days/{position}")


def is_about(visit: Visit, extension: Extension) -> bool:
    """True for a visit that the request may name: its provider's, at its customer or in a household with it, begun or
    ended in its month. Source: E2, V12.
    """
    months = {local_month(moment) for moment in (visit.starts_at, visit.ends_at) if moment is not None}
    ours = visit.provider_id == extension.provider_id
    return ours and extension.customer_id in visit.customer_ids and extension.month in months


def check_service(service: Service) -> None:
    """Refuses every service but personal care. Source: E1, LR 3.6.4."""
    if service is not Service.PERSONAL_CARE:
        raise Refused("E1", f"only personal care can be extended, not {service}", Kind.INVALID, "/service")


def check_decision(decision: Decision, extension: Extension) -> None:
    """Refuses approved seconds that do not fit the outcome: all that was asked, or partly: fewer, but more than none.

    Source: E3.
    """
    approved, asked = decision.approved_seconds, extension.requested_seconds
    if decision.outcome is DecisionOutcome.APPROVED and approved not in (None, asked):
        raise Refused("E3", f"approved is all {asked} s; fewer is partly approved", Kind.INVALID, "/approved_seconds")
    if decision.outcome is DecisionOutcome.PARTLY_APPROVED and not (approved is not None and 0 < approved < asked):
        raise Refused(
            "E3", f"partly approved is more than 0 s and fewer than {asked} s", Kind.INVALID, "/approved_seconds"
        )
    if decision.outcome in (DecisionOutcome.DECLINED, DecisionOutcome.NEEDS_INFORMATION) and approved not in (None, 0):
        raise Refused("E3", f"{decision.outcome} approves no seconds", Kind.INVALID, "/approved_seconds")


def amend(extension: Extension, wanted: Amended) -> tuple[Amended, Amended]:
    """What the fields that become other ones are in the request now, and what they become.

    Refused E2 where nothing would be other than it is, and where the request could not have been made so.
    """
    told = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    after = {name: value for name, value in told.items() if value is not None and value != getattr(extension, name)}
    if not after:
        raise Refused("E2", "the request says so already", Kind.INVALID)
    check_extension(replace(extension, **after))
    return Amended(**{name: getattr(extension, name) for name in after}), Amended(**after)


def completed(extension: Extension, completions: Iterable[Completion]) -> Extension:
    """The request with its completions applied, in the order made."""
    for one in sorted(completions, key=lambda one: (one.at, one.id)):
        told = {field.name: getattr(one.after, field.name) for field in fields(one.after)}
        extension = replace(extension, **{name: value for name, value in told.items() if value is not None})
    return extension
