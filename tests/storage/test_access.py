"""Signing in, staying so and being let go, on both databases. RULEBOOK A1, A2; FAULTS 41, 42, 44."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import extract_parameters
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.actions.access import clients, secrets, signing_in, users
from app.actions.access.faults import ChangedMeanwhile, NotSignedIn, TooManyTries
from app.actions.access.secrets import digest, hash_password, is_password, new_secret
from app.actions.access.signing_in import SignedIn
from app.actions.access.tokens import Claims
from app.actions.weeding import weed
from app.rules.access import Actor, Kept, Role, UserAccount
from app.rules.refusal import Kind, Refused
from app.storage.access import Subject, sessions
from app.storage.access.sessions import SessionKey
from app.storage.database import Database, open_database
from app.storage.ids import new_id
from app.storage.tables import access as tables
from app.storage.tables import metadata
from tests.accounts import (
    NOW,
    PASSWORD,
    keep_care_system,
    keep_caregiver,
    keep_client,
    keep_operator,
    keep_provider,
    keep_user,
)
from tests.counts import count
from tests.settings import settings_for


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A database with an operator, a care system, and one user in it."""

    database: Database
    operator: Actor
    care_system_id: str
    auditor: Kept[UserAccount]

    def claims(self, kept: Kept[Any], subject: Subject = Subject.USER) -> Claims:
        return Claims(subject=subject, actor_id=kept.id, session_id=None, expires_at=0)

    def sign_in(self, now: datetime = NOW) -> SignedIn:
        return signing_in.by_password(self.database, "auditor", PASSWORD, now)

    def refresh(self, token: str | None, seconds: int = 0) -> str:
        """The successor of the token, exchanged some seconds after NOW."""
        assert token is not None
        found = signing_in.by_refresh_token(self.database, token, NOW + timedelta(seconds=seconds)).refresh_token
        assert found is not None
        return found

    def replaced(self, **changes: Any) -> Kept[UserAccount]:
        """The user with some fields changed; `password` may be among them."""
        now = users.read_user(self.database, self.operator, self.auditor.id)
        password = changes.pop("password", None)
        account = replace(now.account, **changes)
        return users.replace_user(self.database, self.operator, now.id, now.version, account, password, NOW)


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    database = open_database(settings_for(database_url))
    operator = keep_operator(database)
    care_system_id = keep_care_system(database)
    auditor = keep_user(database, operator, Role.AUDITOR, "auditor", care_system_id=care_system_id)
    yield House(database=database, operator=operator, care_system_id=care_system_id, auditor=auditor)
    database.close()


def refused(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def test_A1_signing_in_gives_the_role_and_scope_that_are_kept(house: House) -> None:
    provider_id = keep_provider(house.database, house.care_system_id)
    caregiver_id = keep_caregiver(house.database, house.care_system_id, provider_id)
    scope = {"care_system_id": house.care_system_id, "provider_id": provider_id, "caregiver_id": caregiver_id}
    kept = keep_user(house.database, house.operator, Role.CAREGIVER, "caregiver", **scope)
    signed = signing_in.by_password(house.database, "caregiver", PASSWORD, NOW)
    assert signed.actor == Actor(id=kept.id, role=Role.CAREGIVER, session_id=signed.actor.session_id, **scope)  # type: ignore[arg-type]
    assert signed.actor.session_id is not None


def test_A1_an_unknown_name_and_a_wrong_password_are_answered_alike(house: House) -> None:
    said = set()
    for username, password in (("nobody", PASSWORD), ("auditor", "wrong"), ("audi\0tor"[:4], ""), ("auditor", "")):
        with pytest.raises(NotSignedIn) as caught:
            signing_in.by_password(house.database, username, password, NOW)
        said.add(str(caught.value))
    assert len(said) == 1


class Worked:
    """The hasher, and what each comparison costs it: memory, passes, lanes."""

    def __init__(self) -> None:
        self.costs: list[tuple[int, int, int]] = []
        self.hasher = secrets._hasher

    def verify(self, stored: str, password: str) -> bool:
        """As the hasher has it."""
        told = extract_parameters(stored)
        self.costs.append((told.memory_cost, told.time_cost, told.parallelism))
        return self.hasher.verify(stored, password)


def test_A1_an_unknown_name_takes_as_long_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """FAULTS 44: it is compared with somebody's hash that costs the same, and the answer is no."""
    stored, worked = hash_password(PASSWORD), Worked()
    monkeypatch.setattr(secrets, "_hasher", worked)
    assert not is_password("wrong", None)
    assert not is_password("wrong", stored)
    assert is_password(PASSWORD, stored)
    assert len(worked.costs) == 3
    assert len(set(worked.costs)) == 1


def test_A1_after_ten_failed_tries_even_the_right_password_waits(house: House) -> None:
    """FAULTS 44: for fifteen minutes, for that name alone, and no longer."""
    for second in range(10):
        with pytest.raises(NotSignedIn):
            signing_in.by_password(house.database, "auditor", "wrong", NOW + timedelta(seconds=second))
    for second, wait in ((10, 890), (899, 1)):
        with pytest.raises(TooManyTries) as caught:
            house.sign_in(NOW + timedelta(seconds=second))
        assert caught.value.seconds == wait
    other = signing_in.by_password(house.database, "operator", PASSWORD, NOW + timedelta(seconds=10))
    assert other.actor.role is Role.OPERATOR
    assert house.sign_in(NOW + timedelta(seconds=900)).actor.id == house.auditor.id


def test_A1_an_unknown_name_is_locked_out_like_a_known_one(house: House) -> None:
    """FAULTS 44: the lock-out does not tell which names there are."""
    outcomes = {}
    for username in ("auditor", "nobody"):
        outcomes[username] = [_try(house, username, NOW + timedelta(seconds=second)) for second in range(12)]
    assert outcomes["auditor"] == outcomes["nobody"] == ["wrong"] * 10 + ["wait 890", "wait 889"]


def test_A1_a_try_that_succeeds_is_not_counted(house: House) -> None:
    for _ in range(11):
        house.sign_in()
    with house.database.transaction(write=False) as transaction:
        assert transaction.connection.execute(select(tables.login_try)).all() == []


def test_A1_guesses_made_at_once_share_the_ten_tries(house: House) -> None:
    """FAULTS 44: one is left, six come for it."""
    barrier = threading.Barrier(6)

    def guess(username: str) -> str:
        barrier.wait()
        return _try(house, username, NOW)

    with ThreadPoolExecutor(6) as pool:
        for round_ in range(count(200)):
            username = f"user{round_}"
            with house.database.transaction() as transaction:
                for _ in range(9):
                    sessions.add_try(transaction.connection, new_id(), digest(username), NOW)
            assert Counter(pool.map(guess, [username] * 6)) == {"wrong": 1, "wait 900": 5}


def _try(house: House, username: str, now: datetime) -> str:
    try:
        signing_in.by_password(house.database, username, "wrong", now)
    except NotSignedIn:
        return "wrong"
    except TooManyTries as fault:
        return f"wait {fault.seconds}"
    return "in"


def test_A1_every_use_of_a_refresh_token_gives_a_new_one(house: House) -> None:
    """FAULTS 42."""
    token = house.sign_in().refresh_token
    seen = {token}
    for step in range(1, 6):
        token = house.refresh(token, seconds=step * 86_400)
        seen.add(token)
    assert len(seen) == 6


def test_A1_a_refresh_token_lives_thirty_days_from_its_issue(house: House) -> None:
    thirty_days = 30 * 86_400
    token = house.refresh(house.sign_in().refresh_token, seconds=thirty_days - 1)
    with pytest.raises(NotSignedIn):
        house.refresh(token, seconds=2 * thirty_days - 1)
    with pytest.raises(NotSignedIn):
        house.refresh(house.sign_in().refresh_token, seconds=thirty_days)


def test_A1_a_used_refresh_token_that_comes_again_ends_the_session(house: House) -> None:
    """FAULTS 42: whoever stole it, and whoever it was stolen from, sign in again."""
    first = house.sign_in().refresh_token
    second = house.refresh(first)
    third = house.refresh(second)
    for token in (first, second, third):
        with pytest.raises(NotSignedIn):
            house.refresh(token)


def test_A1_another_session_of_the_same_user_goes_on(house: House) -> None:
    first, other = house.sign_in().refresh_token, house.sign_in().refresh_token
    house.refresh(house.refresh(first))
    with pytest.raises(NotSignedIn):
        house.refresh(first)
    assert house.refresh(other)


@pytest.mark.parametrize("later", [0, 60])
def test_A1_a_refresh_token_whose_answer_was_lost_is_answered_again(house: House, later: int) -> None:
    """FAULTS 42: within a minute, while nobody has gone on from it."""
    first = house.sign_in().refresh_token
    house.refresh(first)
    again = house.refresh(first, seconds=later)
    assert house.refresh(house.refresh(again, seconds=later), seconds=later)


def test_A1_a_minute_and_a_second_later_an_answer_is_no_longer_lost(house: House) -> None:
    first = house.sign_in().refresh_token
    lost = house.refresh(first)
    with pytest.raises(NotSignedIn):
        house.refresh(first, seconds=61)
    with pytest.raises(NotSignedIn):
        house.refresh(lost, seconds=61)


def test_A1_of_two_successors_the_first_to_be_used_counts(house: House) -> None:
    """FAULTS 42: a thief who came within the minute is found out when the other goes on."""
    first = house.sign_in().refresh_token
    one, other = house.refresh(first), house.refresh(first)
    next_of_one = house.refresh(one)
    for token in (other, next_of_one):
        with pytest.raises(NotSignedIn):
            house.refresh(token)


def _open_session(house: House) -> str:
    """A refresh token of a new session, without the time that a password takes."""
    token = new_secret()
    key = SessionKey(care_system_id=house.care_system_id, id=new_id(), user_id=house.auditor.id)
    with house.database.transaction() as transaction:
        sessions.start_session(transaction.connection, key, NOW)
        sessions.add_refresh_token(transaction.connection, key, digest(token), None, NOW)
    return token


def _at_once(house: House, tokens: list[str]) -> list[str | None]:
    """What each of the tokens is exchanged for, all presented in the same moment; None where it is refused."""
    barrier = threading.Barrier(len(tokens))

    def exchange(token: str) -> str | None:
        barrier.wait()
        try:
            return house.refresh(token)
        except NotSignedIn:
            return None

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(exchange, tokens))


def test_A1_a_refresh_token_presented_twice_at_once_locks_nobody_out(house: House) -> None:
    """FAULTS 42: no false lock-out in a thousand."""
    for _ in range(count(1_000)):
        token = _open_session(house)
        one, other = _at_once(house, [token, token])
        assert one is not None
        assert other is not None
        assert one != other
        assert house.refresh(other)


def test_A1_two_successors_used_at_once_are_not_both_good(house: House) -> None:
    """FAULTS 42: one goes on, the other ends the session, whichever came first."""
    for _ in range(count(300)):
        first = _open_session(house)
        gone_on = [token for token in _at_once(house, [house.refresh(first), house.refresh(first)]) if token]
        assert len(gone_on) == 1
        with pytest.raises(NotSignedIn):
            house.refresh(gone_on[0])


def test_A1_a_user_made_inactive_is_out_on_the_next_request(house: House) -> None:
    """FAULTS 41."""
    signed = house.sign_in()
    assert signing_in.authenticated(house.database, house.claims(house.auditor)).id == house.auditor.id
    house.replaced(active=False)
    with pytest.raises(NotSignedIn):
        signing_in.authenticated(house.database, house.claims(house.auditor))
    with pytest.raises(NotSignedIn):
        house.refresh(signed.refresh_token)
    with pytest.raises(NotSignedIn):
        house.sign_in()
    house.replaced(active=True)
    assert house.sign_in().actor.id == house.auditor.id
    with pytest.raises(NotSignedIn):
        house.refresh(signed.refresh_token)


def test_A1_a_changed_role_holds_from_the_next_request_and_keeps_the_session(house: House) -> None:
    """FAULTS 41."""
    signed = house.sign_in()
    house.replaced(role=Role.CASE_OFFICER, municipality="2031")
    actor = signing_in.authenticated(house.database, house.claims(house.auditor))
    assert (actor.role, actor.municipality) == (Role.CASE_OFFICER, "2031")
    assert house.refresh(signed.refresh_token)


def test_A1_a_new_password_ends_the_sessions_begun_with_the_old(house: House) -> None:
    signed = house.sign_in()
    house.replaced(password="another long password")
    with pytest.raises(NotSignedIn):
        house.refresh(signed.refresh_token)
    with pytest.raises(NotSignedIn):
        house.sign_in()
    signed_again = signing_in.by_password(house.database, "auditor", "another long password", NOW)
    assert signed_again.actor.id == house.auditor.id


def test_A1_a_client_signs_in_with_its_secret_and_gets_no_refresh_token(house: House) -> None:
    scope = {"care_system_id": house.care_system_id}
    kept, secret = keep_client(house.database, house.operator, Role.REIMBURSEMENT_CLIENT, **scope)
    signed = signing_in.by_secret(house.database, kept.id, secret)
    assert signed == SignedIn(
        subject=Subject.CLIENT,
        actor=Actor(id=kept.id, role=Role.REIMBURSEMENT_CLIENT, **scope),  # type: ignore[arg-type]
        refresh_token=None,
    )
    for client_id, presented in ((kept.id, secret + "x"), (kept.id, digest(secret)), (new_id(), secret), ("", "")):
        with pytest.raises(NotSignedIn):
            signing_in.by_secret(house.database, client_id, presented)
    inactive = replace(kept.account, active=False)
    clients.replace_client(house.database, house.operator, kept.id, kept.version, inactive, NOW)
    with pytest.raises(NotSignedIn):
        signing_in.by_secret(house.database, kept.id, secret)
    with pytest.raises(NotSignedIn):
        signing_in.authenticated(house.database, house.claims(kept, Subject.CLIENT))


def test_A1_a_token_of_a_user_is_none_of_a_client_with_the_same_id(house: House) -> None:
    with pytest.raises(NotSignedIn):
        signing_in.authenticated(house.database, house.claims(house.auditor, Subject.CLIENT))


def test_A2_only_the_operator_keeps_users_and_clients(house: House) -> None:
    auditor = house.sign_in().actor
    account = replace(house.auditor.account, username="another")
    for act in (
        lambda: users.create_user(house.database, auditor, account, PASSWORD, NOW),
        lambda: users.read_user(house.database, auditor, house.auditor.id),
        lambda: users.list_users(house.database, auditor, None, 50),
        lambda: users.replace_user(house.database, auditor, house.auditor.id, 1, account, None, NOW),
        lambda: clients.read_client(house.database, auditor, new_id()),
        lambda: clients.list_clients(house.database, auditor, None, 50),
    ):
        fault = refused(act)
        assert (fault.rule, fault.kind) == ("A2", Kind.FORBIDDEN)


def test_A1_a_username_is_given_once_in_the_whole_installation(house: House) -> None:
    elsewhere = keep_care_system(house.database)
    fault = refused(
        lambda: keep_user(house.database, house.operator, Role.AUDITOR, "auditor", care_system_id=elsewhere)
    )
    assert (fault.kind, fault.pointer) == (Kind.CONFLICT, "/username")


def test_A1_an_accounts_limits_are_those_of_its_own_care_system(house: House) -> None:
    elsewhere = keep_care_system(house.database, ("0182",))
    foreign_provider = keep_provider(house.database, elsewhere)
    provider_id = keep_provider(house.database, house.care_system_id)
    foreign_caregiver = keep_caregiver(house.database, elsewhere, foreign_provider)
    own = {"care_system_id": house.care_system_id}
    cases: list[tuple[Role, dict[str, str], str]] = [
        (Role.AUDITOR, {"care_system_id": new_id()}, "/care_system_id"),
        (Role.CASE_OFFICER, {**own, "municipality": "0182"}, "/municipality"),
        (Role.COORDINATOR, {**own, "provider_id": foreign_provider}, "/provider_id"),
        (Role.CAREGIVER, {**own, "provider_id": provider_id, "caregiver_id": foreign_caregiver}, "/caregiver_id"),
    ]
    for role, scope, pointer in cases:
        fault = refused(lambda role=role, scope=scope: keep_user(house.database, house.operator, role, "new", **scope))  # type: ignore[misc]
        assert (fault.kind, fault.pointer) == (Kind.INVALID, pointer)


def test_A1_of_two_replacements_of_one_version_one_is_kept(house: House) -> None:
    barrier = threading.Barrier(2)

    def replaced(role: Role) -> str:
        barrier.wait()
        account = replace(house.auditor.account, role=role)
        try:
            users.replace_user(house.database, house.operator, house.auditor.id, 1, account, None, NOW)
        except ChangedMeanwhile:
            return "changed meanwhile"
        return role

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(replaced, (Role.AUDITOR, Role.CONTROLLER)))
    assert outcomes.count("changed meanwhile") == 1
    kept = users.read_user(house.database, house.operator, house.auditor.id)
    assert kept.version == 2
    assert kept.account.role in outcomes


def test_A1_what_an_account_has_been_stays_and_cannot_be_changed(house: House) -> None:
    house.replaced(role=Role.CONTROLLER)
    house.replaced(active=False)
    table = tables.user_account_version
    with house.database.transaction(write=False) as transaction:
        rows = transaction.connection.execute(
            select(table.c.version, table.c.role, table.c.active, table.c.recorded_by)
            .where(table.c.id == house.auditor.id)
            .order_by(table.c.version)
        ).all()
    by = house.operator.id
    assert [tuple(row) for row in rows] == [
        (1, "auditor", True, by),
        (2, "controller", True, by),
        (3, "controller", False, by),
    ]
    for act in (update(table).values(role="operator"), delete(table)):
        with pytest.raises(DBAPIError, match="append-only"), house.database.transaction() as transaction:
            transaction.connection.execute(act)


def test_A1_no_secret_is_kept_or_shown(house: House) -> None:
    """FAULTS 49: neither in a table nor in what a value prints."""
    scope = {"care_system_id": house.care_system_id}
    kept, secret = keep_client(house.database, house.operator, Role.REIMBURSEMENT_CLIENT, **scope)
    signed = house.sign_in()
    successor = house.refresh(signed.refresh_token)
    with pytest.raises(NotSignedIn):
        signing_in.by_password(house.database, "typed by mistake into the name", PASSWORD, NOW)
    with house.database.transaction(write=False) as transaction:
        stored = "".join(
            str(row) for table in metadata.sorted_tables for row in transaction.connection.execute(select(table)).all()
        )
    told = stored + repr((signed, kept, house))
    for canary in (PASSWORD, secret, str(signed.refresh_token), successor, "typed by mistake"):
        assert canary not in told


def test_A1_what_is_past_its_use_is_weeded(house: House) -> None:
    token = house.sign_in().refresh_token
    assert _try(house, "auditor", NOW) == "wrong"
    assert weed(house.database, NOW + timedelta(seconds=899)) == 0
    assert weed(house.database, NOW + timedelta(seconds=900)) == 1
    assert weed(house.database, NOW + timedelta(days=31, seconds=-1)) == 0
    assert house.refresh(token, seconds=5)
    assert weed(house.database, NOW + timedelta(days=31)) == 1
    assert weed(house.database, NOW + timedelta(days=31, seconds=5)) == 2
