"""A provider's statement: what it is paid for a month, from what, and why the rest is not paid (R2, R6, R8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.actions.calls import Call
from app.actions.months import MonthKey, key_of, provider_months_of
from app.actions.months import Whose as Asked
from app.actions.people import customers_seen
from app.actions.records import log_read
from app.actions.reimbursement.issue import Whose, compute, recompute, runs_before
from app.rules.access import Resource, Verb
from app.rules.policies import Policies, policies_of
from app.rules.reimbursement.months import Month, lock_due_at
from app.rules.reimbursement.statement import Place, Statement, issued_with, later_ore, statement
from app.rules.reimbursement.values import Line
from app.rules.time import shift
from app.storage import policies
from app.storage.database import Transaction
from app.storage.reimbursement import Run, get_run
from app.storage.reimbursement_history import lines_of_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A provider's month in a municipality as it stands, and what it comes to.

    `run` None: preliminary, as of `as_of`. `later_ore` is what later runs have issued for the month.
    """

    month: Month
    statement: Statement
    as_of: datetime
    lock_due_at: datetime
    run: Run | None = None
    later: tuple[Line, ...] = ()

    @property
    def preliminary(self) -> bool:
        """True until the month is issued: what it comes to may still change."""
        return self.run is None

    @property
    def later_ore(self) -> int:
        """What later runs have issued for the month. Source: R8."""
        return later_ore(self.later, self.statement.place)


def statements(call: Call, month: str, asked: Asked, after: MonthKey | None, limit: int) -> tuple[list[Stated], bool]:
    """Up to `limit` statements of the month within the scope, by (month, municipality, provider), and whether there are
    more; nothing is given before its reading is logged. Each is worked out as a run would. Raises Refused A2.
    """
    call.check(Resource.LINE, Verb.READ)
    call.check(Resource.RUN, Verb.READ)
    cs = call.care_system_id
    with call.database.transaction(write=False) as tx:
        found = provider_months_of(tx, cs, month, call.scope(Resource.LINE), asked)
        rest = [one for one in sorted(found, key=key_of) if after is None or key_of(one) > after]
        rules = policies_of(policies.policies_of(tx, cs))
        told = [stated(tx, call, one, rules) for one in rest[:limit]]
    log(call, told)
    return told, len(rest) > limit


def log(call: Call, told: Iterable[Stated]) -> None:
    """Whose data the statements tell stands in the access log, in a transaction of its own: nobody who registers at a
    door waits while a month is worked out. Source: A3; the two transactions: our decision.
    """
    customers = {customer.customer_id for one in told for customer in one.statement.customers}
    customers |= {line.total.key.customer_id for one in told for line in (*one.statement.adjustments, *one.later)}
    with call.database.transaction() as tx:
        log_read(tx, call, Resource.LINE, customers_seen(sorted(customers)))


def stated(tx: Transaction, call: Call, month: Month, rules: Policies) -> Stated:
    """The month's statement: of an issued month what its run issued, of another what a run would now issue.

    A month that is locked comes to what was recorded before its lock, as its run will. Source: R8, R9.
    """
    cs = call.care_system_id
    due = lock_due_at(month.month, month.municipality, rules)
    place = Place(municipality=month.municipality, provider_id=month.provider_id, month=month.month)
    run = None if month.run_id is None else get_run(tx, cs, month.run_id)
    if run is not None:
        judgement = recompute(tx, call.settings, cs, run).judgement
        lines = _of_place(tx, cs, place)
        own = issued_with(lines, month.month)
        made = statement(place, judgement, own)
        later = tuple(one for one in lines if one not in own)
        return Stated(month=month, statement=made, as_of=run.locked_at, lock_due_at=due, run=run, later=later)
    whose = Whose(care_system_id=cs, municipality=place.municipality, provider_id=place.provider_id, month=place.month)
    until = month.locked_at or shift(call.now, 1)
    computed = compute(tx, call.settings, whose, until, runs_before(tx, whose))
    made = statement(place, computed.judgement, computed.lines)
    return Stated(month=month, statement=made, as_of=month.locked_at or call.now, lock_due_at=due)


def _of_place(tx: Transaction, care_system_id: str, place: Place) -> tuple[Line, ...]:
    found: Iterable[Line] = (
        one.line for one in lines_of_place(tx, care_system_id, place.municipality, place.provider_id, place.month)
    )
    return tuple(found)
