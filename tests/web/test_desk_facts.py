"""A deviation's facts in plain words, whatever they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.rules.deviations.judge import judge
from app.rules.deviations.values import Found, Rule
from app.web.desk.facts import in_common, sentences
from app.web.desk.wording import told
from app.web.language import LANGUAGES
from tests.rules.builders import a_check_in, a_check_out, a_planned_visit, a_policy, judged, the_deviation
from tests.rules.lives import MONTH, NOW, a_month_of_life
from tests.rules.test_tags_replayed import STAY, at_the_chip, tapped

SEEDS = range(3)


@dataclass(frozen=True)
class Odd:
    """A deviation whose facts nobody foresaw."""

    rule: Rule
    facts: Mapping[str, Any]


def everything_found() -> list[Found]:
    """Deviations of every rule, with the facts that the rules make; D21 is of a chip."""
    copy = a_check_in("10:00", caregiver="c2", place=STAY[1].place)
    replayed = at_the_chip(*STAY, copy, a_check_out("11:00", caregiver="c2", place=tapped(3)))
    told = [one.found for one in replayed.deviations]
    for seed in SEEDS:
        told += [one.found for one in judge(a_month_of_life(seed)[0], NOW, (MONTH,)).deviations]
    return told


def test_D_every_rule_has_a_sentence_in_both_languages_for_the_facts_that_it_really_makes() -> None:
    found = everything_found()
    assert {one.rule for one in found} == set(Rule)
    for language in LANGUAGES:
        for one in found:
            said = sentences(one, told(language), language)
            assert said, one
            listed = [line for line in said for name in one.facts if line.startswith(f"{name}: ")]
            assert listed == [], one.rule
            assert not [
                line for line in said if "{" in line or not (line[0].isupper() or line[0].isdigit()) or line[-1] != "."
            ], said


def test_D7_its_facts_tell_what_was_seen_what_was_expected_and_by_which_policy() -> None:
    policy = a_policy("no_check_out_seconds", 3_600, valid_from="2014-02-01")
    told_of = the_deviation(
        judged(a_planned_visit(), a_check_in("08:00:20"), policy, now="2014-02-03T13:00:00+01:00"), "D7"
    ).found
    assert sentences(told_of, told("sv"), "sv") == [
        "Besöket började 2014-02-03 08:00:20; slutet saknas.",
        "Ingen hade checkat ut 2014-02-03 10:00:00.",
        "Gräns (öppet längre efter planerat slut): 1 h, gäller från 2014-02-01.",
    ]
    assert sentences(told_of, told("en"), "en")[1] == "Nobody had checked out by 2014-02-03 10:00:00."
    bare = {name: value for name, value in told_of.facts.items() if name != "policies"}
    assert len(sentences(replace(told_of, facts=bare), told("sv"), "sv")) == 2


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"news": [1, {"a": None}]},
        {"starts_at": 5, "ends_at": []},
        {"starts_at": None, "ends_at": None},
        {"expected": "x", "policies": "y"},
        {"expected": {"least_seconds": "soon"}, "policies": [{}, 3, {"name": "unknown", "value": 1}]},
        {"cause": "a new one", "problems": ["?"], "ends": [{}], "late_seconds": {"check_in": None}, "numbers": [1]},
        {"seconds": 60, "from": "2014-02-03T08:00:00Z", "visit_ids": None, "performed_seconds": True},
    ],
)
def test_D_facts_that_nobody_foresaw_are_listed_and_never_a_fault(facts: dict[str, Any]) -> None:
    for rule in Rule:
        for language in LANGUAGES:
            said = sentences(Odd(rule, facts), told(language), language)
            assert ("news" not in facts) or f"news: {facts['news']}" in said


def test_D_what_all_of_a_kind_tell_is_told_once() -> None:
    assert in_common([["a", "b", "c"], ["c", "x", "a"]]) == ["a", "c"]
    assert in_common([["a"]]) == []
    assert in_common([]) == []
