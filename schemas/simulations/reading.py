"""A scenario file becomes a scenario, or says which field to mend."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from marshmallow import ValidationError

from app.rules.deviations.facts import Facts
from app.rules.policies import Policy
from app.rules.providers import CareSystem
from app.rules.scenario import Scenario
from app.rules.time import BEGINNING, month_interval
from schemas.problems import Path, field_problems
from schemas.references import nested, references, resolved
from schemas.simulations.sections import SECTIONS, Made, Section
from schemas.simulations.shapes import ScenarioSchema
from schemas.texts import any_identifiers

Messages = dict[Path, str]
_NAMED = {"visit": "registrations", **{section.resource: section.name for section in SECTIONS}}
_FILE = ScenarioSchema()
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""What is now in a file that states no instant and no month: nothing has happened yet."""


class ScenarioError(ValueError):
    """A file that cannot be read. `errors` are {pointer, message}, the first of them in `pointer` and `message`."""

    def __init__(self, errors: Iterable[Mapping[str, str]]) -> None:
        self.errors = tuple(dict(error) for error in errors)
        self.pointer, self.message = self.errors[0]["pointer"], self.errors[0]["message"]
        super().__init__("; ".join(f"{error['pointer'] or '(the whole)'}: {error['message']}" for error in self.errors))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as loaded, its id given or made from its content."""

    section: Section
    index: int | str
    id: str
    raw: Mapping[str, Any]
    loaded: dict[str, Any]

    def path(self, *steps: str | int) -> Path:
        """The way to the row, or to a field of it."""
        return (self.section.name, self.index, *steps)


def read_scenario(raw: object) -> Scenario:
    """The scenario that the object says; the order of its arrays never matters. Raises ScenarioError.

    Source: CONTRACT, Scenario files.
    """
    with any_identifiers():
        head = _load_head(raw)
        rows = _load_rows(head)
    _refuse(_foreign(rows, head["care_system"]) | _unknown(rows) | _unlocked(head))
    made = _make(rows)
    facts = _facts(made)
    months = tuple(sorted(set(head["months"])))
    care_system = _care_system(head["care_system"])
    locks = tuple(sorted(head["locked_at"].items()))
    now = head["now"] or _latest((facts, care_system, locks), months)
    return Scenario(facts=facts, months=months, now=now, locked_at=locks, care_system=care_system)


def _load_head(raw: object) -> dict[str, Any]:
    told: Any = raw
    try:
        head: dict[str, Any] = _FILE.load(told)
    except ValidationError as error:
        raise ScenarioError(field_problems(error.messages)) from error
    if not isinstance(head["policies"], (list, Mapping)):
        _refuse({("policies",): 'Give a list of policies, or an object of names and values such as {"cap": "none"}.'})
    return head


def _load_rows(head: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    errors: dict[str, Any] = {}
    for section in SECTIONS:
        for index, raw in _indexed(head[section.name]):
            try:
                loaded = section.schema.load(raw)
            except ValidationError as error:
                said: Any = error.messages if isinstance(index, int) else list(error.messages_dict.values())
                errors.setdefault(section.name, {})[index] = said
            else:
                named = loaded["id"] or _made_id(section, raw)
                rows.append(Row(section=section, index=index, id=named, raw=raw, loaded={**loaded, "id": named}))
    if errors:
        raise ScenarioError(field_problems(errors))
    return rows


def _indexed(rows: list[Any] | Mapping[str, Any]) -> Iterable[tuple[int | str, Any]]:
    """The rows with their places; policies may stand as an object of names and values."""
    if isinstance(rows, Mapping):
        return [(name, {"name": name, "value": value}) for name, value in rows.items()]
    return enumerate(rows)


def _made_id(section: Section, raw: Mapping[str, Any]) -> str:
    """An id that depends on the content alone, so that the order of the rows never matters."""
    content = json.dumps(raw, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
    return f"{section.resource}-{hashlib.sha256(content).hexdigest()[:16]}"


def _foreign(rows: Iterable[Row], care_system: Mapping[str, Any] | None) -> Messages:
    """Rows of a municipality that is none of the care system's."""
    shared = care_system["municipalities"] if care_system else ()
    return {
        row.path("municipality"): f"Give one of the care system's municipalities: {', '.join(shared)}."
        for row in rows
        if shared and row.loaded.get("municipality") not in (None, *shared)
    }


def _unknown(rows: Iterable[Row]) -> Messages:
    """References to what is not in the file. A visit named by a registration may have begun out of sight (V4)."""
    told = tuple(rows)
    ids = {(row.section.name, row.id) for row in told}
    externals = {(row.section.name, row.loaded["external_id"]) for row in told}
    errors: Messages = {}
    for row in told:
        for one in references(row.loaded):
            if one.resource == "visit" and row.section.name == "registrations":
                continue
            section = _NAMED[one.resource]
            if (section, one.named) not in (externals if one.external else ids):
                errors[row.path(*one.path)] = f"Give one that stands in {section}: {one.named} does not."
    return errors


def _unlocked(head: Mapping[str, Any]) -> Messages:
    return {
        ("locked_at", month): "Name the month in months too: only those are closed."
        for month in head["locked_at"]
        if month not in head["months"]
    }


def _make(rows: Iterable[Row]) -> dict[str, list[Made]]:
    """The values of each section by id, what stands twice taken once."""
    told = tuple(rows)
    theirs = _theirs(told)
    kept: dict[tuple[str, str], Made] = {}
    errors: Messages = {}
    for row in told:
        made = row.section.make(resolved(row.loaded, theirs), row.raw)
        before = kept.setdefault((row.section.name, row.id), made)
        if before.content != made.content:
            errors[row.path("id")] = f"Give another id: {row.id} stands for other content in the same list."
        elif made.rank < before.rank:
            kept[row.section.name, row.id] = made
    _refuse(errors)
    found: dict[str, list[Made]] = {section.name: [] for section in SECTIONS}
    for (name, _), made in sorted(kept.items(), key=lambda one: one[0]):
        found[name].append(made)
    _refuse(_contradictory([made.value for made in found["policies"]]))
    return found


def _theirs(rows: Iterable[Row]) -> dict[tuple[str, str], str]:
    """Ids by (resource, external id), which names one row only."""
    found: dict[tuple[str, str], str] = {}
    errors: Messages = {}
    for row in rows:
        external = row.loaded["external_id"]
        if external is not None and found.setdefault((row.section.resource, external), row.id) != row.id:
            errors[row.path("external_id")] = f"Give another external id: {external} is another's in the same list."
    _refuse(errors)
    return found


def _contradictory(policies: Iterable[Policy]) -> Messages:
    """A policy that holds two values from one day on."""
    seen: dict[tuple[object, ...], object] = {}
    for one in policies:
        key = (one.municipality, one.name, one.valid_from, one.recorded_at)
        if seen.setdefault(key, one.value) != one.value:
            return {("policies",): f"Give {one.name} one value from {one.valid_from.isoformat()} on."}
    return {}


def _facts(made: Mapping[str, list[Made]]) -> Facts:
    values: dict[str, Any] = {name: tuple(one.value for one in several) for name, several in made.items()}
    decisions = tuple(
        sorted((decision for one in made["extensions"] for decision in one.decisions), key=lambda one: one.id)
    )
    return Facts(**{**values, "accreditations": values["accreditations"] or None, "decisions": decisions})


def _care_system(loaded: Mapping[str, Any] | None) -> CareSystem | None:
    if loaded is None:
        return None
    told = {"id": loaded["id"] or "care_system", "recorded_at": loaded["recorded_at"] or BEGINNING}
    return CareSystem(**{**loaded, **told})


def _latest(stated: object, months: tuple[str, ...]) -> datetime:
    """The latest instant that the file states, else the end of its last month."""
    fallback = month_interval(months[-1]).end if months else _LONG_AGO
    return max((one for one in _instants(stated) if one > BEGINNING), default=fallback)


def _instants(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _instants(one)
    elif is_dataclass(value) and not isinstance(value, (type, Enum)):
        for field in fields(value):
            yield from _instants(getattr(value, field.name))


def _refuse(errors: Messages) -> None:
    if errors:
        raise ScenarioError(field_problems(nested(errors)))
