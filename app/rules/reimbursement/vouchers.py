"""The voucher by which a municipal provider's month is posted internally: rows that balance to zero (R7, LR 5.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.rules.billing import BillingParty, check_accounts
from app.rules.providers import ProviderKind
from app.rules.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """What a run's lines of one month come to."""

    month: str
    amount_ore: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One row of a voucher: debit above zero, credit below."""

    account: str
    cost_centre: str | None
    amount_ore: int
    text: str


def postings_of(party: BillingParty, sums: Iterable[MonthSum]) -> tuple[Posting, ...]:
    """The rows: the cost of each month, the earliest first, against one on the settlement account. They sum to zero.

    What comes to nothing has no row. Raises Refused R7 where an account is missing. Source: R7, LR 5.5.
    """
    check_accounts(party)
    costs = sorted((one for one in sums if one.amount_ore), key=lambda one: one.month)
    whole = sum(one.amount_ore for one in costs)
    rows = [
        Posting(
            account=str(party.cost_account),
            cost_centre=party.cost_centre,
            amount_ore=one.amount_ore,
            text=f"Utförd hemtjänst {one.month}",
        )
        for one in costs
    ]
    if whole:
        settled = Posting(
            account=str(party.settlement_account), cost_centre=None, amount_ore=-whole, text="Ersättning egen regi"
        )
        rows.append(settled)
    return tuple(rows)


def check_vouchers(kind: ProviderKind) -> None:
    """Returns for a municipal provider; Refused (409) for a private one, which invoices. Source: R7, LR 5.4."""
    if kind is ProviderKind.PRIVATE:
        raise Refused(
            "R7",
            "A private provider invoices, customer by customer: take invoice.json, invoice.pdf or invoice.xml. "
            "A voucher is for the municipality's own provider.",
            facts={"provider_kind": kind.value},
        )
