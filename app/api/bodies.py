"""Bodies: the JSON of a request, read strictly: one meaning or none."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Any

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import MultiPartParser

from app.api.problems import FieldFault, Problem, Slug

BODY_BYTES = 2 * 1024 * 1024
BATCH_BYTES = 4 * 1024 * 1024
DEEPEST = 32
"""Levels of arrays and objects that are read. The contract's deepest resource has seven. Source: our decision."""
MOST_VALUES = 100_000
"""Values in one body: a full batch of 1,000 rows has a hundred for each. A megabyte of `0,0,…` would be a million, and
cost a hundred times its size in memory and seconds of work. Source: FAULTS 56; the number: our decision."""
MOST_FIELDS = 200
"""Fields of one object. The contract's widest resource has some twenty. Source: our decision."""
MOST_FAULTS = 100
"""Bad fields that one answer tells of. Source: our decision."""
FORM = "multipart/form-data"
FORM_BYTES = 16 * 1024
"""What a form may have around its one file: boundaries, headers, and a name. Source: our decision."""
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,199}[0-9A-Za-z'()+_,./:=?-]\Z")
"""Source: RFC 2046 section 5.1.1, which allows 70; some that make forms count otherwise."""
_INTEGER_BORDER = 1 << 63
_DIGITS_READ = 40
_END = object()
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SUSPECT = re.compile(rb"\\u|[0-9]{19}|(?:\A|[\s,:\[])-?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{3}")
"""Without any of these, JSON has no text that cannot be kept (that takes an escape), and no number that is too large
(that takes 19 digits, or an exponent of three)."""


def read_json(rows: str | None = None) -> Any:
    """The body as JSON values, all its texts storable and all its integers within 64 bits.

    `rows` names a list of which the caller checks each member by itself (`check_value`), so that one bad row is one.

    Raises `Problem`: 415 for another media type; 413 beyond `MOST_VALUES`; 400 for what is no JSON, repeats a key,
    holds NaN or Infinity, is nested deeper than `DEEPEST` or has an object of more than `MOST_FIELDS`; 422, with a
    pointer, for NUL and lone surrogates in a text and for larger numbers.
    """
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(Slug.NOT_JSON)
    body = request.get_data(cache=True)
    value = parse(body)
    if _SUSPECT.search(body) or body.count(b"[") + body.count(b"{") > DEEPEST:
        apart = rows is not None and isinstance(value, dict) and isinstance(value.get(rows), list)
        check_value({**value, rows: []} if apart else value)
    return value


def read_text(media: str) -> str:
    """The body as text, without the mark that some programs begin a file with.

    Raises `Problem`: 415 for another media type, 400 for what is not UTF-8.
    """
    if request.mimetype != media or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(Slug.NOT_JSON, f"The body must be {media}, not compressed.")
    try:
        return request.get_data(cache=True).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise Problem(Slug.UNREADABLE, "The body is not UTF-8.") from fault


def read_file(field: str, most_bytes: int) -> tuple[str, bytes]:
    """The one file of a form, with the name that it was given there. It is held in memory and written nowhere.

    Raises `Problem`: 415 for another media type, 413 for more bytes, 400 for what is no form, 422 for a form with
    anything but one file in this field.
    """
    if request.mimetype != FORM or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(Slug.NOT_JSON, f"The body must be {FORM}, not compressed.")
    boundary = request.mimetype_params.get("boundary", "")
    if _BOUNDARY.match(boundary) is None:
        raise Problem(Slug.UNREADABLE, "The form has no boundary.")
    request.max_content_length = most_bytes + FORM_BYTES
    names, files = _parts(request.get_data(cache=False), boundary.encode("ascii"))
    faults = [FieldFault(f"/{escaped(name)}", "is no field of this form") for name in names if name != field]
    if len(files) != 1 or names != [field]:
        raise Problem(Slug.MALFORMED, errors=(*faults, FieldFault(f"/{field}", "Give one file."))[:MOST_FAULTS])
    content: bytes = files[0].stream.read()
    if len(content) > most_bytes:
        raise Problem(Slug.TOO_LARGE, f"The file holds more than {most_bytes} bytes.")
    return files[0].filename or "", content


def _in_memory(
    total_content_length: int | None,  # noqa: ARG001 - what werkzeug tells
    content_type: str | None,  # noqa: ARG001
    filename: str | None,  # noqa: ARG001
    content_length: int | None = None,  # noqa: ARG001
) -> IO[bytes]:
    """Where a part is held: not in a file that somebody could find."""
    return io.BytesIO()


def _parts(body: bytes, boundary: bytes) -> tuple[list[str], list[FileStorage]]:
    """The names of the form's parts, and the files among them."""
    parser = MultiPartParser(_in_memory, max_form_memory_size=FORM_BYTES, max_form_parts=10)
    try:
        fields, files = parser.parse(io.BytesIO(body), boundary, len(body))
    except (ValueError, TypeError, LookupError) as fault:
        raise Problem(Slug.UNREADABLE, "The body is no form.") from fault
    names = [str(name) for name, _ in (*fields.items(multi=True), *files.items(multi=True))]
    return names, [file for _, file in files.items(multi=True)]


def parse(body: bytes) -> Any:
    """The bytes as JSON values; `Problem` 400 where they are not UTF-8, not JSON, or ambiguous, 413 for too many."""
    # Each value but the first follows one of these, so they are counted before anything is made of them.
    if sum(map(body.count, (b",", b"[", b"{"))) >= MOST_VALUES:
        raise Problem(Slug.TOO_LARGE, f"The body holds more than {MOST_VALUES} values.")
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
    if len(pairs) > MOST_FIELDS:
        raise Problem(Slug.UNREADABLE, f"The body has an object of more than {MOST_FIELDS} fields.")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(Slug.UNREADABLE, "The body names a field twice in one object.")
    return found


def _refuse_constant(name: str) -> None:
    raise Problem(Slug.UNREADABLE, f"The body holds {name}, which is no JSON.")


def _integer(digits: str) -> int:
    # A number too long to convert stays too large when it is cut, and is refused with its pointer.
    return int(digits[:_DIGITS_READ])


def check_value(root: Any) -> None:
    """Returns where the JSON value can be kept. Raises `Problem` as `read_json`."""
    faults = tuple(islice(_faults(root), MOST_FAULTS))
    if faults:
        raise Problem(Slug.MALFORMED, errors=tuple(sorted(faults, key=lambda fault: fault.pointer)))


def _faults(root: Any) -> Iterator[FieldFault]:
    """What cannot be kept, with its place; no more is held than the way down to the value at hand."""
    way: list[object] = []
    levels: list[Iterator[tuple[object, Any]]] = [iter((("", root),))]
    while levels:
        key, value = next(levels[-1], (_END, None))
        if key is _END:
            levels.pop()
            del way[-1:]
        elif isinstance(value, dict | list):
            if len(levels) > DEEPEST:
                raise Problem(Slug.UNREADABLE, f"The body is nested deeper than {DEEPEST} levels.")
            way.append(key)
            if isinstance(value, dict) and not all(map(_storable, value)):
                yield FieldFault(_pointer(way), "a field's name cannot be kept")
            levels.append(iter(value.items()) if isinstance(value, dict) else iter(enumerate(value)))
        elif (message := _fault(value)) is not None:
            yield FieldFault(_pointer([*way, key]), message)


def _pointer(way: Sequence[object]) -> str:
    """The JSON pointer to where the way leads; its first step is the body itself."""
    return "".join(f"/{escaped(step)}" for step in way[1:])


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
