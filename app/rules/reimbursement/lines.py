"""What a month comes to, and what a run issues of it: the one computation of money (R1, R2, R8, R9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from app.rules.deviations.judge import Judgement
from app.rules.deviations.seconds import Fate, Stretch
from app.rules.extensions import approved_seconds
from app.rules.orders import PoolKey
from app.rules.reimbursement.values import Cause, Excess, Issued, Line, LineKey, LineKind, Segment, Total


def amount_ore(seconds: int, ore_per_hour: Decimal) -> int:
    """What so many seconds come to in öre, rounded once, half up. Source: R1."""
    return half_up(Fraction(ore_per_hour) * seconds / 3600)


def half_up(exact: Fraction) -> int:
    """The whole number nearest, a half going up: 92.5 is 93, −92.5 is −92. Source: R1."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def totals(judgement: Judgement, months: Iterable[str]) -> tuple[Total, ...]:
    """What each key of the months comes to, in order of key, whatever kind of provider. Source: R1, R7."""
    wanted = frozenset(months)
    paid: dict[LineKey, list[Stretch]] = {}
    for one in judgement.account.stretches:
        if one.month in wanted and one.fate is Fate.PAID:
            paid.setdefault(_key(one, judgement), []).append(one)
    return tuple(_total(key, paid[key], judgement) for key in sorted(paid))


def _key(one: Stretch, judgement: Judgement) -> LineKey:
    municipality = judgement.setting.around.municipality(one.customer_id)
    if one.rate is None or one.placed is None or one.service is None or one.customer_id is None or municipality is None:
        raise ValueError("a paid stretch has customer, service, order and rate")
    return LineKey(
        municipality=municipality,
        provider_id=one.visit.provider_id,
        customer_id=one.customer_id,
        service=one.service,
        law=one.placed.grant.law,
        rate_id=one.rate.id,
        month=one.month,
    )


def _total(key: LineKey, stretches: list[Stretch], judgement: Judgement) -> Total:
    rate = stretches[0].rate
    if rate is None:
        raise ValueError("a paid stretch has a rate")
    seconds = sum(one.seconds for one in stretches)
    pools = {one.pool for one in stretches if one.pool is not None}
    return Total(
        key=key,
        ore_per_hour=rate.ore_per_hour,
        band=None if rate.band is None else rate.band.name,
        seconds=seconds,
        amount_ore=amount_ore(seconds, rate.ore_per_hour),
        segments=_segments(stretches),
        order_ids=tuple(sorted({one.placed.order.id for one in stretches if one.placed is not None})),
        grant_ids=tuple(sorted({one.placed.grant.id for one in stretches if one.placed is not None})),
        extension_ids=_extensions(key, pools, judgement),
    )


def _segments(stretches: list[Stretch]) -> tuple[Segment, ...]:
    """The stretches in the order performed; those of a visit that touch are one segment."""
    found: list[Segment] = []
    for one in sorted(stretches, key=lambda stretch: stretch.order):
        last = found[-1] if found else None
        joins = last is not None and last.visit_id == one.visit.id and last.ends_at == one.start
        start = last.starts_at if joins and last is not None else one.start
        segment = Segment(
            visit_id=one.visit.id,
            registration_ids=one.visit.registration_ids,
            starts_at=start,
            ends_at=one.end,
            seconds=one.seconds + (last.seconds if joins and last is not None else 0),
        )
        found[-1:] = [segment] if joins else [*found[-1:], segment]
    return tuple(found)


def _extensions(key: LineKey, pools: set[PoolKey], judgement: Judgement) -> tuple[str, ...]:
    """The approved extensions that raise the cap of the line's pools in its month. Source: E5, R11."""
    setting = judgement.setting
    if not any(setting.extended.get((pool, key.month)) for pool in pools):
        return ()
    asked = [
        one
        for one in setting.facts.extensions
        if (one.provider_id, one.customer_id, one.month) == (key.provider_id, key.customer_id, key.month)
        and any(one.service in pool.services for pool in pools)
    ]
    return tuple(sorted(one.id for one in asked if approved_seconds(one, setting.facts.decisions, setting.now)))


def issue(
    run: str,
    closing: Iterable[str],
    recomputed: Iterable[Total],
    issued: Iterable[Issued],
    causes: Mapping[LineKey, Cause],
) -> tuple[Line, ...]:
    """What a run issues: a line for each key of the months being closed, and for each key of a month issued before the
    difference between what it comes to now and what was issued. No difference, no line. Source: R8.
    """
    first = frozenset(closing)
    before = {one.key: one for one in issued}
    now = {one.key: one for one in recomputed}
    found: list[Line] = []
    for key in sorted({*before, *now}, key=lambda one: (one.month not in first, one.month, one)):
        total = now.get(key) or _nothing(before[key])
        held = before.get(key)
        seconds = total.seconds - (held.seconds if held else 0)
        amount = total.amount_ore - (held.amount_ore if held else 0)
        if seconds == 0 and amount == 0:
            continue
        kind = LineKind.LINE if key.month in first and held is None else LineKind.ADJUSTMENT
        cause = None if kind is LineKind.LINE else causes.get(key, Cause.OTHER)
        found.append(Line(run=run, kind=kind, total=total, seconds=seconds, amount_ore=amount, cause=cause))
    return tuple(found)


def _nothing(issued: Issued) -> Total:
    """A key of which nothing is left."""
    return Total(key=issued.key, ore_per_hour=issued.ore_per_hour, band=issued.band, seconds=0, amount_ore=0)


def sum_issued(lines: Iterable[Line], before: Iterable[Issued] = ()) -> tuple[Issued, ...]:
    """What the lines, on top of what was issued before, come to per key."""
    found = {one.key: one for one in before}
    for line in lines:
        total, held = line.total, found.get(line.total.key)
        found[total.key] = Issued(
            key=total.key,
            ore_per_hour=total.ore_per_hour,
            band=total.band,
            seconds=line.seconds + (held.seconds if held else 0),
            amount_ore=line.amount_ore + (held.amount_ore if held else 0),
        )
    return tuple(found[key] for key in sorted(found))


def excesses(judgement: Judgement, months: Iterable[str]) -> tuple[Excess, ...]:
    """What lies beyond each pool's cap in the months, in order of pool and month. Source: R2."""
    wanted = frozenset(months)
    reached: dict[tuple[PoolKey, str], list[Stretch]] = {}
    for one in judgement.account.stretches:
        if one.month in wanted and one.pool is not None and one.fate in (Fate.PAID, Fate.EXCESS):
            reached.setdefault((one.pool, one.month), []).append(one)
    return tuple(
        _excess(pool, month, stretches, judgement)
        for (pool, month), stretches in sorted(reached.items())
        if any(one.fate is Fate.EXCESS for one in stretches)
    )


def _excess(pool: PoolKey, month: str, stretches: list[Stretch], judgement: Judgement) -> Excess:
    beyond = [one for one in stretches if one.fate is Fate.EXCESS]
    worth = sum((Fraction(one.rate.ore_per_hour) * one.seconds / 3600 for one in beyond if one.rate), Fraction(0))
    caps = judgement.account.caps[pool, month]
    return Excess(
        provider_id=pool.provider_id,
        customer_id=pool.customer_id,
        law=pool.law,
        services=pool.services,
        month=month,
        granted_seconds=caps.granted_seconds,
        approved_extension_seconds=caps.extension_seconds,
        performed_seconds=sum(one.seconds for one in stretches),
        excess_seconds=sum(one.seconds for one in beyond),
        worth_ore=half_up(worth),
    )
