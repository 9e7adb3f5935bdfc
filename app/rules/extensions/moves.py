"""How a request moves, and who may move it: two tables, one of states and one of roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from app.rules.access import Actor, Role
from app.rules.extensions.values import Extension, ExtensionState
from app.rules.refusal import Kind, Refused


class Act(StrEnum):
    """What is done to a request. The first four are a reviewer's, the others the provider's side's. Source: E3."""

    APPROVE = "approved"
    APPROVE_PARTLY = "partly_approved"
    DECLINE = "declined"
    ASK = "needs_information"
    REQUEST = "requested"
    ANSWER = "answered"
    COMPLETE = "completed"
    ATTACH = "attached"
    WITHDRAW = "withdrawn"


class Whose(StrEnum):
    """Whose requests a role may move."""

    OWN = "own"
    """Those that the actor made itself, of its provider."""
    PROVIDER = "provider"
    """Those of the actor's provider."""
    MUNICIPALITY = "municipality"
    """Those about customers of the actor's municipality."""


_DECIDE = {
    Act.APPROVE: ExtensionState.APPROVED,
    Act.APPROVE_PARTLY: ExtensionState.PARTLY_APPROVED,
    Act.DECLINE: ExtensionState.DECLINED,
}
TRANSITIONS: Mapping[ExtensionState, Mapping[Act, ExtensionState]] = {
    ExtensionState.REQUESTED: {
        **_DECIDE,
        Act.ASK: ExtensionState.NEEDS_INFORMATION,
        Act.COMPLETE: ExtensionState.REQUESTED,
        Act.ATTACH: ExtensionState.REQUESTED,
        Act.WITHDRAW: ExtensionState.WITHDRAWN,
    },
    ExtensionState.NEEDS_INFORMATION: {
        Act.ANSWER: ExtensionState.REQUESTED,
        Act.COMPLETE: ExtensionState.NEEDS_INFORMATION,
        Act.ATTACH: ExtensionState.NEEDS_INFORMATION,
        Act.WITHDRAW: ExtensionState.WITHDRAWN,
    },
    ExtensionState.APPROVED: _DECIDE,
    ExtensionState.PARTLY_APPROVED: _DECIDE,
    ExtensionState.DECLINED: _DECIDE,
    ExtensionState.WITHDRAWN: {},
}
"""Where each act leads from each state; what is not in the table is refused. A decided request takes a new decision.

`Act.REQUEST` makes a request and leads from no state. Source: E3; completing and attaching: our decision.
"""

_REVIEWER = {Role.CASE_OFFICER: Whose.MUNICIPALITY}
_REQUESTER = {Role.CAREGIVER: Whose.OWN, Role.COORDINATOR: Whose.PROVIDER}
ACTORS: Mapping[Act, Mapping[Role, Whose]] = {
    Act.APPROVE: _REVIEWER,
    Act.APPROVE_PARTLY: _REVIEWER,
    Act.DECLINE: _REVIEWER,
    Act.ASK: _REVIEWER,
    Act.REQUEST: _REQUESTER,
    Act.ANSWER: _REQUESTER,
    Act.COMPLETE: {Role.COORDINATOR: Whose.PROVIDER},
    Act.ATTACH: _REQUESTER,
    Act.WITHDRAW: _REQUESTER,
}
"""Which role may do each act, and to whose requests; nobody else may. Source: A2, E3, E4."""

_IS: Mapping[Whose, Callable[[Actor, Extension, str], bool]] = {
    Whose.OWN: lambda actor, extension, _: (
        extension.requested_by == actor.id and extension.provider_id == actor.provider_id
    ),
    Whose.PROVIDER: lambda actor, extension, _: extension.provider_id == actor.provider_id,
    Whose.MUNICIPALITY: lambda actor, _, municipality: actor.municipality == municipality,
}


def move(state: ExtensionState, act: Act) -> ExtensionState:
    """The state after the act; Refused E3 where the table has no such step."""
    after = TRANSITIONS[state].get(act)
    if after is None:
        raise Refused("E3", f"a request that is {state} cannot be {act}", facts={"state": state, "act": act})
    return after


def check_actor(act: Act, actor: Actor, extension: Extension, municipality: str) -> None:
    """Returns where the actor may do the act to the request about a customer of the municipality.

    Refused E3 (403) where its role may not at all, of a decision E4; A1 (404) where the request is not its to move.
    """
    whose = ACTORS[act].get(actor.role)
    if whose is None:
        rule = "E4" if ACTORS[act] is _REVIEWER else "E3"
        raise Refused(rule, f"a request is not {act} by a {actor.role}", Kind.FORBIDDEN)
    if not _IS[whose](actor, extension, municipality):
        raise Refused("A1", "not there, or not within your scope", Kind.MISSING)
