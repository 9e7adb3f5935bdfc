"""The nine roles and everything each of them may do. What is not written here is not allowed. Source: A1, A2."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Role(StrEnum):
    """What an actor is to the care system. Source: A2."""

    CAREGIVER = "caregiver"
    COORDINATOR = "coordinator"
    CASE_OFFICER = "case_officer"
    CONTROLLER = "controller"
    SCHEDULING_CLIENT = "scheduling_client"
    MEASURING_CLIENT = "measuring_client"
    REIMBURSEMENT_CLIENT = "reimbursement_client"
    AUDITOR = "auditor"
    OPERATOR = "operator"


CLIENT_ROLES = frozenset({Role.SCHEDULING_CLIENT, Role.MEASURING_CLIENT, Role.REIMBURSEMENT_CLIENT})
"""Roles of machines: they have a secret and no refresh token."""
USER_ROLES = frozenset(Role) - CLIENT_ROLES
"""Roles of people: they have a username and a password."""


class Resource(StrEnum):
    """What a path of the API is about, in the singular of its name. Source: CONTRACT."""

    CARE_SYSTEM = "care_system"
    MUNICIPALITY = "municipality"
    PROVIDER = "provider"
    ACCREDITATION = "accreditation"
    CAREGIVER = "caregiver"
    CUSTOMER = "customer"
    ABSENCE = "absence"
    GRANT = "grant"
    ORDER = "order"
    TAG = "tag"
    PLANNED_VISIT = "planned_visit"
    REGISTRATION = "registration"
    VISIT = "visit"
    DEVIATION = "deviation"
    EXTENSION = "extension"
    ASSESSMENT = "assessment"
    NO_CHOICE = "no_choice"
    RATE = "rate"
    POLICY = "policy"
    MONTH = "month"
    RUN = "run"
    LINE = "line"
    REPORT = "report"
    CHANGE = "change"
    SIMULATION = "simulation"
    BILLING_PARTY = "billing_party"
    WEBHOOK = "webhook"
    USER = "user"
    CLIENT = "client"
    DEVICE = "device"
    QUARANTINED_REGISTRATION = "quarantined_registration"
    ACCESS_LOG = "access_log"
    LEDGER = "ledger"


class Verb(StrEnum):
    """What is done to a resource. The act verbs name the paths below it: `correct` is POST visits/{id}/corrections."""

    READ = "read"
    CREATE = "create"
    REPLACE = "replace"
    CORRECT = "correct"
    """Of a visit: make a correction (V10)."""
    APPROVE = "approve"
    """Of a visit: approve another's correction (V10)."""
    EXPLAIN = "explain"
    """Of deviations: give the provider's reason."""
    JUDGE = "judge"
    """Of deviations: accept or reject an explanation."""
    REQUEST = "request"
    """Of an extension: ask for it, answer questions about it, withdraw it (E3)."""
    DECIDE = "decide"
    """Of an extension: the reviewer's decision (E4). Of a no-choice proposal: who gets the customer (P2)."""
    CLOSE = "close"
    """Of a proposed assessment: it was made, or there is no need of one (E7)."""
    ATTEST = "attest"
    LOCK = "lock"
    ISSUE = "issue"
    SIMULATE = "simulate"
    ENROL = "enrol"
    """Of a device: register the key of the phone that one is signed in on (V17)."""
    REVOKE = "revoke"
    """Of a device: take a lost phone out of use."""
    DELIVER = "deliver"
    """Of registrations: deliver a measuring system's file (V17, LR 3.6.3)."""


class Permission(NamedTuple):
    """One verb on one resource."""

    resource: Resource
    verb: Verb

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


_READ = (Verb.READ,)
_KEEP = (Verb.READ, Verb.CREATE, Verb.REPLACE)


def _all_of(stated: Mapping[Resource, tuple[Verb, ...]]) -> frozenset[Permission]:
    return frozenset(Permission(resource, verb) for resource, verbs in stated.items() for verb in verbs)


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.CAREGIVER: _all_of(
            {
                Resource.CAREGIVER: _READ,
                Resource.CUSTOMER: _READ,
                Resource.PLANNED_VISIT: _READ,
                Resource.REGISTRATION: (Verb.READ, Verb.CREATE),
                Resource.VISIT: _READ,
                Resource.EXTENSION: (Verb.READ, Verb.REQUEST),
                Resource.DEVICE: (Verb.ENROL,),
            }
        ),
        Role.COORDINATOR: _all_of(
            {
                Resource.CARE_SYSTEM: _READ,
                Resource.MUNICIPALITY: _READ,
                Resource.PROVIDER: _READ,
                Resource.ACCREDITATION: _READ,
                Resource.CAREGIVER: _KEEP,
                Resource.CUSTOMER: _READ,
                Resource.ABSENCE: _KEEP,
                Resource.GRANT: _READ,
                Resource.ORDER: _READ,
                Resource.TAG: _KEEP,
                Resource.PLANNED_VISIT: _KEEP,
                Resource.REGISTRATION: _READ,
                Resource.VISIT: (Verb.READ, Verb.CORRECT, Verb.APPROVE),
                Resource.DEVIATION: (Verb.READ, Verb.EXPLAIN),
                Resource.EXTENSION: (Verb.READ, Verb.REQUEST),
                Resource.ASSESSMENT: _READ,
                Resource.MONTH: (Verb.READ, Verb.ATTEST),
                Resource.RUN: _READ,
                Resource.LINE: _READ,
                Resource.BILLING_PARTY: _READ,
                Resource.DEVICE: (Verb.READ, Verb.CREATE, Verb.REVOKE),
                Resource.QUARANTINED_REGISTRATION: (Verb.READ, Verb.JUDGE),
            }
        ),
        Role.CASE_OFFICER: _all_of(
            {
                Resource.CARE_SYSTEM: _READ,
                Resource.MUNICIPALITY: _READ,
                Resource.PROVIDER: _READ,
                Resource.ACCREDITATION: _READ,
                Resource.CUSTOMER: _KEEP,
                Resource.ABSENCE: _KEEP,
                Resource.GRANT: _KEEP,
                Resource.ORDER: _KEEP,
                Resource.TAG: _KEEP,
                Resource.VISIT: _READ,
                Resource.DEVIATION: (Verb.READ, Verb.JUDGE),
                Resource.EXTENSION: (Verb.READ, Verb.DECIDE),
                Resource.ASSESSMENT: (Verb.READ, Verb.CLOSE),
                Resource.NO_CHOICE: (Verb.READ, Verb.CREATE, Verb.DECIDE),
                Resource.MONTH: _READ,
                Resource.LINE: _READ,
            }
        ),
        Role.CONTROLLER: _all_of(
            {
                Resource.CARE_SYSTEM: _READ,
                Resource.MUNICIPALITY: _READ,
                Resource.PROVIDER: _KEEP,
                Resource.ACCREDITATION: _KEEP,
                Resource.VISIT: _READ,
                Resource.DEVIATION: (Verb.READ, Verb.JUDGE),
                Resource.RATE: (Verb.READ, Verb.CREATE),
                Resource.POLICY: (Verb.READ, Verb.CREATE),
                Resource.MONTH: (Verb.READ, Verb.LOCK, Verb.ISSUE),
                Resource.RUN: _READ,
                Resource.LINE: _READ,
                Resource.REPORT: _READ,
                Resource.BILLING_PARTY: _KEEP,
                Resource.SIMULATION: (Verb.SIMULATE,),
                Resource.LEDGER: _READ,
            }
        ),
        Role.SCHEDULING_CLIENT: _all_of(
            {
                Resource.CAREGIVER: _READ,
                Resource.CUSTOMER: _READ,
                Resource.ORDER: _READ,
                Resource.PLANNED_VISIT: _KEEP,
                Resource.VISIT: _READ,
                Resource.CHANGE: _READ,
                Resource.WEBHOOK: _KEEP,
            }
        ),
        Role.MEASURING_CLIENT: _all_of(
            {
                Resource.CAREGIVER: _READ,
                Resource.CUSTOMER: _READ,
                Resource.REGISTRATION: (Verb.CREATE, Verb.DELIVER),
            }
        ),
        Role.REIMBURSEMENT_CLIENT: _all_of(
            {
                Resource.GRANT: _READ,
                Resource.ORDER: _READ,
                Resource.REGISTRATION: _READ,
                Resource.VISIT: _READ,
                Resource.EXTENSION: _READ,
                Resource.RATE: _READ,
                Resource.RUN: _READ,
                Resource.LINE: _READ,
                Resource.BILLING_PARTY: _READ,
                Resource.CHANGE: _READ,
                Resource.WEBHOOK: _KEEP,
            }
        ),
        Role.AUDITOR: _all_of({Resource.ACCESS_LOG: _READ, Resource.LEDGER: _READ}),
        Role.OPERATOR: _all_of(
            {
                Resource.CARE_SYSTEM: _KEEP,
                Resource.MUNICIPALITY: _READ,
                Resource.USER: _KEEP,
                Resource.CLIENT: _KEEP,
            }
        ),
    }
)
