"""References: which resources a loaded request names, and ids of ours in place of ids of theirs.

A request may name a resource by `x_id` or by `x_external_id` (CONTRACT). Loading keeps them apart; who knows the store
asks `references` for what to look up and gives `resolved` the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from marshmallow import ValidationError

EXTERNAL = ("_external_id", "_external_ids")
RESOURCES = ("customer", "provider", "caregiver", "grant", "planned_visit", "visit", "order", "deviation")
_HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One reference: what is named, by which id, whether that is the other system's, and the way to the field."""

    resource: str
    named: str
    external: bool
    path: tuple[str | int, ...]


class Pending(dict[str, Any]):
    """The keyword arguments of a value that cannot be made before its external ids are known."""

    def __init__(self, makes: type[Any], data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.makes = makes


def own_name(external: str) -> str:
    """The field for our id beside a field for theirs: `customer_id`, `caregiver_ids`, `household`."""
    name = external.replace("_external_id", "_id")
    return _HOUSEHOLD if name == f"{_HOUSEHOLD}_ids" else name


def references(loaded: Any, path: tuple[str | int, ...] = ()) -> Iterator[Reference]:
    """Every reference in what a request schema loaded, also inside its values, in order."""
    for key, value in _members(loaded):
        resource, external = _resource(key), str(key).endswith(EXTERNAL)
        if resource is not None and isinstance(value, str):
            yield Reference(resource=resource, named=value, external=external, path=(*path, key))
        elif resource is not None and isinstance(value, tuple) and all(isinstance(one, str) for one in value):
            for index, one in enumerate(value):
                yield Reference(resource=resource, named=one, external=external, path=(*path, key, index))
        else:
            yield from references(value, (*path, key))


def resolved(loaded: Mapping[str, Any], ids: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The same with ids of ours alone. `ids` gives them by (resource, external id).

    Raises ValidationError, which names each field whose external id is not among them.
    """
    missing = [one.path for one in references(loaded) if one.external and (one.resource, one.named) not in ids]
    if missing:
        raise ValidationError(nested(dict.fromkeys(missing, "Nothing of this external id is known here.")))
    done: dict[str, Any] = _resolve(dict(loaded), ids)
    return done


def nested(messages: Mapping[tuple[str | int, ...], str]) -> dict[str | int, Any]:
    """Messages by path as the nested mapping that marshmallow raises."""
    errors: dict[str | int, Any] = {}
    for path, message in messages.items():
        inner = errors
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner.setdefault(path[-1], []).append(message)
    return errors


def _resolve(value: Any, ids: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_resolve(one, ids) for one in value)
    if not isinstance(value, dict):
        return value
    done: dict[str, Any] = {}
    for key, inner in value.items():
        resource = _resource(key)
        if resource is None or not key.endswith(EXTERNAL):
            done[key] = _resolve(inner, ids)
        elif isinstance(inner, tuple):
            done[own_name(key)] = tuple(ids[resource, one] for one in inner)
        else:
            done[own_name(key)] = ids[resource, inner]
    return value.makes(**done) if isinstance(value, Pending) else done


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, (type, Enum)):
        for field in fields(value):
            yield field.name, getattr(value, field.name)


def _resource(key: str | int) -> str | None:
    """The resource that a field of this name refers to, None where it is no reference."""
    if not isinstance(key, str):
        return None
    if key in (_HOUSEHOLD, f"{_HOUSEHOLD}_external_ids"):
        return "customer"
    name, mark, plural = own_name(key).rpartition("_id")
    return name if mark and plural in ("", "s") and name in RESOURCES else None
