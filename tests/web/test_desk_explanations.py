"""The verdict page: what waits, the oldest first, and judging several of a kind at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.actions.desk.explanations import waiting
from app.actions.deviations.explain import Seen, judge_several
from app.rules.deviations.values import VerdictOutcome
from app.storage import access_log
from tests.town import id_of
from tests.web.conftest import JSON
from tests.web.desks import Office, client_of, office_of
from tests.web.test_desk_extensions import AT, content
from tests.web.test_desk_months import BROAD_AND_DARK, a_call, judged_town, small
from tests.web.test_door_sight import WIDER, faults_of
from tests.wire import counting

NOTE = "Vi har frågat vårdbiträdet, och besöket gjordes."


@pytest.fixture
def office(make_app: Callable[..., Flask], serve: Callable[[Any], int], sqlite_url: str) -> Office:
    """An office of two providers and two municipalities."""
    return office_of(make_app, serve, sqlite_url, content(), AT)


def deviations_of(office: Office, officer: str, rule: str) -> list[JSON]:
    """The open deviations of the rule that the municipality's case officer sees, of provider `p`."""
    found = office.town.deviations(officer, AT, rule=rule, state="open")
    return [one for one in found if one["provider_id"] == id_of("p")]


def explain(office: Office, several: list[JSON], at: str = AT, note: str = NOTE) -> str:
    """The provider explains these; the explanation's id."""
    said = {"deviation_ids": [one["id"] for one in several], "reason": "phone_failed", "note": note}
    return str(office.town.post("p", "/explanations", at, said)["id"])


def page_of(office: Office, who: str, path: str = "/desk/explanations") -> str:
    """What somebody's page says."""
    answer = client_of(office, who).get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def ticks_of(page: str) -> list[str]:
    """What can be ticked, in order."""
    return re.findall(r'name="explanations" value="([^"]+)"', page)


def state_of(office: Office, deviation: JSON) -> str:
    return str(office.town.get("controller", f"/deviations/{deviation['id']}", AT)["state"])


def test_D_several_of_a_kind_are_accepted_at_once_and_what_they_held_is_released(office: Office) -> None:
    first, second, *_ = deviations_of(office, "0182", "D15")
    made = [explain(office, [first], "2014-03-02T10:00:00Z"), explain(office, [second], "2014-03-02T11:00:00Z")]
    page = page_of(office, "0182")
    assert ticks_of(page) == [f"{one}." for one in made]
    assert "Kortare" not in page or NOTE in page
    client = client_of(office, "0182")
    sent = {"group": "waiting-D15", "explanations": [f"{one}." for one in made], "outcome": "accepted", "note": ""}
    answer = client.post("/desk/explanations", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/explanations?said=verdict_accepted")
    assert [state_of(office, one) for one in (first, second)] == ["accepted", "accepted"]
    judged = ticks_of(page_of(office, "0182"))
    assert [one.partition(".")[0] for one in judged] == list(reversed(made))

    again = client.post("/desk/explanations", data={**sent, "outcome": "rejected", "note": "Nej, det var inte så."})
    assert again.status_code == 409
    assert state_of(office, first) == "accepted"
    sent = {"group": "judged-D15", "explanations": judged[:1], "outcome": "rejected", "note": "Nej, det var inte så."}
    assert client.post("/desk/explanations", data=sent).status_code == 303
    assert [state_of(office, one) for one in (first, second)] == ["accepted", "rejected"]


FAULTS: tuple[tuple[dict[str, str], str], ...] = (
    ({"outcome": "accepted", "explanations": ""}, "Kryssa i minst en."),
    ({"outcome": ""}, "Välj ett av alternativen."),
    ({"outcome": "perhaps"}, "Välj ett av alternativen."),
    ({"outcome": "rejected"}, "Fyll i fältet."),
    ({"outcome": "rejected", "note": "nej"}, "Skriv lite mer."),
)


def test_D_a_verdict_that_lacks_something_is_told_beside_its_field_and_judges_nothing(office: Office) -> None:
    one = deviations_of(office, "0182", "D15")[0]
    made = explain(office, [one])
    client = client_of(office, "0182")
    for told, says in FAULTS:
        sent = {"group": "waiting-D15", "explanations": f"{made}.", **told}
        answer = client.post("/desk/explanations", data=sent)
        assert (answer.status_code, says in answer.get_data(as_text=True)) == (422, True), told
    assert f'value="{made}." data-group="waiting-D15" checked' in answer.get_data(as_text=True)
    assert state_of(office, one) == "explained"


def test_A1_each_municipality_judges_its_own_and_the_controller_all_of_it_without_names(office: Office) -> None:
    here, there = deviations_of(office, "0182", "D15")[0], deviations_of(office, "2029", "D13")[0]
    made = {"0182": explain(office, [here]), "2029": explain(office, [there])}
    for who, own in made.items():
        page = page_of(office, who)
        assert (ticks_of(page), "Påhittad Kund" in page) == ([f"{own}."], True)
    page = page_of(office, "controller")
    assert (sorted(ticks_of(page)), "Påhittad Kund" in page) == (sorted(f"{one}." for one in made.values()), False)
    sent = {"group": "waiting-D13", "explanations": [f"{one}." for one in made.values()], "outcome": "accepted"}
    assert client_of(office, "0182").post("/desk/explanations", data=sent).status_code == 404
    assert [state_of(office, one) for one in (here, there)] == ["explained", "explained"]
    with office.town.database.transaction(write=False) as tx:
        log = access_log.page(tx, office.town.care_system_id, limit=500)
    seen = {row.whom.whom_id for row in log if row.why == "desk.explanations"}
    assert len(seen) == 2
    assert seen <= {id_of(one) for one in ("k1", "k2", "k3", "k4")}
    assert client_of(office, "p").get("/desk/explanations").status_code == 403


def test_D_the_last_word_on_a_deviation_waits_and_earlier_ones_and_those_of_cleared_do_not(office: Office) -> None:
    first, second, third, *_ = deviations_of(office, "0182", "D15")
    explain(office, [first], "2014-03-02T10:00:00Z")
    anew = explain(office, [first], "2014-03-02T11:00:00Z")
    both = explain(office, [second, third], "2014-03-02T09:00:00Z")
    explain(office, [second], "2014-03-02T12:00:00Z")
    waiting = [one.partition(".")[0] for one in ticks_of(page_of(office, "0182"))]
    assert waiting[:2] == [both, anew]
    assert len(waiting) == 3
    page = page_of(office, "0182")
    assert "2 avvikelser" in page


def test_D_one_explanation_and_many_cost_the_same_number_of_statements(office: Office) -> None:
    several = deviations_of(office, "0182", "D15")
    explain(office, several[:1])
    client, counts = client_of(office, "0182"), []
    for _ in range(2):
        client.get("/desk/explanations")
        with counting(office.town.database) as said:
            page = client.get("/desk/explanations").get_data(as_text=True)
            counts.append(said())
        for one in several[1:]:
            explain(office, [one])
    assert counts[0] == counts[1]
    assert len(ticks_of(page)) == len(several) > 3


def test_D_the_queue_goes_on_where_the_last_page_ended_on_both_databases(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = judged_town(make_app, database_url, content(), AT)
    open_ = [one["id"] for one in town.deviations("p", AT, rule="D15", state="open")]
    made = []
    for number, one in enumerate(open_):
        at = f"2014-03-02T{10 + number // 2:02}:00:00Z"
        said = {"deviation_ids": [one], "reason": "phone_failed", "note": NOTE}
        made.append(town.post("p", "/explanations", at, said)["id"])
    call, after, found = a_call(town, AT), None, []
    while True:
        page = waiting(call, after, 2)
        found += [one.explained.id for group in page.groups for one in group.said]
        after = page.next
        if after is None:
            break
    assert found == made
    assert len(made) > 4
    judge_several(call, [Seen(id=one) for one in made[:3]], VerdictOutcome.ACCEPTED, None)
    page = waiting(call, None, 50)
    assert [one.explained.id for group in page.groups for one in group.said] == made[3:]
    assert {one.explained.id for group in page.judged for one in group.said} == set(made[:3])


def walk(page: Page, office: Office) -> Iterator[str]:
    """The page with nothing, with much, with what is wrong, and with what was judged."""
    yield "nothing"
    for rule in ("D13", "D15", "D7", "D1"):
        for several in deviations_of(office, "0182", rule)[:3], deviations_of(office, "0182", rule)[3:]:
            if several:
                explain(office, several)
    page.reload()
    yield "much"
    page.locator("section").first.locator("button.main").click()
    expect(page.locator("#faults")).to_be_focused()
    yield "wrong"
    page.locator("section").first.locator("input[name=explanations]").first.check()
    page.locator("section").first.locator("input[value=accepted]").check()
    page.locator("section").first.locator("button.main").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.locator("details").last.evaluate("one => { one.open = true; }")
    yield "judged"


def test_the_verdict_page_is_seen_and_heard_at_both_sizes_in_both_languages(office: Office, browser: Browser) -> None:
    with office.desk(browser, "0182", "/desk/explanations", color_scheme="light") as page:
        found = {name: (faults_of(page), small(page), page.evaluate(WIDER)) for name in walk(page, office)}
    assert list(found) == ["nothing", "much", "wrong", "judged"]
    with office.desk(browser, "controller", "/desk/explanations", **BROAD_AND_DARK) as page:
        found["broad"] = (faults_of(page), small(page), page.evaluate(WIDER))
    assert {name: told for name, told in found.items() if told != ([], [], 0)} == {}


def test_D_one_tick_takes_all_of_its_group_and_no_others(office: Office, browser: Browser) -> None:
    for one in deviations_of(office, "0182", "D15")[:3]:
        explain(office, [one])
    explain(office, deviations_of(office, "0182", "D1")[:1])
    with office.desk(browser, "0182", "/desk/explanations") as page:
        page.get_by_label("Kryssa i alla (3)").check()
        assert page.locator("input[name=explanations]:checked").count() == 3
        section = page.get_by_role("region", name="Mycket kort besök")
        section.get_by_label("Godta", exact=True).check()
        section.get_by_role("button", name="Ge utslag").click()
        expect(page.get_by_role("status")).to_have_text("Förklaringarna är godtagna.")
    assert len(office.town.deviations("0182", AT, rule="D15", state="accepted")) == 3
