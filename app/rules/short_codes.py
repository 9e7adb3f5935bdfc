"""The short code of a tag, which people read aloud and write down: Crockford's base 32 with a check symbol."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
CHECKS = ALPHABET + "*~$=U"
"""The 37 check symbols."""
CODE_BITS = 40
"""The last bits of the id, which are random."""


def short_code(tag_id: str) -> str:
    """Eight symbols in two groups, and a check symbol: `7ZQK-3M8D-T`. It tells nothing about whose the tag is.

    One wrong symbol, and two neighbours of the eight that changed places, never check. Source: Crockford's base 32; our
    decision which bits.
    """
    number = int(tag_id[-CODE_BITS // 4 :], 16)
    symbols = "".join(ALPHABET[number >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5))
    return f"{symbols[:4]}-{symbols[4:]}-{CHECKS[number % len(CHECKS)]}"


def is_short_code(text: str) -> bool:
    """True where the text is such a code as people write it: any case, hyphens or none, O for 0, I and L for 1."""
    written = text.upper().replace("-", "").replace(" ", "")
    symbols = written[:-1].translate(str.maketrans("OIL", "011"))
    if len(written) != CODE_BITS // 5 + 1 or any(one not in ALPHABET for one in symbols):
        return False
    number = 0
    for one in symbols:
        number = number << 5 | ALPHABET.index(one)
    return CHECKS[number % len(CHECKS)] == written[-1].translate(str.maketrans("OIL", "011"))
