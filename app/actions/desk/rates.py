"""The rates of a municipality side by side, what has no price, and what a new row would do: for the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from app.actions.calls import Call
from app.actions.providers import check_municipality, municipalities_of
from app.actions.rates import Rows
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.rates import Band, Rate, Stage, check_rates, ends_before, moved_ends, order_of, prices, stage_of
from app.rules.unpriced import Gap, gaps
from app.storage.desk.rates import IssuedMonth, issued_months, unpriced_by_month
from app.storage.ids import new_id
from app.storage.providers import ACCREDITATION, PROVIDER
from app.storage.rates import rates_of
from app.storage.records import page
from app.storage.tariffs import Tariff, tariffs

_EVERY = 10_000
"""More providers and accreditations than one care system has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row with the first day on which it no longer holds, and where it stands today."""

    rate: Rate
    end: date | None
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesPage:
    """A municipality's rows in the order of what they are for, and what in it has no price."""

    municipality: str
    municipalities: tuple[str, ...]
    rows: tuple[Shown, ...]
    gaps: tuple[Gap, ...]
    unpriced_seconds: Mapping[str, int]

    @property
    def bands(self) -> dict[str, Band]:
        """The band of each row that has one, by the row's id."""
        return {one.rate.id: one.rate.band for one in self.rows if one.rate.band is not None}

    @property
    def band_choices(self) -> dict[str, Band]:
        """Every band once, by the id of a row that has it, in reading order."""
        named: dict[Band, str] = {}
        for name, band in self.bands.items():
            named.setdefault(band, name)
        return {name: band for band, name in named.items()}

    def row(self, rate_id: str) -> Rate | None:
        """The row of that id, None where it is none of the municipality's."""
        return next((one.rate for one in self.rows if one.rate.id == rate_id), None)


def rates_page(call: Call, municipality: str | None = None) -> RatesPage:
    """The municipality's rates, or those of the care system's first one. It tells of no person.

    Raises Refused A2, and A1 (404) for a municipality that is not the care system's.
    """
    call.check(Resource.RATE, Verb.CREATE)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        codes = municipalities_of(tx, cs)
        if not codes or municipality not in (None, *codes):
            raise missing()
        code = municipality or codes[0]
        rows = [rate for rate in rates_of(tx, cs) if rate.municipality == code]
        accredited = page(tx, ACCREDITATION, cs, filters={"municipality": code}, limit=_EVERY)
        kinds = {one.id: one.kind for one in page(tx, PROVIDER, cs, limit=_EVERY)}
        unpriced = unpriced_by_month(tx, cs, code)
    return RatesPage(
        municipality=code,
        municipalities=codes,
        rows=_shown(rows, ends_before(rows), call.today),
        gaps=gaps(rows, accredited, kinds, code, call.today),
        unpriced_seconds=unpriced,
    )


def _shown(rows: Rows, ends: Mapping[str, date | None], today: date) -> tuple[Shown, ...]:
    ordered = sorted(rows, key=order_of)
    return tuple(Shown(rate=one, end=ends[one.id], stage=stage_of(one, ends[one.id], today)) for one in ordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A row that will end on another day than it does now."""

    rate: Rate
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What adding the rows would do: how long each holds, which rows end where, and which issued months may change."""

    added: tuple[Shown, ...]
    ended: tuple[Ended, ...]
    issued: Mapping[str, tuple[IssuedMonth, ...]]


def look(call: Call, drafts: Rows) -> Look:
    """What adding them would do; nothing is stored. Raises Refused A2, R3 as adding them would; `Unfit`.

    Source: R3, R8.
    """
    call.check(Resource.RATE, Verb.CREATE)
    cs = call.care_system_id
    rows = [replace(one, id=new_id(), recorded_at=call.now) for one in drafts]
    codes = {one.municipality for one in rows}
    with call.database.transaction(write=False) as tx:
        for code in sorted(codes):
            check_municipality(tx, call, Resource.RATE, code)
        known = rates_of(tx, cs)
        issued = issued_months(tx, cs, codes)
    check_rates((*known, *rows))
    before, after = ends_before(known), ends_before((*known, *rows))
    by_id = {one.id: one for one in known}
    return Look(
        added=_shown(rows, after, call.today),
        ended=tuple(
            Ended(rate=by_id[name], before=before[name], after=end) for name, end in moved_ends(known, rows).items()
        ),
        issued=_touched(rows, after, issued),
    )


def _touched(
    rows: Rows, ends: Mapping[str, date | None], issued: tuple[IssuedMonth, ...]
) -> dict[str, tuple[IssuedMonth, ...]]:
    """The issued months in which one of the rows holds for the provider, by month."""
    found: dict[str, tuple[IssuedMonth, ...]] = {}
    for one in issued:
        if any(prices(rate, ends[rate.id], one.municipality, one.provider_kind, one.month) for rate in rows):
            found[one.month] = (*found.get(one.month, ()), one)
    return found


def published(call: Call) -> tuple[Tariff, ...]:
    """Every published tariff. Raises Refused A2."""
    call.check(Resource.RATE, Verb.READ)
    return tuple(tariffs().values())
