"""The facts around the visits of a judgement, and the rows of deviations beside it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
from sqlalchemy import Select, and_, literal_column, or_, select, type_coerce, union

from app.rules.deviations.facts import Facts
from app.rules.deviations.values import SubjectType
from app.rules.plans import PlannedVisit
from app.rules.time import format_instant, month_interval
from app.rules.visits.values import Visit
from app.storage.database import Transaction
from app.storage.deviations import Deviation, deviation_of
from app.storage.explanations import Judged, explanation_of, judged_of
from app.storage.extensions import decision_of, extension_of
from app.storage.judging.asked import (
    CS,
    WHATEVER_MONTH,
    AskedRows,
    Whose,
    each_told,
    given,
    instant,
    listed,
    told_among,
)
from app.storage.orders import grant_of, order_of
from app.storage.people import absence_of, customer_of
from app.storage.plans import planned_visit_of
from app.storage.policies import policy_of
from app.storage.prepared import Parts, Rows, ask
from app.storage.providers import accreditation_of, provider_of
from app.storage.rates import rates_of
from app.storage.tables.columns import UtcDateTime
from app.storage.tables.deviations import deviation, explanation, explanation_deviation, verdict
from app.storage.tables.extensions import extension, extension_decision
from app.storage.tables.orders import care_grant, care_order
from app.storage.tables.people import absence, customer
from app.storage.tables.plans import planned_visit
from app.storage.tables.providers import accreditation, provider
from app.storage.tables.rates import policy
from app.storage.tables.visits import correction
from app.storage.visits.corrections import corrections_select
from app.storage.visits.rows import correction_of


def around(
    tx: Transaction, care_system_id: str, whose: Whose, visits: Collection[Visit]
) -> tuple[Facts, tuple[Deviation, ...]]:
    """The facts that the visits are judged by, without registrations, and the rows of deviations beside the judgement.

    The rows are the customers' in the months, of any month what hangs on their orders, the providers' at nobody known,
    and what the visits have, whoever's they were. Holidays are the caller's to add.
    """
    plan_ids = {one.planned_visit_id for one in visits if one.planned_visit_id is not None}
    told = given(
        tx,
        care_system_id,
        customers=whose.customer_ids,
        nobodys=whose.provider_ids,
        providers={one.provider_id for one in visits} | whose.provider_ids,
        months=whose.months,
        visits=[one.id for one in visits],
        plans=plan_ids,
        start=whose.start,
        before=whose.before,
    )
    rows = ask(tx, _around_parts, told)
    return _facts(tx, care_system_id, rows), tuple(deviation_of(row) for row in rows["stored"])


def _facts(tx: Transaction, care_system_id: str, rows: Rows) -> Facts:
    newest: dict[str, Judged] = {}
    for row in sorted(rows["verdicts"], key=lambda row: (row["recorded_at"], row["id"])):
        newest[row["explanation_id"]] = judged_of(row)
    return Facts(
        providers=tuple(provider_of(row) for row in rows["providers"]),
        accreditations=tuple(accreditation_of(row) for row in rows["accreditations"]),
        customers=tuple(customer_of(row) for row in rows["customers"]),
        absences=tuple(absence_of(row) for row in rows["absences"]),
        grants=tuple(grant_of(row) for row in rows["grants"]),
        orders=tuple(order_of(row) for row in rows["orders"]),
        rates=rates_of(tx, care_system_id),
        policies=tuple(policy_of(row) for row in rows["policies"]),
        planned_visits=tuple(planned_visit_of(row) for row in rows["planned"]),
        corrections=tuple(correction_of(row) for row in rows["corrections"]),
        extensions=tuple(extension_of(row) for row in rows["extensions"]),
        decisions=tuple(decision_of(row) for row in rows["decisions"]),
        explanations=tuple(explanation_of(row, newest.get(row["id"])) for row in rows["explanations"]),
    )


def _around_parts(dialect: str) -> Parts:
    stored = _stored_ids(dialect)
    return {
        **_ordered_parts(dialect),
        **_planned_parts(dialect),
        **_asked_parts(dialect),
        "customers": select(customer.versions).where(
            customer.versions.c.care_system_id == CS, listed(dialect, customer.versions.c.id, "customers")
        ),
        "absences": select(absence.versions).where(
            absence.versions.c.care_system_id == CS, listed(dialect, absence.versions.c.customer_id, "customers")
        ),
        "policies": select(policy).where(policy.c.care_system_id == CS),
        "corrections": corrections_select().where(
            correction.c.care_system_id == CS, told_among(dialect, correction.c.visit_id, "visits")
        ),
        "stored": select(deviation).where(deviation.c.care_system_id == CS, deviation.c.id.in_(stored)),
        **_said_parts(stored),
    }


def _stored_ids(dialect: str) -> Select[Any]:
    table = deviation
    in_months = listed(dialect, table.c.period, "months")
    theirs = and_(
        listed(dialect, table.c.customer_id, "customers"),
        or_(in_months, *(table.c.rule == literal_column(f"'{rule.value}'") for rule in WHATEVER_MONTH)),
    )
    nobodys = and_(table.c.customer_id.is_(None), listed(dialect, table.c.provider_id, "nobodys"), in_months)
    of_visits = and_(
        table.c.subject_type == literal_column(f"'{SubjectType.VISIT.value}'"),
        listed(dialect, table.c.subject_id, "visits"),
    )
    several = (select(table.c.id).where(table.c.care_system_id == CS, one) for one in (theirs, nobodys, of_visits))
    return select(union(*several).subquery("beside"))


def _said_parts(stored: Select[Any]) -> Parts:
    links = explanation_deviation
    joined = and_(links.c.care_system_id == explanation.c.care_system_id, links.c.explanation_id == explanation.c.id)
    about = and_(deviation.c.care_system_id == links.c.care_system_id, deviation.c.id == links.c.deviation_id)
    said = select(links.c.explanation_id).where(links.c.care_system_id == CS, links.c.deviation_id.in_(stored))
    return {
        "explanations": select(
            explanation,
            deviation.c.id.label("deviation_id"),
            deviation.c.subject_id,
            deviation.c.customer_id,
            deviation.c.period,
        )
        .join(links, joined)
        .join(deviation, about)
        .where(explanation.c.care_system_id == CS, deviation.c.id.in_(stored)),
        "verdicts": select(verdict).where(verdict.c.care_system_id == CS, verdict.c.explanation_id.in_(said)),
    }


def _ordered_parts(dialect: str) -> Parts:
    grant, order = care_grant.versions, care_order.versions
    theirs = listed(dialect, grant.c.customer_id, "customers")
    granted = select(grant.c.id).where(grant.c.care_system_id == CS, theirs)
    ours = (order.c.care_system_id == CS, order.c.grant_id.in_(granted))
    placed = select(order.c.provider_id).where(*ours)
    return {
        "grants": select(grant).where(grant.c.care_system_id == CS, theirs),
        "orders": select(order).where(*ours),
        "providers": select(provider.versions).where(
            provider.versions.c.care_system_id == CS,
            or_(provider.versions.c.id.in_(placed), listed(dialect, provider.versions.c.id, "providers")),
        ),
        "accreditations": select(accreditation.versions).where(
            accreditation.versions.c.care_system_id == CS,
            or_(
                accreditation.versions.c.provider_id.in_(placed),
                listed(dialect, accreditation.versions.c.provider_id, "providers"),
            ),
        ),
    }


def _planned_parts(dialect: str) -> Parts:
    """Every version of what ever stood with the customers in the months, and of what the visits answer to.

    One set of ids, so that each is looked up: with an OR the plans of all times would be read, and held against each.
    """
    table = planned_visit.versions
    stood = select(table.c.id).where(
        table.c.care_system_id == CS,
        listed(dialect, table.c.customer_id, "customers"),
        table.c.starts_at >= instant("start"),
        table.c.starts_at < instant("before"),
    )
    wanted = select(union(stood, each_told(dialect, "plans")).subquery("wanted"))
    return {"planned": select(table).where(table.c.care_system_id == CS, table.c.id.in_(wanted))}


def _asked_parts(dialect: str) -> Parts:
    """The requests as they were made: the seconds that count are those of the decisions, which bind (E3)."""
    asked = (
        extension.c.care_system_id == CS,
        listed(dialect, extension.c.customer_id, "customers"),
        listed(dialect, extension.c.month, "months"),
    )
    decided = extension_decision.c.extension_id.in_(select(extension.c.id).where(*asked))
    return {
        "extensions": select(extension).where(*asked),
        "decisions": select(extension_decision).where(extension_decision.c.care_system_id == CS, decided),
    }


def any_plans(tx: Transaction, care_system_id: str, asked: Collection[tuple[str, str]]) -> tuple[PlannedVisit, ...]:
    """For each (provider, month) every version of one of its planned visits, none where it plans none. Source: D17."""
    if not asked:
        return ()
    rows = [
        {"provider": provider_id, "start": format_instant(interval.start), "before": format_instant(interval.end)}
        for provider_id, month in sorted(set(asked))
        for interval in [month_interval(month)]
    ]
    found = ask(tx, _any_plan_parts, {"cs": care_system_id, "asked": orjson.dumps(rows).decode()})
    return tuple(planned_visit_of(row) for row in found["planned"])


def _any_plan_parts(dialect: str) -> Parts:
    asked, current, table = AskedRows(dialect), planned_visit.current.alias("current"), planned_visit.versions
    first = (
        select(current.c.id)
        .where(
            current.c.care_system_id == CS,
            current.c.provider_id == asked.text("provider"),
            current.c.starts_at >= type_coerce(asked.instant("start"), UtcDateTime),
            current.c.starts_at < type_coerce(asked.instant("before"), UtcDateTime),
        )
        .order_by(current.c.starts_at)
        .limit(literal_column("1"))
        .correlate(asked.rows)
        .scalar_subquery()
    )
    ids = select(first).select_from(asked.rows)
    return {"planned": select(table).where(table.c.care_system_id == CS, table.c.id.in_(ids))}
