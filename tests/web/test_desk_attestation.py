"""The attestation at the desk: what still stands before it, and then the one button."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.actions import months
from app.actions.deviations.settle import settle_due
from app.storage.database import Transaction
from app.storage.judgements import Due
from app.web.desk import session
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import content

AT = "2014-03-03T10:00:00Z"
PAGE = "/desk/attestation?month=2014-02"


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities, after a messy February."""
    return office_of(make_app, serve, sqlite_url, content(), AT)


def place(client: FlaskClient, municipality: str, path: str = PAGE) -> str:
    """What the page says of the municipality."""
    told = client.get(path).text
    found = re.search(rf'<section class="card place" aria-labelledby="m{municipality}">.*?</section>', told, re.DOTALL)
    assert found is not None
    return found.group(0)


def attest(client: FlaskClient, municipality: str = "0182") -> Any:
    return client.post("/desk/attestation", data={"month": "2014-02", "municipality": municipality})


def explain_everything(office: Office) -> None:
    """Whatever wants an explanation of `p` in February gets one, kind by kind."""
    wanted: dict[str, list[str]] = {}
    for one in office.town.deviations("p", AT, period="2014-02"):
        if one["state"] == "open" and one["effect"] != "information":
            wanted.setdefault(one["rule"], []).append(one["id"])
    for ids in wanted.values():
        said: JSON = {"deviation_ids": ids, "reason": "other", "note": "Som det var."}
        office.town.post("p", "/explanations", AT, said)


def test_R8_a_month_that_is_judged_a_part_at_a_time_is_attested_as_one_judged_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, dues = client_of(office, "p"), []

    def settling(tx: Transaction, care_system_id: str, several: Collection[Due], now: datetime) -> object:
        dues.append(len(several))
        return settle_due(tx, care_system_id, several, now)

    monkeypatch.setattr(months, "AT_ONCE", 1)
    monkeypatch.setattr(months, "settle_due", settling)
    refused = attest(client)
    assert (refused.status_code, "deviations want an explanation first" in refused.text) == (409, True)
    explain_everything(office)
    stood = standing(office)
    assert stood
    office.town.mark_everything(AT)
    dues.clear()
    assert attest(client).status_code == 303
    assert (len(dues) > 2, max(dues)) == (True, 1), "the customers one by one, and nothing was left for the end"
    assert standing(office) == stood
    (ours,) = (
        one for one in office.town.get("p", "/months?month=2014-02", AT)["items"] if one["municipality"] == "0182"
    )
    assert ours["state"] == "attested"


def standing(office: Office) -> list[JSON]:
    """The deviations of `p` in February, by id."""
    return sorted(office.town.deviations("p", AT, period="2014-02"), key=lambda one: str(one["id"]))


def test_R8_what_stands_before_the_attestation_is_told_until_nothing_does(office: Office) -> None:
    client = client_of(office, "p")
    before = place(client, "0182")
    assert "Avvikelser att förklara" in before
    kinds = dict(re.findall(r'#(D\d+)">[^<(]+\((\d+)\)', before))
    assert kinds["D13"] == str(
        sum(
            one["rule"] == "D13" and one["state"] == "open"
            for one in office.town.deviations("0182", AT, period="2014-02")
            if one["provider_id"] == office.town.get("p", "/visits?limit=1", AT)["items"][0]["provider_id"]
        )
    )
    assert "Spärrdatum" in before
    assert "(återstår 2 dygn 7 h)" in before
    assert "Attestera" not in before
    refused = attest(client)
    assert refused.status_code == 409
    assert "deviations want an explanation first" in refused.text
    explain_everything(office)
    ready = place(client, "0182")
    assert "Alla avvikelser är förklarade." in ready
    assert "Attestera februari 2014" in ready
    done = attest(client)
    assert (done.status_code, done.headers["Location"]) == (303, "/desk/attestation?said=attested&month=2014-02")
    after = place(client, "0182")
    assert "Attesterad av dig" in after
    assert "Attestera februari" not in after
    assert "en annan person" in place(client_of(office, "p2"), "0182")
    assert "Attestera februari 2014" in place(client, "2029")


def test_R8_A1_a_provider_attests_its_own_months_once_they_are_over_and_locked_ones_are_told(office: Office) -> None:
    for who in ("0182", "controller"):
        assert client_of(office, who).get(PAGE).status_code == 403
        assert attest(client_of(office, who)).status_code == 403
    client = client_of(office, "p")
    assert attest(client, "9999").status_code == 422
    assert attest(client, "x").status_code == 422
    assert "Det finns inga beställningar" in client.get("/desk/attestation?month=2009-07").text
    assert "februari 2014" in client.get("/desk/attestation?month=x").text
    running = place(client, "0182", "/desk/attestation?month=2014-03")
    assert "Månaden är inte slut än." in running
    assert "Attestera" not in running
    office.town.post("controller", "/months/2014-02/lock", "2014-03-06T10:00:00Z", {})
    client.set_cookie(session.CLOCK, "2014-03-06T10:00:00Z", path="/desk")
    locked = place(client, "0182")
    assert "Låst" in locked
    assert "2014-03-06 11:00:00" in locked
    assert "Spärrdatum" not in locked
