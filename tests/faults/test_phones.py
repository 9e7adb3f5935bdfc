"""A phone's proof is good once, whichever process it comes to; a revoked phone is out in all of them. FAULTS 22, 43."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.rules.access import Role
from app.storage.ids import new_id
from tests.accounts import PASSWORD
from tests.counts import count
from tests.faults.register import Register, filled
from tests.faults.serving import Served, served
from tests.phones import V1, Key
from tests.settings import settings_for

AT_ONCE = 8
FOUR_WORKERS = {"GUNICORN_CMD_ARGS": "--workers 4"}


@dataclass(slots=True, kw_only=True)
class Bound:
    """A phone that speaks to the served product."""

    product: Served
    key: Key
    id: str
    access_token: str
    refresh_token: str

    def ask(self, method: str, path: str, body: Any = None, proof: str | None = None) -> int:
        """The status of the answer; the proof is a fresh one unless another is given."""
        made = proof or self.key.proof(method, V1 + path, self.access_token)
        headers = {"Authorization": f"DPoP {self.access_token}", "DPoP": made}
        return self.product.ask(method, V1 + path, body, **headers).status


@pytest.fixture
def product(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Served, Register]]:
    """The product in four processes on PostgreSQL."""
    register = filled(settings_for(postgres_url))
    with served(tmp_path, postgres_url, **FOUR_WORKERS) as started:
        assert len(started.workers()) == 4
        yield started, register


def enrolled(product: Served, register: Register) -> Bound:
    """A phone on which the register's caregiver is signed in."""
    offer = product.ask("POST", f"{V1}/devices", {"name": "A phone"}, register.tokens[Role.COORDINATOR]).json()
    told = {"grant_type": "password", "username": "caregiver", "password": PASSWORD}
    token = product.ask("POST", f"{V1}/tokens", told).json()["access_token"]
    key, path = Key(), f"{V1}/devices/enrolment"
    body = {"token": offer["token"], "public_key": key.jwk}
    answer = product.ask("POST", path, body, token, DPoP=key.proof("POST", path, token))
    assert answer.status == 201, answer.body
    tokens = answer.json()["tokens"]
    return Bound(
        product=product,
        key=key,
        id=offer["id"],
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
    )


def test_A1_a_proof_is_good_once_in_four_processes(product: tuple[Served, Register]) -> None:
    """FAULTS 43: each proof presented eight times at once, to whichever process; one of the eight is let in."""
    served_by, register = product
    phone = enrolled(served_by, register)
    let_in = Counter[int]()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(count(200)):
            proof = phone.key.proof("GET", f"{V1}/visits", phone.access_token)
            answers = list(pool.map(lambda _, one=proof: phone.ask("GET", "/visits", proof=one), range(AT_ONCE)))
            assert set(answers) <= {200, 401}, answers
            let_in[answers.count(200)] += 1
    assert let_in == {1: count(200)}


def test_A1_a_revoked_phone_is_out_in_every_process_at_once(product: tuple[Served, Register]) -> None:
    """FAULTS 22: revoked in mid-stream; nothing that was asked after the answer is let in, nothing sent is lost."""
    served_by, register = product
    phone = enrolled(served_by, register)
    rows = [
        {"id": new_id(), "kind": "check_in", "caregiver_id": register.caregiver_ids[0],
         "captured_at": "2024-02-03T08:00:00Z", "place": {"method": "manual", "reason": "phone_failed"}}
        for _ in range(24)
    ]  # fmt: skip
    statuses: list[tuple[float, int]] = []

    def send(row: Any) -> None:
        asked, status = time.monotonic(), 503
        while status == 503:  # the database was busy, and nothing was kept: a phone sends it again
            asked = time.monotonic()
            status = phone.ask("POST", "/registrations", row)
        statuses.append((asked, status))

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, row) for row in rows]
        sending[5].result()
        coordinator = register.tokens[Role.COORDINATOR]
        revoked = served_by.ask("POST", f"{V1}/devices/{phone.id}/revocation", {"reason": "Lost"}, coordinator)
        out_at = time.monotonic()
        for one in sending:
            one.result()
    assert revoked.status == 200
    assert {status for asked, status in statuses if asked > out_at} <= {403}
    assert phone.ask("GET", "/visits") == 401
    kept = served_by.ask("GET", f"{V1}/quarantine?limit=200", None, coordinator).json()["items"]
    answered = Counter(status for _, status in statuses)
    assert answered.keys() <= {201, 403}
    assert answered[403] == len(kept) > 0
