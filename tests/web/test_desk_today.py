"""The coordinator's day over HTTP: what is shown of it, to whom, and when it is logged."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.storage import access_log
from app.storage.ids import new_id
from app.web.desk import session
from tests.town import id_of
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import content

EARLY = "2014-03-04T06:00:00Z"
DAY = "/desk/today?day=2014-03-04"


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, early on a Tuesday."""
    told = {**content(), "registrations": [], "corrections": [], "planned_visits": []}
    return office_of(make_app, serve, sqlite_url, told, EARLY)


def plan(office: Office, starts: str, ends: str, customer: str = "k1", *caregivers: str) -> str:
    """A visit that `p` plans; its id."""
    times = {"starts_at": f"2014-03-04T{starts}:00Z", "ends_at": f"2014-03-04T{ends}:00Z"}
    who = {
        "provider_id": id_of("p"),
        "customer_id": id_of(customer),
        "caregiver_ids": [id_of(one) for one in caregivers],
    }
    made: str = office.town.post("p", "/planned-visits", EARLY, {**who, **times, "service": "personal_care"})["id"]
    return made


def tap(office: Office, kind: str, at: str, **more: Any) -> str:
    """A registration of caregiver `b` at the door of `k1`; its id."""
    told: JSON = {"id": new_id(), "kind": kind, "captured_at": f"2014-03-04T{at}Z", "caregiver_id": id_of("b")}
    place = {"place": {"method": "nfc", "uid": "04A2245A6F6100"}}
    answer = office.town.ask("caregiver", "POST", "/registrations", f"2014-03-04T{at}Z", {**told, **place, **more})
    assert answer.status_code == 201, answer.text
    return str(told["id"])


def looked(client: FlaskClient, at: str, path: str = DAY, **headers: str) -> Any:
    """The page as it is at the instant of the day."""
    client.set_cookie(session.CLOCK, f"2014-03-04T{at}Z", path="/desk")
    return client.get(path, headers=headers)


def marks(text: str) -> list[str]:
    """The states that stand on the page, in their order."""
    return re.findall(r'<span class="mark [a-z ]*">([^<]+)</span>', text)


def test_D3_D5_a_visit_is_late_then_under_way_then_overdue_then_done(office: Office) -> None:
    client = client_of(office, "p")
    plan(office, "07:00", "08:00", "k1", "b")
    assert marks(looked(client, "06:59:00").text) == []
    assert marks(looked(client, "07:30:00").text) == ["Skulle ha börjat"]
    late = looked(client, "07:30:01").text
    assert marks(late) == ["Försenat, inte påbörjat"]
    assert "Påhittad Kund 1" in late
    assert "Påhittat Biträde 2 · Omvårdnad" in late
    visit_id = tap(office, "check_in", "07:40:00")
    assert marks(looked(client, "07:41:00").text) == ["Pågår"]
    assert marks(looked(client, "08:00:01").text) == ["Inte utcheckat, sluttiden passerad"]
    assert f"/desk/visits/{visit_id}" in looked(client, "08:00:01").text
    tap(office, "check_out", "08:10:00", visit_id=visit_id)
    done = looked(client, "08:11:00")
    assert "Ingenting behöver åtgärdas just nu." in done.text
    assert marks(done.text) == []
    assert marks(looked(client, "08:11:00", f"{DAY}&group=done").text) == ["Klart"]
    assert marks(looked(client, "08:11:00", f"{DAY}&caregiver={id_of('b')}").text) == ["Klart"]
    assert marks(looked(client, "08:11:00", f"{DAY}&caregiver={id_of('a')}").text) == []
    assert marks(looked(client_of(office, "q"), "08:11:00", f"{DAY}&group=done").text) == []


def test_A3_the_page_renews_itself_without_reading_anybody_again(office: Office) -> None:
    client = client_of(office, "p")
    plan(office, "07:00", "08:00", "k1", "b")
    first = looked(client, "07:31:00")
    seen = re.search(r'data-seen="([0-9a-f]{32})"', first.text)
    assert seen is not None
    before = reads(office)
    assert sorted(before) == sorted([("customer", id_of("k1")), ("caregiver", id_of("b"))])
    same = looked(client, "07:32:00", DAY, **{"X-Part": "day", "X-Seen": seen.group(1)})
    assert (same.status_code, same.text, same.headers["X-Updated"]) == (204, "", "08:32:00")
    assert reads(office) == before
    tap(office, "check_in", "07:40:00")
    other = looked(client, "07:41:00", DAY, **{"X-Part": "day", "X-Seen": seen.group(1)})
    assert (other.status_code, marks(other.text)) == (200, ["Pågår"])
    assert len(reads(office)) > len(before)


def reads(office: Office) -> list[tuple[str, str]]:
    """Whom somebody has read of at this page, the earliest first."""
    with office.town.database.transaction(write=False) as tx:
        found = access_log.page(tx, office.town.care_system_id, limit=1000)
    return [(one.whom.whom_type, one.whom.whom_id) for one in found if one.why == "desk.today"]


def test_V4_what_is_open_since_the_evening_before_stands_on_today_until_it_is_closed(office: Office) -> None:
    client, evening = client_of(office, "p"), "2014-03-03T21:30:00Z"
    visit_id = new_id()
    told = {"id": visit_id, "kind": "check_in", "captured_at": evening, "caregiver_id": id_of("b")}
    place = {"place": {"method": "nfc", "uid": "04A2245A6F6100"}}
    assert office.town.ask("caregiver", "POST", "/registrations", evening, {**told, **place}).status_code == 201
    for path in ("/desk/today", "/desk/today?day=2014-03-03"):
        page = looked(client, "06:00:00", path).text
        assert marks(page)[:1] == ["Pågår"], path
        assert f"/desk/visits/{visit_id}" in page
    assert "(" in looked(client, "06:00:00", "/desk/today").text.split("Registrerat")[1].split("</p>")[0]
    tap(office, "check_out", "06:10:00", visit_id=visit_id)
    assert marks(looked(client, "06:11:00", "/desk/today").text) == []


def test_A1_A2_a_day_is_its_providers_coordinators_alone(office: Office) -> None:
    plan(office, "07:00", "08:00", "k1", "b")
    assert "Påhittad" not in looked(client_of(office, "q"), "07:31:00").text
    for who in ("0182", "controller"):
        assert looked(client_of(office, who), "07:31:00").status_code == 403
    plain = office.town.app.test_client().get("/desk/today")
    assert (plain.status_code, plain.headers["Location"]) == (303, "/desk/sign-in?wanted=/desk/today")
    for odd in ("day=2014-02-31", "day=9999-12-31", "group=x&after=y", "caregiver='"):
        assert looked(client_of(office, "p"), "07:31:00", f"/desk/today?{odd}").status_code == 200
    empty = looked(client_of(office, "p"), "07:31:00", "/desk/today?day=2015-01-01")
    assert "Inga besök är planerade" in empty.text
