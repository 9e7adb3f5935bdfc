"""A personal identity number, a password and a token are nowhere to be found afterwards. FAULTS 49."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from app.factory import create_app
from app.rules.access import Role
from tests.accounts import PASSWORD
from tests.faults.register import MUNICIPALITY, Register, filled
from tests.faults.serving import ONE_WORKER, Answer, Served, served
from tests.settings import settings_for

NUMBER = "19121212-1212"
"""The tax agency's published test person."""
NAME = "Kanariefågel Fågelsson"
SECRET = "en kanariefågel i gruvan"
TOKEN = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWNhbmFyeQ"
CANARIES: Mapping[str, tuple[str, ...]] = {
    "number": (NUMBER, NUMBER.replace("-", ""), NUMBER[2:], NUMBER[2:].replace("-", "")),
    "name": (NAME, NAME.encode("unicode_escape").decode(), json.dumps(NAME)[1:-1], "Kanarief%C3%A5gel"),
    "password": (SECRET, PASSWORD, SECRET.encode("unicode_escape").decode(), "en%20kanarie"),
    "token": (TOKEN, base64.b64encode(TOKEN.encode()).decode()),
}


@dataclass(slots=True)
class Seen:
    """What left the product: refusals whole, and of every answer the headers, where URLs stand."""

    refusals: list[bytes] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    given: list[bytes] = field(default_factory=list)

    def add(self, answer: Answer) -> Answer:
        """The answer, kept to be searched."""
        (self.refusals if answer.status >= 400 else self.given).append(answer.body)
        self.headers += [f"{name}: {value}" for name, value in answer.headers.items()]
        return answer


def found(text: str, tokens: tuple[str, ...] = ()) -> list[str]:
    """Which canaries sing in the text."""
    known = {**CANARIES, "access token": tokens}
    return sorted({kind for kind, forms in known.items() for one in forms if one in text})


@pytest.fixture
def product(postgres_url: str, tmp_path: Path) -> Iterator[tuple[Served, Register]]:
    """The product as it is deployed on PostgreSQL, whose own messages would tell a row's content."""
    register = filled(settings_for(postgres_url))
    with served(tmp_path, postgres_url, **ONE_WORKER) as running:
        yield running, register


def customer(**fields: Any) -> dict[str, Any]:
    """A customer with a name and a number."""
    return {"municipality": MUNICIPALITY, "name": NAME, "personal_identity_number": NUMBER} | fields


def sign_in(product: Served, seen: Seen) -> None:
    """Each way to present a secret that is wrong, misplaced or garbled."""
    for presented in (
        {"grant_type": "password", "username": "nobody", "password": SECRET},
        {"grant_type": "password", "username": SECRET, "password": SECRET},
        {"grant_type": "password", "username": NUMBER, "password": SECRET},
        {"grant_type": "password", "username": "nobody", "pass": SECRET},
        {"grant_type": SECRET, "password": [SECRET], "username": {"a": NUMBER}},
        {"grant_type": "refresh_token", "refresh_token": TOKEN},
        {"grant_type": "client_credentials", "client_id": NUMBER, "client_secret": TOKEN},
        [SECRET],
        SECRET,
    ):
        assert seen.add(product.ask("POST", "/api/v1/tokens", presented)).status in (401, 422)
    for content in (b'{"password": "%s"' % SECRET.encode(), b'"%s" "%s"' % (SECRET.encode(), NUMBER.encode())):
        seen.add(product.send("POST", "/api/v1/tokens", content, {"Content-Type": "application/json"}))
    form = f"grant_type=password&username=nobody&password={TOKEN}".encode()
    seen.add(product.send("POST", "/api/v1/tokens", form, {"Content-Type": "application/x-www-form-urlencoded"}))
    basic = base64.b64encode(f"nobody:{TOKEN}".encode()).decode()
    for stated in (f"Bearer {TOKEN}", f"Basic {basic}", f"Bearer {TOKEN} {TOKEN}", TOKEN, f"Bearer {NUMBER}"):
        assert seen.add(product.ask("GET", "/api/v1/customers", Authorization=stated)).status == 401


def write(product: Served, register: Register, seen: Seen) -> None:
    """A number kept, and the same one where it does not belong."""
    token = register.tokens[Role.CASE_OFFICER]
    made = seen.add(product.ask("POST", "/api/v1/customers", customer(name="Testperson"), token))
    assert made.status == 201
    place = made.headers["Location"]
    seen.add(product.ask("GET", place, token=token))
    for body in (
        customer(personal_identity_number=NUMBER[:-1] + "3"),
        customer(personal_identity_number=[NUMBER]),
        customer(birth_year=NUMBER.replace("-", "")),
        customer(birth_year=int(NUMBER.replace("-", ""))),
        customer(municipality=NUMBER),
        customer(protection=NAME),
        customer(position={"lat": NAME, "lon": NUMBER}),
        customer(external_id="twice"),
        customer(external_id="twice"),
    ):
        seen.add(product.ask("POST", "/api/v1/customers", body, token))
    for stated in ({"If-Match": NUMBER}, {"If-Match": f'"{NUMBER}"'}, {"If-Match": '"99"'}, {}):
        seen.add(product.ask("PUT", place, customer(), token, **stated))
    for stated in ({"Idempotency-Key": NAME.encode().decode("latin-1")}, {"Content-Type": NUMBER}, {"Cookie": TOKEN}):
        seen.add(product.ask("POST", "/api/v1/customers", customer(external_id="twice"), token, **stated))


def read(product: Served, register: Register, seen: Seen) -> None:
    """Numbers and secrets in addresses, where nobody should have put them."""
    token = register.tokens[Role.CASE_OFFICER]
    for path in (
        f"/api/v1/customers?external_id={NUMBER}",
        f"/api/v1/customers?after={NUMBER}",
        f"/api/v1/customers?limit={NUMBER}",
        f"/api/v1/customers?personal_identity_number={NUMBER}",
        f"/api/v1/customers?access_token={TOKEN}",
        f"/api/v1/customers/{NUMBER}",
        f"/api/v1/customers/{NUMBER}/",
        f"/api/v1//customers/{NUMBER}",
        f"/{NUMBER}?password={TOKEN}",
        f"/problems/{NUMBER}",
        f"/rules/{NUMBER}",
        f"/static/{NUMBER}",
    ):
        seen.add(product.ask("GET", path, token=token))
        seen.add(product.ask("PUT", path, customer(), token=token))


IN_CHUNKS = "Content-Type: application/json\r\nTransfer-Encoding: chunked"
CHUNKED = f"POST /api/v1/tokens HTTP/1.1\r\nHost: a\r\n{IN_CHUNKS}\r\n\r\n"
UNREADABLE = [
    f"GET /api/v1/customers?q={NUMBER} HTTP/1.1 {TOKEN}\r\n\r\n",
    f"GET /api/v1/customers?q={NUMBER} HTTP/9.9\r\n\r\n",
    f"{NUMBER} /api/v1/customers HTTP/1.1\r\n\r\n",
    f"get{TOKEN} /api/v1/customers HTTP/1.1\r\n\r\n",
    f"GET /{NUMBER}{'x' * 10_000} HTTP/1.1\r\n\r\n",
    f"GET / HTTP/1.1\r\nAuthorization : Bearer {TOKEN}\r\n\r\n",
    f"GET / HTTP/1.1\r\nAuthorization Bearer {TOKEN}\r\n\r\n",
    f"GET / HTTP/1.1\r\nAuthorization: Bearer\r\n {TOKEN}\r\n\r\n",
    f"GET / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\x00\r\n\r\n",
    f"GET / HTTP/1.1\r\nX: {TOKEN * 1000}\r\n\r\n",
    f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {NUMBER}\r\n\r\n{SECRET}",
    f"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {TOKEN}\r\n\r\n{SECRET}",
    f"POST / HTTP/1.1\r\nHost: a\r\nExpect: {TOKEN}\r\n\r\n{SECRET}",
    f"{CHUNKED}{SECRET}\r\n",
    f"{CHUNKED}1\r\n{SECRET}\r\n",
]


def alter(url: str, *statements: str) -> None:
    """The database's owner has done it."""
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        for statement in statements:
            owner.execute(statement.encode())


def make_faults(url: str, product: Served, register: Register, seen: Seen) -> None:
    """Faults of our own while the number, the name and a password's hash are in the database's hands."""
    officer, operator = register.tokens[Role.CASE_OFFICER], register.tokens[Role.OPERATOR]
    never = "ADD CONSTRAINT never CHECK (false) NOT VALID"
    alter(url, f"ALTER TABLE customer_identity {never}", f"ALTER TABLE user_account {never}")
    assert seen.add(product.ask("POST", "/api/v1/customers", customer(), officer)).status == 500
    user = {"username": "anna.ek", "role": "controller", "care_system_id": register.care_system_id, "password": SECRET}
    assert seen.add(product.ask("POST", "/api/v1/users", user, operator)).status == 500
    alter(url, "ALTER TABLE customer DROP COLUMN birth_year")
    assert seen.add(product.ask("POST", "/api/v1/customers", customer(), officer)).status == 500


def test_F49_no_number_password_or_token_is_in_a_log_a_url_or_an_error(
    product: tuple[Served, Register], postgres_url: str
) -> None:
    """FAULTS 49: whatever is done with them, right or wrong, down to faults of our own and to what is no HTTP."""
    running, register = product
    seen = Seen()
    sign_in(running, seen)
    write(running, register, seen)
    read(running, register, seen)
    for one in UNREADABLE:
        seen.refusals.append(running.raw(one.encode()))
        assert b"application/problem+json" in seen.refusals[-1], one
        assert seen.refusals[-1].startswith((b"HTTP/1.1 4", b"HTTP/1.1 501")), one
    make_faults(postgres_url, running, register, seen)
    log, tokens = running.said(), tuple(register.tokens.values())
    assert log.count('"event": "answered"') > 60
    assert log.count('"event": "fault"') == 3
    assert found(log, tokens) == []
    assert [told for told in (one.decode(errors="replace") for one in seen.refusals) if found(told, tokens)] == []
    assert [told for told in seen.headers if found(told, tokens)] == []
    assert NUMBER not in b"".join(seen.given).decode()


def test_F49_a_canary_that_is_let_out_is_found(sqlite_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The counter-check of FAULTS 49: the same search finds what a careless view would log and answer."""
    app = create_app(settings_for(sqlite_url))

    @app.get("/careless/<number>")
    def careless(number: str) -> str:
        print(number, NAME)
        return f"There is no {number}."

    with closing(app.extensions["hemtid"].database):
        answer = app.test_client().get(f"/careless/{NUMBER}")
    assert found(answer.text) == ["number"]
    assert found("".join(capfd.readouterr())) == ["name", "number"]
