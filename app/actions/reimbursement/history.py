"""Any öre followed back to the taps at the door: a line, a visit, a customer's month, each whole in one call (R11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.actions.calls import Call
from app.actions.deviations.gather import gather
from app.actions.people import customers_seen
from app.actions.records import log_read, missing
from app.actions.visits.read import people_of_visits, visit_in_scope
from app.actions.visits.show import SeenVisit, show
from app.actions.visits.surround import surround
from app.rules.access import Permission, Resource, Verb, may
from app.rules.deviations.judge import Judgement
from app.rules.deviations.requested import PoolMonth
from app.rules.ledger.commitments import Kind
from app.rules.orders import Grant, Order
from app.rules.rates import Rate
from app.rules.reimbursement.fates import Fates, Piece, pieces, sum_of
from app.rules.reimbursement.following import (
    by_key,
    customers_ever,
    months_ever,
    of_municipality,
    of_visit,
    pools_in_months,
    visits_in_month,
)
from app.rules.reimbursement.steps import Step, seconds_of_visit
from app.rules.visits.values import Correction, Resolved
from app.storage import reimbursement_history as stored
from app.storage.database import Transaction
from app.storage.deviations import Deviation, Happened
from app.storage.explanations import Explained, explanations_for
from app.storage.extensions import Request
from app.storage.issued import IssuedLine
from app.storage.judgements import NOBODY, Due
from app.storage.people import CUSTOMER
from app.storage.records import get
from app.storage.reimbursement import Run
from app.storage.visits import corrections_of, get_visits, registrations_by_id
from app.storage.visits.nearby import plans_near


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A line with its place among those of its key."""

    issued: IssuedLine
    step: Step

    def seconds_of(self, visit_id: str) -> int:
        """How many seconds of the visit its key has, as of its run."""
        return seconds_of_visit(self.issued.line, visit_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Everything between some taps and some öre: tap → registration → visit → segment → line → adjustment.

    `pieces` are what became of each visit's seconds as things stand now; `leaves` where a registration or a line stands
    in the sealed tree, by id. `with_notes` tells whether whoever asks may read what was written in corrections,
    `with_words` what was written in explanations and the facts of deviations. Source: R11, A2.
    """

    lines: tuple[Followed, ...]
    runs: Mapping[str, Run]
    visits: tuple[SeenVisit, ...]
    pieces: Mapping[str, tuple[Piece, ...]]
    registrations: tuple[Resolved, ...]
    leaves: Mapping[str, int]
    corrections: tuple[Correction, ...]
    deviations: tuple[Deviation, ...]
    happened: tuple[Happened, ...]
    explanations: tuple[Explained, ...]
    pools: tuple[PoolMonth, ...]
    orders: tuple[Order, ...]
    grants: tuple[Grant, ...]
    extensions: tuple[Request, ...]
    rates: tuple[Rate, ...]
    with_notes: bool
    with_words: bool

    def sums(self, visit_id: str) -> Fates:
        """What the visit's seconds came to."""
        return sum_of(self.pieces.get(visit_id, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHistory:
    """A line with every other line and adjustment of its key, and all that stands behind them."""

    line: Followed
    chain: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitHistory:
    """A visit with its registrations, what became of each second, and the lines that have it or had."""

    visit: SeenVisit
    chain: Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHistory:
    """A customer's month."""

    customer_id: str
    month: str
    chain: Chain


def line_history(call: Call, sequence: int) -> LineHistory:
    """The line's whole history; the reads are logged. Raises Refused A1 (404), A2. Source: R11."""
    call.check(Resource.LINE, Verb.READ)
    cs = call.care_system_id
    with call.database.transaction() as tx:
        found = stored.numbered_line(tx, cs, sequence, scope=call.scope(Resource.LINE))
        if found is None:
            raise missing()
        key = found.line.total.key
        lines = stored.lines_of_key(tx, cs, key)
        judgement = _judged(tx, call, {key.customer_id}, {key.month}, key.provider_id)
        whose, months = frozenset({key.customer_id}), frozenset({key.month})
        chain = _chain(tx, call, _Wanted(lines=lines, judgement=judgement, customer_ids=whose, months=months))
    return LineHistory(line=next(one for one in chain.lines if one.issued.id == found.id), chain=chain)


def visit_history(call: Call, visit_id: str) -> VisitHistory:
    """The visit's whole history; the reads are logged. Raises Refused A1 (404), A2. Source: R11."""
    call.check(Resource.VISIT, Verb.READ)
    call.check(Resource.LINE, Verb.READ)
    cs, scope = call.care_system_id, call.scope(Resource.LINE)
    with call.database.transaction() as tx:
        visit = visit_in_scope(tx, call, visit_id)
        stated = corrections_of(tx, cs, [visit_id])
        lines = stored.lines_at(
            tx,
            cs,
            scope=scope,
            customer_ids=customers_ever(visit, stated),
            months=months_ever(visit, stated),
            provider_ids=[visit.provider_id],
        )
        having = {one.sequence for one in of_visit([one.line for one in lines], visit_id)}
        months = months_ever(visit, ())
        judgement = _judged(tx, call, visit.customer_ids, months, visit.provider_id)
        wanted = _Wanted(
            lines=tuple(one for one in lines if one.line.sequence in having),
            judgement=judgement,
            customer_ids=of_municipality(judgement, visit.customer_ids, scope.municipality),
            months=months,
            visit_ids=frozenset({visit_id}),
            only_these=True,
        )
        chain = _chain(tx, call, wanted)
    return VisitHistory(visit=chain.visits[0], chain=chain)


def customer_history(call: Call, customer_id: str, month: str) -> CustomerHistory:
    """The customer's month, as far as whoever asks reaches; the reads are logged. Raises Refused A1 (404), A2.

    Source: R11.
    """
    call.check(Resource.VISIT, Verb.READ)
    call.check(Resource.LINE, Verb.READ)
    cs, scope = call.care_system_id, call.scope(Resource.LINE)
    with call.database.transaction() as tx:
        if get(tx, CUSTOMER, cs, customer_id, scope=scope, today=call.today) is None:
            raise missing()
        judgement = _judged(tx, call, {customer_id}, {month}, NOBODY)
        wanted = _Wanted(
            lines=stored.lines_at(tx, cs, scope=scope, customer_ids=[customer_id], months=[month]),
            judgement=judgement,
            customer_ids=frozenset({customer_id}),
            months=frozenset({month}),
            visit_ids=visits_in_month(judgement, customer_id, month, scope.provider_id),
        )
        chain = _chain(tx, call, wanted)
    return CustomerHistory(customer_id=customer_id, month=month, chain=chain)


def _judged(
    tx: Transaction, call: Call, customer_ids: Iterable[str], months: Iterable[str], provider_id: str
) -> Judgement:
    """What the rules say now of these customers' months; of a visit at nobody known of the provider's month there."""
    whose = tuple(customer_ids) or (NOBODY,)
    dues = [Due(provider_id=provider_id, customer_id=one, month=month) for one in whose for month in months]
    return gather(tx, call.care_system_id, dues, call.now).judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a chain is made from. `only_these` leaves out the other visits of the lines."""

    lines: tuple[IssuedLine, ...]
    judgement: Judgement
    customer_ids: frozenset[str]
    months: frozenset[str]
    visit_ids: frozenset[str] = frozenset()
    only_these: bool = False

    @property
    def segment_visits(self) -> frozenset[str]:
        """The visits of the lines' segments, where these are wanted."""
        lines = () if self.only_these else self.lines
        return frozenset(segment.visit_id for one in lines for segment in one.line.total.segments)

    @property
    def registration_ids(self) -> frozenset[str]:
        """The registrations behind the segments of the wanted visits."""
        wanted = self.segment_visits | self.visit_ids
        segments = (segment for one in self.lines for segment in one.line.total.segments)
        return frozenset(key for one in segments if one.visit_id in wanted for key in one.registration_ids)


def _chain(tx: Transaction, call: Call, wanted: _Wanted) -> Chain:
    cs, lines = call.care_system_id, wanted.lines
    visits = sorted(
        get_visits(tx, cs, wanted.visit_ids | wanted.segment_visits).values(), key=lambda one: (one.placed_at, one.id)
    )
    customers = {one.line.total.key.customer_id for one in lines} | wanted.customer_ids
    customers |= {customer for one in visits for customer in one.customer_ids}
    named = wanted.registration_ids | {key for one in visits for key in one.registration_ids}
    plans = plans_near(tx, cs, (), {one.planned_visit_id for one in visits if one.planned_visit_id is not None})
    seen = show(tx, cs, visits, surround(tx, cs, customers, plans, call.now))
    taps = sorted(registrations_by_id(tx, cs, named), key=lambda one: one.order)
    scope = call.scope(Resource.LINE)
    pools = pools_in_months(wanted.judgement, wanted.customer_ids, wanted.months, scope.provider_id)
    told = _told(tx, call, [one.id for one in visits], pools)
    ids = _ids(lines, wanted.judgement, {one.id for one in visits})
    orders, grants = stored.ordered(tx, cs, ids.orders, ids.grants)
    followed = by_key(one.line for one in lines)
    runs = stored.runs_by_id(tx, cs, {one.run_id for one in lines})
    log_read(tx, call, Resource.LINE, (*customers_seen(sorted(customers)), *people_of_visits(visits)))
    return Chain(
        lines=tuple(Followed(issued=one, step=followed[one.line.sequence]) for one in lines),
        runs={run.id: run for run in runs},
        visits=tuple(seen[one.id] for one in visits),
        pieces={key: one for key, one in pieces(wanted.judgement).items() if key in seen},
        registrations=tuple(taps),
        leaves={
            **stored.leaves_of(tx, cs, Kind.REGISTRATION, [one.id for one in taps]),
            **stored.leaves_of(tx, cs, Kind.LINE, [one.id for one in lines]),
        },
        corrections=corrections_of(tx, cs, [one.id for one in visits]),
        pools=pools,
        orders=orders,
        grants=grants,
        extensions=stored.extended(tx, cs, scope=scope, customer_ids=wanted.customer_ids, months=wanted.months),
        rates=stored.rates_by_id(tx, cs, ids.rates),
        with_notes=call.scope(Resource.VISIT).with_names,
        with_words=may(call.actor.role, Permission(Resource.DEVIATION, Verb.READ)),
        deviations=told.deviations,
        happened=told.happened,
        explanations=told.explanations,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    deviations: tuple[Deviation, ...]
    happened: tuple[Happened, ...]
    explanations: tuple[Explained, ...]


def _told(tx: Transaction, call: Call, visit_ids: Collection[str], pools: Iterable[PoolMonth]) -> _Told:
    """What held pay, what lies beyond a cap, and what was said of it."""
    cs, whose = call.care_system_id, {(one.pool.customer_id, one.month) for one in pools}
    found = stored.money_deviations(tx, cs, scope=call.scope(Resource.LINE), visit_ids=visit_ids, pools_of=whose)
    ids = [one.id for one in found]
    return _Told(
        deviations=found,
        happened=stored.happened_to(tx, cs, ids),
        explanations=explanations_for(tx, cs, ids),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ids:
    orders: frozenset[str]
    grants: frozenset[str]
    rates: frozenset[str]


def _ids(lines: Iterable[IssuedLine], judgement: Judgement, visit_ids: Collection[str]) -> _Ids:
    """The orders, grants and rates of the lines, and those by which the visits are judged now."""
    totals = [one.line.total for one in lines]
    told = [one for key, several in pieces(judgement).items() if key in visit_ids for one in several]
    placed = [one.placed for one in told if one.placed is not None]
    return _Ids(
        orders=frozenset([key for one in totals for key in one.order_ids] + [one.order.id for one in placed]),
        grants=frozenset([key for one in totals for key in one.grant_ids] + [one.grant.id for one in placed]),
        rates=frozenset([one.key.rate_id for one in totals] + [one.rate.id for one in told if one.rate is not None]),
    )
