"""Next year's rates, proposed from an index: exact sums that a controller makes whole kronor of, or does not (R10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Context, Decimal, Inexact

from app.rules.rates import Rate, ends_before, key_of, order_of
from app.rules.recorded import valid_on
from app.rules.time import BEGINNING

_EXACT = Context(prec=60, traps=[Inexact])
"""More figures than any price times any index has: what could not be told exactly would be raised, never rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a row that holds the day before would come to. It is no rate: somebody sets the krona. Source: R10.

    `begun_by` is the row of the same key that begins on the day already, None where there is none.
    """

    rate: Rate
    index_percent: Decimal
    valid_from: date
    proposed_ore_per_hour: Decimal
    begun_by: str | None = None

    @property
    def source(self) -> str:
        """What the row that is set names as its source: the index, today's price and the proposal, exact."""
        percent, now, then = (
            swedish_number(one)
            for one in (self.index_percent, kronor_of(self.rate.ore_per_hour), kronor_of(self.proposed_ore_per_hour))
        )
        return f"OPI {percent} % (R10): {now} kr blir {then} kr före avrundning; kronan satt av kundvalsansvarig"

    def set_at(self, kronor: int) -> Rate:
        """The row that a controller sets at whole kronor, without an id yet. Source: R10."""
        return replace(
            self.rate,
            id="",
            external_id=None,
            recorded_at=BEGINNING,
            ore_per_hour=Decimal(kronor * 100),
            valid_from=self.valid_from,
            valid_before=None,
            source=self.source,
        )


def proposed_ore_per_hour(ore: Decimal, index_percent: Decimal) -> Decimal:
    """The price raised by so many per cent, exact and never rounded: 37,000 öre by 2.3 is 37,851. Source: R10."""
    return _EXACT.multiply(ore, _EXACT.add(Decimal(100), index_percent)).scaleb(-2, _EXACT)


def proposals(
    rates: Iterable[Rate], municipality: str, index_percent: Decimal, valid_from: date
) -> tuple[Proposal, ...]:
    """One for each row of the municipality that holds on the day before `valid_from`, in reading order.

    Source: R10.
    """
    rows = [rate for rate in rates if rate.municipality == municipality]
    ends, eve = ends_before(rows), valid_from - timedelta(days=1)
    begun = {key_of(rate): rate.id for rate in rows if rate.valid_from == valid_from}
    return tuple(
        Proposal(
            rate=rate,
            index_percent=index_percent,
            valid_from=valid_from,
            proposed_ore_per_hour=proposed_ore_per_hour(rate.ore_per_hour, index_percent),
            begun_by=begun.get(key_of(rate)),
        )
        for rate in sorted(rows, key=order_of)
        if valid_on(rate.valid_from, ends[rate.id], eve)
    )


def kronor_of(ore: Decimal) -> Decimal:
    """The same money in kronor, exact."""
    return ore.scaleb(-2, _EXACT)


def swedish_number(number: Decimal) -> str:
    """`378,51`: every figure that it has and no zero behind the last, with a comma."""
    text = format(number, "f")
    whole, _, rest = text.partition(".")
    return f"{whole},{rest.rstrip('0')}".rstrip(",") if rest else whole
