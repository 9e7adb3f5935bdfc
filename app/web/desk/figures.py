"""The controller's plots: weeks, kinds of deviations, shares of extensions."""

from __future__ import annotations

from flask import Response, request

from app.actions.calls import Call
from app.actions.desk.figures import Figures
from app.actions.desk.figures import figures as read_figures
from app.rules.access import Role
from app.rules.time import month_of, next_month, previous_month
from app.web.desk.asked import has_pages
from app.web.desk.plots import Bars, Columns, Group, Part, Row, bars, columns, row_of
from app.web.desk.shell import desk, opened, show
from app.web.desk.wording import told
from app.web.language import language

MOST_MONTHS = 12
HOUR = 3600


@desk.get("/figures")
@opened(Role.CONTROLLER)
def figures(call: Call) -> Response:
    """Plots of some months, of the care system or of one municipality, each with its table. Source: K1, K4."""
    last = previous_month(month_of(call.today))
    since, until = _asked("from", previous_month(previous_month(last))), _asked("to", last)
    faults = {name: "fault_month" for name, month in (("from", since), ("to", until)) if not has_pages(month)}
    months = () if faults else _months(since, until)
    if not faults and not months:
        faults = {"to": "fault_span"}
    municipality = request.args.get("municipality") or None
    found = read_figures(call, months, municipality) if months else None
    return show(
        "figures.html",
        422 if faults else 200,
        form_faults=faults,
        since=since,
        until=until,
        municipality=municipality,
        found=found,
        weeks=None if found is None else week_columns(found),
        kinds=None if found is None else kind_bars(found, told(language())),
        shares=None if found is None else share_bars(found),
        share_of=share_of,
    )


def _asked(name: str, default: str) -> str:
    return request.args.get(name, "").strip() or default


def _months(since: str, until: str) -> tuple[str, ...]:
    """The months from the first to the last; none where these are too many or the wrong way round."""
    found = [since]
    while found[-1] < until and len(found) <= MOST_MONTHS:
        found.append(next_month(found[-1]))
    return tuple(found) if found[-1] == until and len(found) <= MOST_MONTHS else ()


def week_columns(found: Figures) -> Columns:
    """Two columns for each week: granted, performed."""
    groups = [
        Group(
            label=str(one.week.number),
            parts=(Part(kind="grant", value=one.granted_seconds), Part(kind="done", value=one.performed_seconds)),
        )
        for one in found.weeks
    ]
    return columns(groups, unit=HOUR)


def kind_bars(found: Figures, words: dict[str, str]) -> Bars:
    """A bar for each kind of deviation: what is open, explained, accepted, and only told."""
    rows = [
        Row(
            label=words[f"rule_{one.rule}"],
            text=str(one.number),
            parts=(
                Part(kind="open-end", value=one.open),
                Part(kind="plan", value=one.explained),
                Part(kind="done", value=one.accepted),
                Part(kind="grant", value=one.told),
            ),
        )
        for one in found.kinds
    ]
    return bars(rows)


def share_bars(found: Figures) -> Bars:
    """A bar for each provider, and a line at the average of all."""
    rows = [
        row_of(found.providers[one.provider_id or ""].name, one.per_ten_thousand or 0, share_of(one.per_ten_thousand))
        for one in found.shares
    ]
    return bars(rows, line=found.average.per_ten_thousand)


def share_of(per_ten_thousand: int | None) -> str:
    """`3,42 %`: hundredths of a per cent, written as Swedish does."""
    return "–" if per_ten_thousand is None else f"{per_ten_thousand // 100},{per_ten_thousand % 100:02d} %"
