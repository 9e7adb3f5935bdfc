"""Bodies: the JSON of a request, read strictly: one meaning or none."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import request

from app.api.problems import FieldFault, Problem, Slug

BODY_BYTES = 2 * 1024 * 1024
BATCH_BYTES = 4 * 1024 * 1024
DEEPEST = 32
"""Levels of arrays and objects that are read. The contract's deepest resource has seven. Source: our decision."""
_INTEGER_BORDER = 1 << 63
_DIGITS_READ = 40
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def read_json() -> Any:
    """The body as JSON values, all its texts storable and all its integers within 64 bits.

    Raises `Problem`: 415 for another media type, 400 for what is no JSON, repeats a key, holds NaN or Infinity or is
    nested deeper than `DEEPEST`; 422, with a pointer, for NUL and lone surrogates in a text and for larger numbers.
    """
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(Slug.NOT_JSON)
    value = parse(request.get_data(cache=True))
    _check(value)
    return value


def parse(body: bytes) -> Any:
    """The bytes as JSON values; `Problem` 400 where they are not UTF-8, not JSON, or ambiguous."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer
        )
    except UnicodeDecodeError as fault:
        raise Problem(Slug.UNREADABLE, "The body is not UTF-8.") from fault
    except RecursionError as fault:
        raise Problem(Slug.UNREADABLE, f"The body is nested deeper than {DEEPEST} levels.") from fault
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise Problem(Slug.UNREADABLE, f"The body is not JSON: {fault.msg.rstrip('.')} at {place}.") from fault


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(Slug.UNREADABLE, "The body names a field twice in one object.")
    return found


def _refuse_constant(name: str) -> None:
    raise Problem(Slug.UNREADABLE, f"The body holds {name}, which is no JSON.")


def _integer(digits: str) -> int:
    # A number too long to convert stays too large when it is cut, and is refused with its pointer.
    return int(digits[:_DIGITS_READ])


def _check(root: Any) -> None:
    faults: list[FieldFault] = []
    waiting: list[tuple[str, int, Any]] = [("", 0, root)]
    while waiting:
        pointer, depth, value = waiting.pop()
        if isinstance(value, dict | list):
            if depth == DEEPEST:
                raise Problem(Slug.UNREADABLE, f"The body is nested deeper than {DEEPEST} levels.")
            inside = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend((f"{pointer}/{escaped(key)}", depth + 1, one) for key, one in inside)
        if isinstance(value, dict):
            faults.extend(FieldFault(pointer, "a field's name cannot be kept") for key in value if not _storable(key))
        elif (message := _fault(value)) is not None:
            faults.append(FieldFault(pointer, message))
    if faults:
        raise Problem(Slug.MALFORMED, errors=tuple(sorted(faults, key=lambda fault: fault.pointer)[:100]))


def escaped(key: object) -> str:
    """The key as a token of a JSON pointer. Source: RFC 6901 section 3."""
    return str(key).replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()


def _fault(value: Any) -> str | None:
    if isinstance(value, str):
        return None if _storable(value) else "a text must hold neither NUL nor half a surrogate pair"
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int) and not -_INTEGER_BORDER <= value < _INTEGER_BORDER:
        return "a whole number must fit in 64 bits"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "a number this large cannot be kept"
    return None


def _storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None
