"""Pointers to the fields that were refused."""

from __future__ import annotations

from schemas.problems import ProblemSchema, field_problems, pointer


def test_nested_messages_become_pointers_in_the_order_of_the_document() -> None:
    messages = {
        "place": {"reason": ["b", "a"], "_schema": ["whole place"]},
        "household": {10: {"share": ["ten"]}, 9: {"share": ["nine"]}},
        "_schema": ["whole"],
        "activities": [{1: ["twice"]}, "too many"],
    }
    assert field_problems(messages) == [
        {"pointer": "", "message": "whole"},
        {"pointer": "/activities", "message": "too many"},
        {"pointer": "/activities/1", "message": "twice"},
        {"pointer": "/household/9/share", "message": "nine"},
        {"pointer": "/household/10/share", "message": "ten"},
        {"pointer": "/place", "message": "whole place"},
        {"pointer": "/place/reason", "message": "a"},
        {"pointer": "/place/reason", "message": "b"},
    ]


def test_a_pointer_escapes_its_own_signs_as_RFC_6901_says() -> None:
    assert pointer(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"
    assert field_problems({"a/b": ["unknown"]}) == [{"pointer": "/a~1b", "message": "unknown"}]


def test_a_row_of_a_batch_is_pointed_at_from_the_whole_body() -> None:
    assert field_problems({"id": ["needed"]}, ("items", 3)) == [{"pointer": "/items/3/id", "message": "needed"}]


def test_a_message_that_is_told_twice_stands_once() -> None:
    assert field_problems({"id": ["needed", "needed"]}) == [{"pointer": "/id", "message": "needed"}]


def test_a_problem_may_have_members_of_its_own() -> None:
    problem = {
        "type": "/problems/conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "…",
        "rule": "V2",
        "request_id": "r",
        "errors": [{"pointer": "/id", "message": "…", "more": 1}],
        "extra": True,
    }
    assert ProblemSchema().load(problem) == problem
