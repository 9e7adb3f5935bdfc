"""A comparison as tables that a person reads in a terminal: kronor and öre, hours, minutes and seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.actions.simulations import Compared
from app.rules.comparisons import By, Change, Count, Row, Tally
from app.rules.deviations.values import NAMES

NOTHING_CHANGES = "Nothing changes."
_GROUPED = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"


def tables(
    compared: Compared, names: tuple[str, str], providers: Mapping[str, str], by: Iterable[By], *, everything: bool
) -> str:
    """Everything that differs between the outcomes called `names`; what does not differ too where it is wanted."""
    asked, comparison = frozenset(by), compared.comparison
    rows = comparison.rows if everything else comparison.changed_rows
    tallies = comparison.tallies if everything else comparison.changed_tallies
    parts = [f"[1] {names[0]}\n[2] {names[1]}"]
    if compared.settings:
        parts.append("Set otherwise\n" + grid(("", "", "from", "[1]", "[2]"), map(_setting, compared.settings), left=3))
    if not comparison.changes:
        parts.append(NOTHING_CHANGES)
    if rows:
        parts.append("Paid, excess and held\n" + _paid([*rows, comparison.total], providers, asked))
    if tallies:
        parts.append("Deviations\n" + _deviations(tallies, providers))
    counts = [one for one in compared.summary if everything or one.before or one.after]
    parts.append("In all\n" + grid(("", "[1]", "[2]", "[2] − [1]"), map(_count, counts)))
    return "\n\n".join(parts)


def _setting(one: Change) -> tuple[str, ...]:
    whose = " ".join([one.municipality or "everywhere", *one.about])
    unit = " öre/h" if one.kind == "rate" else ""
    told = ("none" if value is None else value + unit for value in (one.before, one.after))
    return (f"{one.kind} {one.name}", whose, "always" if one.since is None else one.since.isoformat(), *told)


def _paid(rows: Sequence[Row], providers: Mapping[str, str], by: frozenset[By]) -> str:
    """The rows, the last of them being the total."""
    head = ["municipality", "provider", "service", *sorted(by)]
    beside = ("kr [1]", "kr [2]", "kr more", "paid more", "excess more", "its worth kr", "held more")
    told = [(*_place(row, providers, by), *_amounts(row)) for row in rows[:-1]]
    total = ("total", *[""] * (len(head) - 1), *_amounts(rows[-1]))
    return grid((*head, *beside), [*told, total], left=len(head))


def _place(row: Row, providers: Mapping[str, str], by: frozenset[By]) -> tuple[str, ...]:
    key = row.key
    told = {By.CUSTOMER: key.customer_id, By.MONTH: key.month}
    whose = (key.municipality, providers.get(key.provider_id, key.provider_id), key.service)
    return tuple(one or "not known" for one in (*whose, *(told[one] for one in sorted(by))))


def _amounts(row: Row) -> tuple[str, ...]:
    more = row.difference
    return (
        kronor(row.before.amount_ore),
        kronor(row.after.amount_ore),
        signed(more.amount_ore, kronor(more.amount_ore)),
        signed(more.paid_seconds, hours(more.paid_seconds)),
        signed(more.excess_seconds, hours(more.excess_seconds)),
        signed(more.worth_ore, kronor(more.worth_ore)),
        signed(more.held_seconds, hours(more.held_seconds)),
    )


def _deviations(tallies: Iterable[Tally], providers: Mapping[str, str]) -> str:
    told = (
        (
            providers.get(one.provider_id, one.provider_id),
            f"{one.rule} {NAMES[one.rule]}",
            *map(str, (one.before, one.after, one.opened, one.cleared)),
        )
        for one in tallies
    )
    return grid(("provider", "rule", "[1]", "[2]", "opened", "cleared"), told, left=2)


def _count(one: Count) -> tuple[str, ...]:
    write = {"s": hours, "öre": kronor}.get(one.unit, number)
    more = one.after - one.before
    name = str(one.name).replace("line seconds", "line time").removesuffix(" seconds").replace(" öre", " kronor")
    return (name, write(one.before), write(one.after), signed(more, write(more)))


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """The cells in columns, the first `left` of them to the left, numbers to the right."""
    cells = [head, *rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def number(value: int) -> str:
    """`−1 234`."""
    return f"{value:,}".replace(",", _GROUPED).replace("-", _MINUS)


def kronor(ore: int) -> str:
    """`−1 234,56`."""
    whole, rest = divmod(abs(ore), 100)
    return f"{_MINUS if ore < 0 else ''}{number(whole)},{rest:02d}"


def hours(seconds: int) -> str:
    """`−1:02:03`: hours, minutes, seconds. Nothing is rounded. Source: T3."""
    whole = abs(seconds)
    return f"{_MINUS if seconds < 0 else ''}{number(whole // 3600)}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def signed(value: int, text: str) -> str:
    """With a plus where it is more, and a bare 0 for no difference."""
    return "0" if value == 0 else f"+{text}" if value > 0 else text
