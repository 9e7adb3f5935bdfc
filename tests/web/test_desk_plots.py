"""The geometry of the plots: sums, borders, nothing, one, and more than anybody performs."""

from __future__ import annotations

import pytest

from app.web.desk.plots import (
    COLUMN_PIXELS,
    FULL,
    HAIR,
    MOST_LINES,
    ROW_PIXELS,
    Group,
    Part,
    Row,
    bars,
    columns,
    meter,
    row_of,
)

HUGE = 10**12


def row(*values: int) -> Row:
    """A bar of parts."""
    return Row(label="a", text="b", parts=tuple(Part(kind="done", value=one) for one in values))


def group(*values: int) -> Group:
    """Columns beside each other."""
    return Group(label="a", parts=tuple(Part(kind="done", value=one) for one in values))


def test_the_greatest_bar_is_as_wide_as_the_plot_and_the_others_in_proportion() -> None:
    plot = bars([row_of("a", 300, "x"), row_of("b", 100, "y"), row_of("c", 0, "z")])
    assert [[piece.width for piece in one.pieces] for one in plot.bars] == [[FULL], [FULL // 3], []]
    assert [one.words_y for one in plot.bars] == [17, 17 + ROW_PIXELS, 17 + 2 * ROW_PIXELS]
    assert (plot.height, plot.line_x) == (3 * ROW_PIXELS, None)


def test_the_parts_of_a_bar_follow_each_other_without_gaps_and_end_where_their_sum_does() -> None:
    pieces = bars([row(1, 1, 1), row(7)]).bars[0].pieces
    assert [(one.x, one.x + one.width) for one in pieces] == [(0, 1_428), (1_428, 2_857), (2_857, 4_285)]
    assert pieces[-1].x + pieces[-1].width == 3 * FULL // 7


def test_what_is_not_nothing_is_seen_beside_what_is_huge_and_stays_within_the_plot() -> None:
    plot = bars([row(1), row(HUGE), row(HUGE - 1, 1)])
    assert plot.bars[0].pieces[0].width == HAIR
    assert all(piece.x + piece.width <= FULL for one in plot.bars for piece in one.pieces)
    assert plot.bars[2].pieces[1].width == HAIR


@pytest.mark.parametrize(
    ("line", "most", "where", "width"),
    [
        pytest.param(50, 0, 5_000, FULL, id="within the bars"),
        pytest.param(200, 0, FULL, 5_000, id="beyond the bars"),
        pytest.param(0, 0, 0, FULL, id="at nothing"),
        pytest.param(50, 400, 1_250, 2_500, id="on a longer scale"),
    ],
)
def test_a_line_stands_on_the_same_scale_as_the_bars(line: int, most: int, where: int, width: int) -> None:
    plot = bars([row(100)], line=line, most=most)
    assert (plot.line_x, plot.bars[0].pieces[0].width) == (where, width)


def test_no_bars_and_bars_of_nothing_are_plots_too() -> None:
    assert (bars([]).bars, bars([]).height) == ((), 0)
    assert bars([row(0), row()], line=0).bars[0].pieces == ()


@pytest.mark.parametrize("values", [(-1,), (5, -1)])
def test_nothing_is_negative(values: tuple[int, ...]) -> None:
    for draw in (lambda: bars([row(*values)]), lambda: columns([group(*values)]), lambda: meter(values[-1], 5)):
        with pytest.raises(ValueError, match="below zero"):
            draw()
    with pytest.raises(ValueError, match="below zero"):
        bars([row(1)], line=-1)


@pytest.mark.parametrize(
    ("value", "limit", "width", "limit_x"),
    [(50, 100, 5_000, FULL), (100, 100, FULL, FULL), (200, 100, FULL, 5_000), (0, 100, 0, FULL), (7, 0, FULL, 0)],
)
def test_a_meter_goes_beyond_its_limit_where_the_value_does(value: int, limit: int, width: int, limit_x: int) -> None:
    found = meter(value, limit)
    assert (found.width, found.limit_x) == (width, limit_x)


def test_a_meter_of_nothing_is_empty_and_one_of_a_second_is_not() -> None:
    assert (meter(0, 0).width, meter(1, HUGE).width) == (0, HAIR)


@pytest.mark.parametrize(
    ("most", "values"),
    [
        pytest.param(0, [3_600], id="nothing"),
        pytest.param(1, [3_600], id="a second"),
        pytest.param(3_600, [3_600], id="one unit"),
        pytest.param(3_601, [3_600, 7_200], id="a second more"),
        pytest.param(4 * 3_600, [3_600, 7_200, 10_800, 14_400], id="four units"),
        pytest.param(4 * 3_600 + 1, [7_200, 14_400, 21_600], id="five of them"),
        pytest.param(90 * 3_600, [180_000, 360_000], id="ninety units"),
    ],
)
def test_lines_stand_at_round_values_and_the_last_is_no_lower_than_any_column(most: int, values: list[int]) -> None:
    plot = columns([group(most)], unit=3_600)
    assert [one.value for one in plot.lines] == values
    assert len(values) <= MOST_LINES
    assert plot.lines[-1].y == plot.ground_y - COLUMN_PIXELS


def test_columns_stand_on_the_ground_in_their_groups_and_none_is_higher_than_the_plot() -> None:
    plot = columns([group(1, HUGE), group(0, 5), group(2 * HUGE)])
    assert all(one.y + one.height == plot.ground_y for one in plot.pieces)
    assert [one.height for one in plot.pieces] == [1, COLUMN_PIXELS // 2, 1, COLUMN_PIXELS]
    rooms = [(FULL * at // 3, FULL * (at + 1) // 3) for at in (0, 0, 1, 2)]
    for (left, right), one in zip(rooms, plot.pieces, strict=True):
        assert left < one.x < one.x + one.width < right
    assert [one.x for one in plot.labels] == [FULL // 6, FULL // 2, 5 * FULL // 6]


def test_no_columns_are_a_plot_with_one_line() -> None:
    plot = columns([])
    assert (plot.pieces, plot.labels, [one.value for one in plot.lines]) == ((), (), [1])
