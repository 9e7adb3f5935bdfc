"""What every request meets: problems, bodies, headers, pages of lists, versions, idempotency keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.problems import KINDS, Slug
from tests.api.world import Answer, World

PROVIDER = {"name": "A new provider", "kind": "private"}


def problem(answer: Answer, status: int, slug: str) -> dict[str, Any]:
    """The problem, checked to have its shape."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    told: dict[str, Any] = answer.json
    assert told["type"] == f"https://hemtid.example/problems/{slug}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == answer.headers["X-Request-Id"]
    return told


def raw(world: World, body: bytes, **headers: str) -> Answer:
    """The answer to a POST of these bytes."""
    return world.home.controller.ask(
        "POST", "/providers", data=body, headers={"Content-Type": "application/json"} | headers
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"name": "a", "name": "b"}', "twice"),
        (b'{"name": NaN}', "NaN"),
        (b'{"name": -Infinity}', "Infinity"),
        (b'{"name": "\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 33 + b"]" * 33, "deeper"),
        (b"[" * 90_000, "deeper"),
    ],
    ids=["empty", "cut off", "a field twice", "NaN", "infinity", "no UTF-8", "byte order mark", "deep", "very deep"],
)
def test_an_unreadable_body_is_answered_400(sqlite_home: World, body: bytes, says: str) -> None:
    assert says in problem(raw(sqlite_home, body), 400, "unreadable")["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"name": "a\\u0000", "kind": "private"}', "/name"),
        (b'{"name": "\\ud800", "kind": "private"}', "/name"),
        (b'{"name": 9223372036854775808}', "/name"),
        (b'{"name": 1e999}', "/name"),
        (b'{"name": ' + b"9" * 50_000 + b"}", "/name"),
        (b'{"a/b~c": -9223372036854775809}', "/a~1b~0c"),
        (b'{"name": "a", "kind": "private", "wage": 1}', "/wage"),
        (b'{"kind": "private"}', "/name"),
        (b"[]", ""),
    ],
    ids=[
        "NUL",
        "half a pair",
        "65 bits",
        "an infinite number",
        "a long number",
        "escaped",
        "unknown",
        "missing",
        "a list",
    ],
)
def test_a_malformed_field_is_answered_422_with_its_pointer(sqlite_home: World, body: bytes, pointer: str) -> None:
    errors = problem(raw(sqlite_home, body), 422, "malformed")["errors"]
    assert [one["pointer"] for one in errors] == [pointer]
    assert errors[0]["message"]


def test_the_border_of_nesting_is_inside(sqlite_home: World) -> None:
    problem(raw(sqlite_home, b"[" * 32 + b"]" * 32), 422, "malformed")


def test_another_media_type_is_answered_415(sqlite_home: World) -> None:
    problem(raw(sqlite_home, b"{}", **{"Content-Type": "text/plain"}), 415, "not-json")
    problem(raw(sqlite_home, b"{}", **{"Content-Encoding": "gzip"}), 415, "not-json")


def test_a_body_beyond_two_mebibytes_is_answered_413_and_a_batch_beyond_four(sqlite_home: World) -> None:
    scheduler, headers = sqlite_home.home.providers[0].scheduler, {"Content-Type": "application/json"}
    body = b'{"name": "' + b"a" * (2 * 1024 * 1024) + b'"}'
    problem(raw(sqlite_home, body), 413, "too-large")
    batch = scheduler.ask("PUT", "/planned-visits/batch", data=body, headers=headers)
    problem(batch, 422, "malformed")
    batch = scheduler.ask("PUT", "/planned-visits/batch", data=body + body, headers=headers)
    problem(batch, 413, "too-large")


def test_addresses_and_methods_that_are_none_are_problems(sqlite_home: World) -> None:
    controller = sqlite_home.home.controller
    problem(controller.get("/nothing"), 404, "not-found")
    problem(controller.get("/providers/"), 404, "not-found")
    problem(controller.get("/providers/not-an-id"), 404, "not-found")
    refused = controller.ask("PATCH", "/providers")
    problem(refused, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))


def test_who_is_not_signed_in_is_told_how(sqlite_home: World) -> None:
    answer = sqlite_home.app.test_client().get("/api/v1/providers")
    problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_A2_a_role_that_may_not_is_told_so_with_the_rule(sqlite_home: World) -> None:
    answer = sqlite_home.home.auditor.get("/providers")
    assert problem(answer, 403, "not-allowed")["rule"] == "A2"
    assert answer.headers["Link"] == '</rules#A2>; rel="help"'


def test_a_request_id_comes_back_and_a_strange_one_is_replaced(sqlite_home: World) -> None:
    controller = sqlite_home.home.controller
    kept = controller.ask("GET", "/providers", headers={"X-Request-Id": "abc-123"})
    assert kept.headers["X-Request-Id"] == "abc-123"
    made = controller.ask("GET", "/providers", headers={"X-Request-Id": "a b"})
    assert len(made.headers["X-Request-Id"]) == 36


def test_every_answer_carries_safe_headers(sqlite_home: World) -> None:
    client = sqlite_home.app.test_client()
    for path in ("/api/v1/providers", "/", "/rules", "/docs", "/static/hemtid.css", "/healthz", "/nothing"):
        with client.get(path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Strict-Transport-Security"]


def test_a_list_is_walked_by_its_cursors_each_row_once(world: World) -> None:
    system = world.home
    whole = [one["id"] for one in system.controller.read("/accreditations", limit=200)["items"]]
    assert len(whole) == 16
    walked: list[str] = []
    path: str | None = "/api/v1/accreditations?limit=5"
    while path is not None:
        answer = system.controller.get(path)
        assert answer.status_code == 200, answer.text
        walked += [one["id"] for one in answer.json["items"]]
        assert ("next" in answer.json) == ("Link" in answer.headers)
        path = answer.headers["Link"].partition(">")[0][1:] if "Link" in answer.headers else None
    assert walked == whole == sorted(whole)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "x"},
        {"after": "x"},
        {"after": "å"},
        {"after": "A" * 40},
        {"unknown": "1"},
        {"provider_id": "x"},
        {"municipality": "\0"},
    ],
    ids=str,
)
def test_a_query_that_is_none_is_answered_422_with_its_pointer(sqlite_home: World, query: dict[str, str]) -> None:
    errors = problem(sqlite_home.home.controller.get("/accreditations", **query), 422, "malformed")["errors"]
    assert [one["pointer"] for one in errors] == [f"/{next(iter(query))}"]


def test_a_cursor_of_another_list_or_bent_is_refused(sqlite_home: World) -> None:
    controller = sqlite_home.home.controller
    cursor = controller.read("/accreditations", limit=1)["next"]
    assert controller.get("/accreditations", after=cursor).status_code == 200
    problem(controller.get("/providers", after=cursor), 422, "malformed")
    for place in range(len(cursor)):
        bent = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert controller.get("/accreditations", after=bent).status_code == 422


def test_a_parameter_stated_twice_is_refused(sqlite_home: World) -> None:
    problem(sqlite_home.home.controller.get("/api/v1/providers?limit=1&limit=2"), 422, "malformed")


def test_a_version_is_replaced_by_who_names_it_and_by_nobody_else(world: World) -> None:
    controller = world.home.controller
    made = controller.post("/providers", PROVIDER)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    path = made.headers["Location"]
    problem(controller.put(path, PROVIDER), 428, "version-required")
    problem(controller.put(path, PROVIDER, etag="*"), 428, "version-required")
    problem(controller.put(path, PROVIDER, etag='"2"'), 412, "changed-meanwhile")
    problem(controller.put(path, PROVIDER, etag='W/"1"'), 412, "changed-meanwhile")
    changed = controller.put(path, PROVIDER | {"name": "Renamed"}, etag='"1"', at="2014-02-03T09:00:00+01:00")
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json == made.json | {"name": "Renamed", "recorded_at": "2014-02-03T08:00:00Z"}
    problem(controller.put(path, PROVIDER, etag='"1"'), 412, "changed-meanwhile")
    read = controller.get(path)
    assert (read.json, read.headers["ETag"]) == (changed.json, '"2"')


def test_an_idempotency_key_repeats_the_answer_and_adds_nothing(world: World) -> None:
    """FAULTS 1."""
    controller = world.home.controller
    first = controller.post("/providers", PROVIDER, key="k-1")
    again = controller.post("/providers", PROVIDER, key="k-1", at="2014-02-04T08:00:00Z")
    assert (again.status_code, again.data) == (201, first.data)
    assert [again.headers[name] for name in ("ETag", "Location")] == [
        first.headers[name] for name in ("ETag", "Location")
    ]
    problem(controller.post("/providers", PROVIDER | {"name": "Other"}, key="k-1"), 409, "key-reused")
    assert controller.post("/providers", PROVIDER, key="k-2").json["id"] != first.json["id"]
    assert len(controller.read("/providers")["items"]) == 4


def test_an_idempotency_key_is_its_own_users_and_its_own_operations(world: World) -> None:
    home, foreign = world.home.controller, world.foreign.controller
    assert home.post("/providers", PROVIDER, key="k").json != foreign.post("/providers", PROVIDER, key="k").json
    policy = {"name": "lock_day", "value": 7, "valid_from": "2014-03-01", "source": "A decision"}
    assert home.post("/policies", policy, key="k").json["name"] == "lock_day"


def test_a_refused_request_leaves_its_key_free(world: World) -> None:
    controller = world.home.controller
    problem(controller.post("/providers", PROVIDER | {"external_id": "0-private"}, key="k"), 409, "taken")
    assert controller.post("/providers", PROVIDER, key="k").status_code == 201


def test_a_key_that_cannot_be_kept_is_refused(sqlite_home: World) -> None:
    for key in ("", "a b", "k" * 201):
        problem(sqlite_home.home.controller.post("/providers", PROVIDER, key=key), 400, "unreadable")


def test_an_external_id_is_given_once_in_a_care_system_and_again_in_another(world: World) -> None:
    named = PROVIDER | {"external_id": "mine"}
    assert world.home.controller.post("/providers", named).status_code == 201
    errors = problem(world.home.controller.post("/providers", named), 409, "taken")["errors"]
    assert errors[0]["pointer"] == "/external_id"
    assert world.foreign.controller.post("/providers", named).status_code == 201
    assert len(world.home.controller.read("/providers", external_id="mine")["items"]) == 1


def test_the_demo_clock_says_what_time_it_is_only_where_it_is_allowed(world: World) -> None:
    controller = world.home.controller
    made = controller.make("/providers", PROVIDER, at="2014-02-03T10:00:00.9+01:00")
    assert made["recorded_at"] == "2014-02-03T09:00:00Z"
    problem(controller.post("/providers", PROVIDER, at="2014-02-03T10:00:00"), 400, "unreadable")


def test_every_kind_of_problem_has_a_page_in_both_languages(sqlite_home: World) -> None:
    client = sqlite_home.app.test_client()
    for slug, kind in KINDS.items():
        swedish = client.get(f"/problems/{slug}", headers={"Accept-Language": "sv"})
        english = client.get(f"/problems/{slug}?lang=en", headers={"Accept-Language": "sv"})
        assert swedish.status_code == english.status_code == 200
        assert f"<h1>{kind.title}</h1>" in english.text
        assert str(kind.status) in english.text
        assert 'lang="sv"' in swedish.text
        assert swedish.text != english.text
    assert client.get("/problems/none").status_code == 404
    assert {slug.value for slug in Slug} == set(json.loads(json.dumps(list(KINDS))))


def test_a_storage_that_is_away_is_answered_503_with_when_to_come_again(sqlite_home: World) -> None:
    """FAULTS 13: every connection is in use."""
    database = sqlite_home.app.extensions["hemtid"].database
    controller = sqlite_home.home.controller
    token = controller.token
    engine = database._engine
    held = [engine.connect() for _ in range(engine.pool.size())]
    try:
        answer = sqlite_home.app.test_client().get("/api/v1/providers", headers={"Authorization": f"Bearer {token}"})
    finally:
        for connection in held:
            connection.close()
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert controller.get("/providers").status_code == 200
