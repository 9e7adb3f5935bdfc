"""How far apart two positions lie, in whole numbers."""

from __future__ import annotations

from math import isqrt

from app.rules.people import Position

_EARTH_METRES_PER_DEGREE = 111_195


def within_metres(one: Position, other: Position, metres: int) -> bool:
    """True where the two lie no further apart than `metres`, that included."""
    return _square(one, other) <= (metres * 1_000_000) ** 2


def metres_between(one: Position, other: Position) -> int:
    """Whole metres as the crow flies, cut and never rounded up: within 2 ‰ for the distances of a county."""
    return isqrt(_square(one, other)) // 1_000_000


def _square(one: Position, other: Position) -> int:
    """The square of the distance in millionths of a metre, on the flat of their mean latitude."""
    north = (one.lat_e6 - other.lat_e6) * _EARTH_METRES_PER_DEGREE
    east = (
        (one.lon_e6 - other.lon_e6)
        * _EARTH_METRES_PER_DEGREE
        * _cosine_permille((one.lat_e6 + other.lat_e6) // 2)
        // 1000
    )
    return north * north + east * east


def _cosine_permille(lat_e6: int) -> int:
    """A thousand times the cosine of the latitude, by the first terms of its series in whole numbers: within 1 ‰ to
    70°.
    """
    radians_e6 = abs(lat_e6) * 17_453_293 // 1_000_000_000
    square = radians_e6 * radians_e6 // 1_000_000
    fourth = square * square // 1_000_000
    sixth = fourth * square // 1_000_000
    eighth = sixth * square // 1_000_000
    return (1_000_000 - square // 2 + fourth // 24 - sixth // 720 + eighth // 40_320) // 1000
