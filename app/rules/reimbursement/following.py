"""What belongs to the history of a line, a visit or a customer's month (R11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.rules.deviations.judge import Judgement
from app.rules.deviations.requested import PoolMonth, pool_months
from app.rules.reimbursement.steps import Step, seconds_of_visit, steps
from app.rules.reimbursement.values import Line, LineKey
from app.rules.time import local_month
from app.rules.visits.values import Correction, Visit


def by_key(lines: Iterable[Line]) -> dict[int, Step]:
    """Each line by its number, with the running sums of its key. Source: R8."""
    found: dict[LineKey, list[Line]] = {}
    for one in lines:
        found.setdefault(one.total.key, []).append(one)
    return {step.line.sequence: step for several in found.values() for step in steps(several)}


def of_visit(lines: Sequence[Line], visit_id: str) -> tuple[Line, ...]:
    """The lines of every key that any line has the visit in, so that one is there too whose seconds were taken away."""
    keys = {one.total.key for one in lines if seconds_of_visit(one, visit_id)}
    return tuple(one for one in lines if one.total.key in keys)


def customers_ever(visit: Visit, corrections: Iterable[Correction]) -> frozenset[str]:
    """Everybody whose visit it is, was registered as, or was ever stated to be."""
    stated = (one.changes.customer_id for one in corrections)
    told = (*visit.customer_ids, *(end.customer_id for end in visit.ends), *stated)
    return frozenset(one for one in told if one is not None)


def months_ever(visit: Visit, corrections: Iterable[Correction]) -> frozenset[str]:
    """The months of every end that the visit has, was registered with, or was ever stated to have."""
    times = [visit.starts_at, visit.ends_at, visit.registered_starts_at, visit.registered_ends_at]
    times += [at for one in corrections for at in (one.changes.starts_at, one.changes.ends_at)]
    return frozenset(local_month(at) for at in times if at is not None)


def visits_in_month(judgement: Judgement, customer_id: str, month: str, provider_id: str | None) -> frozenset[str]:
    """The visits to the customer, of one provider or of all, that lie in the month or reach into it."""
    return frozenset(
        one.id
        for one in judgement.visits
        if customer_id in one.customer_ids
        and provider_id in (None, one.provider_id)
        and month in {local_month(at) for at in (one.starts_at, one.ends_at) if at is not None}
    )


def pools_in_months(
    judgement: Judgement, customer_ids: Iterable[str], months: Iterable[str], provider_id: str | None
) -> tuple[PoolMonth, ...]:
    """The customers' pools, of one provider or of all, as they stand in each month. Source: R2."""
    whose = frozenset(customer_ids)
    return tuple(
        one
        for month in sorted(months)
        for one in pool_months(judgement, month)
        if one.pool.customer_id in whose and provider_id in (None, one.pool.provider_id)
    )


def of_municipality(judgement: Judgement, customer_ids: Iterable[str], municipality: str | None) -> frozenset[str]:
    """Those of the customers who live in the municipality; all of them for None."""
    home = judgement.setting.around.municipality
    return frozenset(one for one in customer_ids if municipality in (None, home(one)))
