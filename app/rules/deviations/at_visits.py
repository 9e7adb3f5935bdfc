"""Deviations that one visit shows by itself: D5–D10, D15–D17, D21, D23–D25."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from app.rules.deviations.setting import Setting, month_day
from app.rules.deviations.values import Effect, Found, Rule, Subject, SubjectType, laid_out
from app.rules.plans import PlannedVisit
from app.rules.policies import Applied
from app.rules.providers import ProviderKind
from app.rules.tags import Method
from app.rules.time import format_instant, local_day, local_month, seconds_between
from app.rules.visits.surroundings import longest_stay_policy
from app.rules.visits.values import ClockGrade, End, TapCause, Visit, VisitState


def find(visits: Iterable[Visit], setting: Setting) -> list[Found]:
    """The deviations of each visit by itself, in the visits' order; a void visit has none."""
    planned = {(plan.provider_id, local_month(plan.starts_at)) for plan in setting.plans}
    reasons = {one.id: str(one.reason) for one in setting.facts.corrections}
    found: list[Found] = []
    for visit in visits:
        if visit.state is VisitState.VOID:
            continue
        judging = _Judging(visit, setting, reasons)
        found += [one for rule in _RULES for one in rule(judging)]
        found += judging.unplanned((visit.provider_id, local_month(visit.placed_at)) in planned)
    return found


class _Judging:
    """One visit before its rules. Each method yields the deviation that its rule finds, or nothing."""

    def __init__(self, visit: Visit, setting: Setting, reasons: Mapping[str, str]) -> None:
        self.visit = visit
        self.reasons = reasons
        self.setting = setting
        self.municipality = setting.around.municipality(visit.customer_id)
        self.day: date = month_day(visit)
        self.limits = setting.policies.numbers(self.municipality, self.day)
        self.plan: PlannedVisit | None = setting.around.plans.get(visit.planned_visit_id or "")

    def limit(self, name: str) -> int:
        """The policy that holds for the visit."""
        return self.limits[name]

    def applied(self, *names: str) -> list[Applied]:
        """The policies as they hold for the visit."""
        return [self.setting.policies.applied(name, self.municipality, self.day) for name in names]

    def tell(
        self,
        rule: Rule,
        effect: Effect,
        facts: dict[str, object],
        *,
        asks: bool,
        own: str | None = None,
        expected: dict[str, object] | None = None,
        by: Iterable[Applied] = (),
    ) -> Found:
        """The deviation, with the visit's times among its facts: an acceptance binds to them too. `by` are the policies
        that say what was expected.
        """
        times = {
            name: None if at is None else format_instant(at)
            for name, at in (("starts_at", self.visit.starts_at), ("ends_at", self.visit.ends_at))
        }
        return Found(
            rule=rule,
            subject=Subject(type=SubjectType.VISIT, id=self.visit.id),
            provider_id=self.visit.provider_id,
            period=local_month(self.visit.placed_at),
            facts=laid_out({**times, **facts}, expected, by),
            effect=effect,
            asks=asks,
            municipality=self.municipality,
            customer_id=self.visit.customer_id,
            own_reason=own,
        )

    def no_check_out(self) -> Iterator[Found]:
        """D7: open too long, superseded, or closed by name after the longest stay."""
        visit = self.visit
        if visit.state is VisitState.NO_CHECK_OUT:
            yield self._left_open()
        elif visit.check_in and visit.check_out and visit.check_out.names_visit and visit.performed_seconds is not None:
            longest = self.setting.around.longest_stay(visit.service, self.municipality, self.day)
            if visit.performed_seconds > longest:
                facts: dict[str, object] = {"cause": "closed_late", "longest_stay_seconds": longest}
                by = self.applied(longest_stay_policy(visit.service))
                yield self.tell(Rule.D7, Effect.HOLDS_PAY, facts, asks=True, by=by)

    def _left_open(self) -> Found:
        visit = self.visit
        if visit.superseded or visit.starts_at is None:
            return self.tell(Rule.D7, Effect.HOLDS_PAY, {"cause": "superseded"}, asks=True)
        until = self.setting.around.open_until(
            visit.starts_at, visit.planned_visit_id, visit.service, visit.customer_id
        )
        by = self.applied(longest_stay_policy(visit.service) if self.plan is None else "no_check_out_seconds")
        expected: dict[str, object] = {"closed_by": format_instant(until)}
        return self.tell(Rule.D7, Effect.HOLDS_PAY, {"cause": "open"}, asks=True, expected=expected, by=by)

    def no_check_in(self) -> Iterator[Found]:
        """D8: a check-out with nothing to close."""
        if self.visit.state is VisitState.NO_CHECK_IN:
            yield self.tell(Rule.D8, Effect.HOLDS_PAY, {}, asks=True)

    def manual(self) -> Iterator[Found]:
        """D9: an end manual, stated or corrected; its own reason explains it. Holds pay where a correction supplies a
        missing end or lengthens by more than the policy.
        """
        visit = self.visit
        by_hand = [end for end in visit.ends if end.method is Method.MANUAL or end.stated]
        moved = [
            name for name in ("starts_at", "ends_at") if getattr(visit, name) != getattr(visit, f"registered_{name}")
        ]
        if not by_hand and not moved:
            return
        supplied = [name for name in moved if getattr(visit, f"registered_{name}") is None]
        longer = _lengthened(visit)
        holds = bool(supplied) or longer > self.limit("lengthened_seconds")
        facts: dict[str, object] = {
            "manual_registration_ids": [end.registration_id for end in by_hand],
            "corrected": moved,
            "supplied": supplied,
            "lengthened_seconds": max(longer, 0),
        }
        reasons = [str(end.reason) for end in by_hand if end.reason]
        reasons += [self.reasons[one] for one in visit.correction_ids if one in self.reasons]
        effect = Effect.HOLDS_PAY if holds else Effect.EXPLAIN
        own, by = ", ".join(dict.fromkeys(reasons)) or "other", self.applied("lengthened_seconds")
        yield self.tell(Rule.D9, effect, facts, asks=True, own=own, by=by)

    def wrong_tag(self) -> Iterator[Found]:
        """D10: tag unknown, revoked, replaced, or not the customer's; or an end that leads to no customer."""
        problems = [
            f"{name}: {said}" for name, end in _named_ends(self.visit) if (said := _tag_says(name, end, self.visit))
        ]
        if problems:
            tags = [end.tag_id for end in self.visit.ends if end.tag_id]
            facts: dict[str, object] = {"problems": problems, "customer_id": self.visit.customer_id, "tag_ids": tags}
            yield self.tell(Rule.D10, Effect.HOLDS_PAY, facts, asks=True)

    def very_short(self) -> Iterator[Found]:
        """D15: a whole visit shorter than the policy."""
        seconds, least = self.visit.performed_seconds, self.limit("very_short_visit_seconds")
        if seconds is not None and seconds < least:
            facts: dict[str, object] = {"performed_seconds": seconds}
            expected: dict[str, object] = {"least_seconds": least}
            by = self.applied("very_short_visit_seconds")
            yield self.tell(Rule.D15, Effect.EXPLAIN, facts, asks=True, expected=expected, by=by)

    def unverified_clock(self) -> Iterator[Found]:
        """D16: a time without evidence, or estimates further apart than the policy; not where the time is stated or
        corrected.
        """
        facts = [
            {"end": name, "clock_grade": end.clock_grade, "apart_seconds": end.apart_seconds}
            for name, end in _named_ends(self.visit)
            if not end.stated and not self._moved(name) and self._doubtful(end)
        ]
        if facts:
            expected: dict[str, object] = {"most_apart_seconds": self.limit("clock_apart_seconds")}
            by = self.applied("clock_apart_seconds")
            yield self.tell(Rule.D16, Effect.HOLDS_PAY, {"ends": facts}, asks=True, expected=expected, by=by)

    def _moved(self, name: str) -> bool:
        visit = self.visit
        if name == "check_in":
            return visit.starts_at != visit.registered_starts_at
        return visit.ends_at != visit.registered_ends_at

    def _doubtful(self, end: End) -> bool:
        apart = end.apart_seconds or 0
        return end.clock_grade is ClockGrade.UNVERIFIED or apart > self.limit("clock_apart_seconds")

    def unplanned(self, provider_plans: bool) -> Iterator[Found]:
        """D17: the provider plans that month, and the visit matches no plan."""
        visit = self.visit
        if provider_plans and self.plan is None and visit.starts_at is not None and not visit.extra_service:
            yield self.tell(Rule.D17, Effect.INFORMATION, {}, asks=False, by=self.applied("plan_match_seconds"))

    def replayed_tap(self) -> Iterator[Found]:
        """D21: an end whose tap was seen before, or whose counter runs against time; an acceptance releases it."""
        facts = [
            {"end": name, "cause": doubt.cause, "counter": doubt.counter, "registration_id": doubt.registration_id}
            for name, end in _named_ends(self.visit)
            if (doubt := end.doubt) is not None
        ]
        if facts:
            by = [self._tap_order(end) for end in self.visit.ends if _out_of_order(end)]
            yield self.tell(Rule.D21, Effect.HOLDS_PAY, {"ends": facts}, asks=True, by=by)

    def _tap_order(self, end: End) -> Applied:
        """The tolerance that the end's tap was held against, asked as where visits are derived. Source: D21."""
        municipality = self.setting.around.municipality(end.customer_id)
        return self.setting.policies.applied("tap_order_seconds", municipality, local_day(end.at))

    def late(self) -> Iterator[Found]:
        """D23: received longer after its capture than the policy."""
        limit = self.limit("late_registration_seconds")
        late = {name: end.late_seconds for name, end in _named_ends(self.visit) if end.late_seconds > limit}
        if late:
            expected: dict[str, object] = {"most_late_seconds": limit}
            by = self.applied("late_registration_seconds")
            yield self.tell(Rule.D23, Effect.EXPLAIN, {"late_seconds": late}, asks=True, expected=expected, by=by)

    def extra_by_municipal(self) -> Iterator[Found]:
        """D24: an extra service from a municipal provider, which may not offer any (LR 1.11)."""
        provider = self.setting.providers.get(self.visit.provider_id)
        if self.visit.extra_service and provider is not None and provider.kind is ProviderKind.MUNICIPAL:
            yield self.tell(Rule.D24, Effect.EXPLAIN, {}, asks=True)

    def weak_evidence(self) -> Iterator[Found]:
        """D25: evidence below the municipality's grade; its default is off."""
        least = self.limit("least_evidence_grade")
        if self.visit.evidence_grade < least:
            facts: dict[str, object] = {"evidence_grade": self.visit.evidence_grade, "least_evidence_grade": least}
            yield self.tell(Rule.D25, Effect.EXPLAIN, facts, asks=True, by=self.applied("least_evidence_grade"))

    def off_schedule(self) -> Iterator[Found]:
        """D5: a start or an end, where there is one, further from the plan than the policy."""
        visit, plan = self.visit, self.plan
        if plan is None:
            return
        ends = (("start", plan.starts_at, visit.starts_at), ("end", plan.ends_at, visit.ends_at))
        away = {name: seconds_between(planned, at) for name, planned, at in ends if at is not None}
        if any(abs(seconds) > self.limit("off_schedule_seconds") for seconds in away.values()):
            facts: dict[str, object] = {f"{name}_away_seconds": seconds for name, seconds in away.items()}
            by = self.applied("off_schedule_seconds")
            yield self.tell(Rule.D5, Effect.INFORMATION, facts, asks=False, expected=_planned(plan), by=by)

    def length_differs(self) -> Iterator[Found]:
        """D6: length further from the planned than both the seconds and the share of the policy."""
        seconds, plan = self.visit.performed_seconds, self.plan
        if plan is None or seconds is None:
            return
        planned = seconds_between(plan.starts_at, plan.ends_at)
        away = abs(seconds - planned)
        if away > self.limit("length_differs_seconds") and away * 100 > planned * self.limit("length_differs_percent"):
            facts: dict[str, object] = {"performed_seconds": seconds, "planned_seconds": planned}
            by = self.applied("length_differs_seconds", "length_differs_percent")
            yield self.tell(Rule.D6, Effect.INFORMATION, facts, asks=False, expected=_planned(plan), by=by)


_RULES = (
    _Judging.off_schedule,
    _Judging.length_differs,
    _Judging.no_check_out,
    _Judging.no_check_in,
    _Judging.manual,
    _Judging.wrong_tag,
    _Judging.very_short,
    _Judging.unverified_clock,
    _Judging.replayed_tap,
    _Judging.late,
    _Judging.extra_by_municipal,
    _Judging.weak_evidence,
)


def _planned(plan: PlannedVisit) -> dict[str, object]:
    return {"starts_at": format_instant(plan.starts_at), "ends_at": format_instant(plan.ends_at)}


def _out_of_order(end: End) -> bool:
    return end.doubt is not None and end.doubt.cause is TapCause.OUT_OF_ORDER


def _lengthened(visit: Visit) -> int:
    """Seconds by which corrections lengthen a visit that has both ends; 0 where an end was missing."""
    if visit.registered_starts_at is None or visit.registered_ends_at is None or visit.performed_seconds is None:
        return 0
    return visit.performed_seconds - seconds_between(visit.registered_starts_at, visit.registered_ends_at)


def _named_ends(visit: Visit) -> Iterator[tuple[str, End]]:
    if visit.check_in is not None:
        yield "check_in", visit.check_in
    if visit.check_out is not None:
        yield "check_out", visit.check_out


def _tag_says(name: str, end: End, visit: Visit) -> str | None:
    """What is wrong with the place of an end, None where nothing is."""
    if end.tag_problem is not None:
        return end.tag_problem
    if end.method is not Method.MANUAL:
        household = {one.customer_id for one in visit.household}
        return None if end.tag_customer_id in {visit.customer_id, *household} else "another customer's"
    untold = name == "check_out" and end.customer_id is None and not end.names_visit
    if visit.customer_id is None or untold:
        return "no customer"
    return None
