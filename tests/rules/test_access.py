"""RULEBOOK A1, A2 and the rules of signing in (FAULTS 41, 42, 44)."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from app.rules.access import (
    CLIENT_ROLES,
    PERMISSIONS,
    USER_ROLES,
    Account,
    Actor,
    ClientAccount,
    Permission,
    Resource,
    Role,
    UserAccount,
    Verb,
    check_may,
    check_within,
    may,
    scope_of,
)
from app.rules.access.accounts import PlaceFacts, check_account, check_place, check_stays_in_place
from app.rules.access.actors import Limit, check_limits, faults_of_limits
from app.rules.refusal import Kind, Refused

SYSTEM, OTHER_SYSTEM = "system", "other-system"
PROVIDER, OTHER_PROVIDER = "provider", "other-provider"
NOW = datetime(2014, 2, 3, 8, 0, tzinfo=UTC)

# The whole of A2 once more, by hand: what stands here and nothing else. Letters as in VERBS.
VERBS = {
    "r": Verb.READ,
    "c": Verb.CREATE,
    "p": Verb.REPLACE,
    "x": Verb.CORRECT,
    "v": Verb.APPROVE,
    "e": Verb.EXPLAIN,
    "j": Verb.JUDGE,
    "q": Verb.REQUEST,
    "d": Verb.DECIDE,
    "a": Verb.ATTEST,
    "l": Verb.LOCK,
    "i": Verb.ISSUE,
    "s": Verb.SIMULATE,
    "n": Verb.ENROL,
    "k": Verb.REVOKE,
    "f": Verb.DELIVER,
    "z": Verb.CLOSE,
}
MATRIX = """
               caregiver coordinator officer controller scheduling measuring reimbursement auditor operator
care_system    -         r           r       r          -          -         -             -       rcp
municipality   -         r           r       r          -          -         -             -       r
provider       -         r           r       rcp        -          -         -             -       -
accreditation  -         r           r       rcp        -          -         -             -       -
caregiver      r         rcp         -       -          r          r         -             -       -
customer       r         r           rcp     -          r          r         -             -       -
absence        -         rcp         rcp     -          -          -         -             -       -
grant          -         r           rcp     -          -          -         r             -       -
order          -         r           rcp     -          r          -         r             -       -
tag            -         rcp         rcp     -          -          -         -             -       -
planned_visit  r         rcp         -       -          rcp        -         -             -       -
registration   rc        r           -       -          -          cf        r             -       -
visit          r         rxv         r       r          r          -         r             -       -
deviation      -         re          rj      rj         -          -         -             -       -
extension      rq        rq          rd      -          -          -         r             -       -
assessment     -         r           rz      -          -          -         -             -       -
no_choice      -         -           rcd     -          -          -         -             -       -
rate           -         -           -       rc         -          -         r             -       -
policy         -         -           -       rc         -          -         -             -       -
month          -         ra          r       rli        -          -         -             -       -
run            -         r           -       r          -          -         r             -       -
line           -         r           r       r          -          -         r             -       -
report         -         -           -       r          -          -         -             -       -
change         -         -           -       -          r          -         r             -       -
billing_party  -         r           -       rcp        -          -         r             -       -
webhook        -         -           -       -          rcp        -         rcp           -       -
simulation     -         -           -       s          -          -         -             -       -
user           -         -           -       -          -          -         -             -       rcp
client         -         -           -       -          -          -         -             -       rcp
device         n         rck         -       -          -          -         -             -       -
quarantined_registration - rj        -       -          -          -         -             -       -
access_log     -         -           -       -          -          -         -             r       -
ledger         -         -           -       r          -          -         -             r       -
"""


def _matrix() -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    roles = [next(role for role in Role if name in role.split("_")) for name in head]
    return {(role, row[0]): letters for row in rows for role, letters in zip(roles, row[1:], strict=True)}


STATED = _matrix()
SCOPES: dict[Role, dict[str, str]] = {
    Role.CAREGIVER: {"care_system_id": SYSTEM, "provider_id": PROVIDER, "caregiver_id": "caregiver"},
    Role.COORDINATOR: {"care_system_id": SYSTEM, "provider_id": PROVIDER},
    Role.CASE_OFFICER: {"care_system_id": SYSTEM, "municipality": "2029"},
    Role.CONTROLLER: {"care_system_id": SYSTEM},
    Role.SCHEDULING_CLIENT: {"care_system_id": SYSTEM, "provider_id": PROVIDER},
    Role.MEASURING_CLIENT: {"care_system_id": SYSTEM, "provider_id": PROVIDER},
    Role.REIMBURSEMENT_CLIENT: {"care_system_id": SYSTEM},
    Role.AUDITOR: {"care_system_id": SYSTEM},
    Role.OPERATOR: {},
}


def actor(role: Role, **changes: str | None) -> Actor:
    return Actor(id="someone", role=role, **{**SCOPES[role], **changes})  # type: ignore[arg-type]


def test_A2_the_matrix_names_every_role_and_every_resource() -> None:
    assert set(STATED) == set(itertools.product(Role, Resource))


@pytest.mark.parametrize(("role", "resource"), list(itertools.product(Role, Resource)), ids=str)
def test_A2_a_role_may_do_exactly_what_the_matrix_says(role: Role, resource: Resource) -> None:
    letters = STATED[role, resource].replace("-", "")
    wanted = {VERBS[letter] for letter in letters}
    for verb in Verb:
        permission = Permission(resource, verb)
        assert may(role, permission) is (verb in wanted), f"{role}: {permission}"
        if verb in wanted:
            check_may(actor(role), permission)
            continue
        with pytest.raises(Refused) as refused:
            check_may(actor(role), permission)
        assert (refused.value.rule, refused.value.kind) == ("A2", Kind.FORBIDDEN)


def test_A1_a_role_without_a_line_in_the_table_may_nothing() -> None:
    assert set(PERMISSIONS) == set(Role)
    unheard_of: Role = "night_watch"  # type: ignore[assignment]
    assert not any(may(unheard_of, Permission(resource, verb)) for resource in Resource for verb in Verb)


def test_A2_the_operator_reaches_no_persons_data() -> None:
    personal = set(Resource) - {Resource.CARE_SYSTEM, Resource.MUNICIPALITY, Resource.USER, Resource.CLIENT}
    assert not {permission.resource for permission in PERMISSIONS[Role.OPERATOR]} & personal


def test_A3_the_access_log_is_read_by_the_auditor_and_by_nobody_else() -> None:
    readers = {role for role in Role if any(one.resource is Resource.ACCESS_LOG for one in PERMISSIONS[role])}
    assert readers == {Role.AUDITOR}


def test_A2_every_role_is_either_a_persons_or_a_machines() -> None:
    assert set(Role) == USER_ROLES | CLIENT_ROLES
    assert not USER_ROLES & CLIENT_ROLES
    assert {role for role in Role if role.endswith("_client")} == CLIENT_ROLES


@pytest.mark.parametrize("role", Role, ids=str)
@pytest.mark.parametrize("limit", Limit, ids=str)
def test_A1_an_actor_has_the_limits_of_its_role_and_no_others(role: Role, limit: Limit) -> None:
    stated: dict[str, str | None] = dict(SCOPES[role])
    if (role, limit) == (Role.MEASURING_CLIENT, Limit.PROVIDER):
        assert actor(role, provider_id=None).provider_id is None
        return
    stated[limit] = None if limit in stated else "something"
    assert [one for one, _ in faults_of_limits(role, {Limit(name): value for name, value in stated.items()})] == [limit]
    with pytest.raises(ValueError, match=limit):
        Actor(id="someone", role=role, **stated)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        check_limits(role, {Limit(name): value for name, value in stated.items()})
    assert (refused.value.kind, refused.value.pointer) == (Kind.INVALID, f"/{limit}")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR], ids=str)
@pytest.mark.parametrize("resource", Resource, ids=str)
def test_A1_no_scope_but_the_operators_leaves_its_care_system(role: Role, resource: Resource) -> None:
    scope = scope_of(actor(role), resource)

    def covers(care_system_id: str) -> bool:
        return scope.covers(
            care_system_id=care_system_id, municipality="2029", provider_ids={PROVIDER}, caregiver_ids={"caregiver"}
        )

    assert covers(SYSTEM)
    assert not covers(OTHER_SYSTEM)


def test_A1_the_operator_is_in_no_care_system_and_keeps_the_accounts_of_all() -> None:
    operator = actor(Role.OPERATOR)
    assert scope_of(operator, Resource.USER).covers(care_system_id=SYSTEM)
    assert scope_of(operator, Resource.USER).covers(care_system_id=OTHER_SYSTEM)
    with pytest.raises(Refused) as refused:
        _ = operator.care_system
    assert refused.value.kind is Kind.MISSING
    assert actor(Role.AUDITOR).care_system == SYSTEM


SCOPE_CASES = [
    ("a coordinator, own provider", Role.COORDINATOR, Resource.VISIT, {"provider_ids": {PROVIDER}}, True),
    ("a coordinator, another provider", Role.COORDINATOR, Resource.VISIT, {"provider_ids": {OTHER_PROVIDER}}, False),
    ("a coordinator, nobody's", Role.COORDINATOR, Resource.CUSTOMER, {}, False),
    ("a coordinator, a customer of two", Role.COORDINATOR, Resource.CUSTOMER, {"provider_ids": {PROVIDER, "p2"}}, True),
    ("a coordinator, the care system", Role.COORDINATOR, Resource.CARE_SYSTEM, {}, True),
    ("a case officer, own municipality", Role.CASE_OFFICER, Resource.CUSTOMER, {"municipality": "2029"}, True),
    ("a case officer, the neighbour", Role.CASE_OFFICER, Resource.CUSTOMER, {"municipality": "2031"}, False),
    ("a case officer, municipality unknown", Role.CASE_OFFICER, Resource.CUSTOMER, {}, False),
    ("a case officer, any provider", Role.CASE_OFFICER, Resource.PROVIDER, {"provider_ids": {PROVIDER}}, True),
    ("a controller, either municipality", Role.CONTROLLER, Resource.LINE, {"municipality": "2031"}, True),
    (
        "a caregiver, own registration",
        Role.CAREGIVER,
        Resource.REGISTRATION,
        {"provider_ids": {PROVIDER}, "caregiver_ids": {"caregiver"}},
        True,
    ),
    (
        "a caregiver, a colleague's registration",
        Role.CAREGIVER,
        Resource.REGISTRATION,
        {"provider_ids": {PROVIDER}, "caregiver_ids": {"colleague"}},
        False,
    ),
    (
        "a caregiver, a shared planned visit",
        Role.CAREGIVER,
        Resource.PLANNED_VISIT,
        {"provider_ids": {PROVIDER}, "caregiver_ids": {"colleague", "caregiver"}},
        True,
    ),
    (
        "a caregiver, own id at another provider",
        Role.CAREGIVER,
        Resource.REGISTRATION,
        {"provider_ids": {OTHER_PROVIDER}, "caregiver_ids": {"caregiver"}},
        False,
    ),
    (
        "a measuring client, another provider",
        Role.MEASURING_CLIENT,
        Resource.REGISTRATION,
        {"provider_ids": {OTHER_PROVIDER}},
        False,
    ),
]


@pytest.mark.parametrize(
    ("role", "resource", "fact", "within"), [case[1:] for case in SCOPE_CASES], ids=[case[0] for case in SCOPE_CASES]
)
def test_A1_what_is_outside_scope_answers_as_if_it_did_not_exist(
    role: Role, resource: Resource, fact: dict[str, object], within: bool
) -> None:
    scope = scope_of(actor(role), resource)
    if within:
        check_within(scope, care_system_id=SYSTEM, **fact)  # type: ignore[arg-type]
        return
    with pytest.raises(Refused) as refused:
        check_within(scope, care_system_id=SYSTEM, **fact)  # type: ignore[arg-type]
    assert (refused.value.rule, refused.value.kind) == ("A1", Kind.MISSING)


def test_V17_a_measuring_client_without_a_provider_measures_for_the_whole_care_system() -> None:
    scope = scope_of(actor(Role.MEASURING_CLIENT, provider_id=None), Resource.REGISTRATION)
    assert scope.covers(care_system_id=SYSTEM, provider_ids={OTHER_PROVIDER})


def test_A2_names_are_for_those_who_meet_plan_for_or_decide_about_people() -> None:
    with_names = {role for role in Role if scope_of(actor(role), Resource.CUSTOMER).with_names}
    assert with_names == {Role.CAREGIVER, Role.COORDINATOR, Role.CASE_OFFICER, Role.SCHEDULING_CLIENT}


def test_A1_an_actor_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        actor(Role.AUDITOR).role = Role.OPERATOR  # type: ignore[misc]


def user(role: Role = Role.COORDINATOR, username: str = "anna.ek", **changes: str | None) -> UserAccount:
    return UserAccount(role=role, username=username, **{**SCOPES[role], **changes})  # type: ignore[arg-type]


def refusal(check: Callable[..., None], *arguments: object) -> str:
    """The pointer of the 422 that the check refuses with, 'fits' where it does not."""
    try:
        check(*arguments)
    except Refused as refused:
        return refused.pointer if refused.kind is Kind.INVALID else refused.kind
    return "fits"


def test_A2_a_user_has_a_persons_role_and_a_client_a_machines() -> None:
    for role in Role:
        expected = "fits" if role in USER_ROLES else "/role"
        assert refusal(check_account, user(role)) == expected
        client = ClientAccount(role=role, name="x", **SCOPES[role])  # type: ignore[arg-type]
        assert refusal(check_account, client) == ("fits" if role in CLIENT_ROLES else "/role")


@pytest.mark.parametrize(
    ("username", "fits"),
    [
        ("ann", True),
        ("an", False),
        ("a" * 64, True),
        ("a" * 65, False),
        ("anna.ek@x-y_z", True),
        ("Anna", False),
        (".anna", False),
        ("anna\n", False),
        ("аnna", False),
    ],
)
def test_A1_a_username_cannot_be_mistaken_for_another(username: str, fits: bool) -> None:
    assert refusal(check_account, user(username=username)) == ("fits" if fits else "/username")


PLACE = PlaceFacts(municipalities=frozenset({"2029"}), provider_is_there=True, caregivers_provider_id=PROVIDER)


@pytest.mark.parametrize(
    ("account", "facts", "pointer"),
    [
        (user(Role.CAREGIVER), PLACE, "fits"),
        (user(Role.OPERATOR), dataclasses.replace(PLACE, municipalities=None), "fits"),
        (user(Role.AUDITOR), dataclasses.replace(PLACE, municipalities=None), "/care_system_id"),
        (user(Role.CASE_OFFICER), PLACE, "fits"),
        (user(Role.CASE_OFFICER, municipality="2031"), PLACE, "/municipality"),
        (user(Role.COORDINATOR), dataclasses.replace(PLACE, provider_is_there=False), "/provider_id"),
        (user(Role.CAREGIVER), dataclasses.replace(PLACE, caregivers_provider_id=None), "/caregiver_id"),
        (user(Role.CAREGIVER), dataclasses.replace(PLACE, caregivers_provider_id=OTHER_PROVIDER), "/caregiver_id"),
    ],
)
def test_A1_what_limits_an_account_is_there_and_belongs_together(
    account: Account, facts: PlaceFacts, pointer: str
) -> None:
    assert refusal(check_place, account, facts) == pointer


def test_A1_an_account_stays_in_its_care_system() -> None:
    assert refusal(check_stays_in_place, user(), user(Role.AUDITOR)) == "fits"
    assert refusal(check_stays_in_place, user(), user(care_system_id=OTHER_SYSTEM)) == "/care_system_id"
    assert refusal(check_stays_in_place, user(), user(Role.OPERATOR)) == "/care_system_id"
