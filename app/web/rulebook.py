"""The rulebook as it is shown: each rule's id, its sentence in two languages, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from app.rules.policies import KINDS, PolicyKind
from app.web.language import texts

SUBJECTS = "TVODERKAP"
"""The letters that ids begin with, in the order of the rulebook."""


SWEDISH = {"our decision": "vårt beslut", "the seconds": "sekunderna", "the details": "detaljerna"}
"""What a source says beside its sections, in Swedish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One rule as the page shows it."""

    id: str
    says: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """One policy as the page shows it."""

    kind: PolicyKind
    says: str


def policy_texts(language: str) -> tuple[PolicyText, ...]:
    """Every policy with its sentence in the language; in English it is the one that the rules have."""
    other = texts("policy_texts")
    return tuple(PolicyText(kind=kind, says=str(other[kind.name].get(language, kind.says))) for kind in KINDS)


def rule_texts(language: str) -> dict[str, tuple[RuleText, ...]]:
    """The rules of each subject in the language, in the order of their numbers."""
    rules = [
        RuleText(id=rule, says=str(text[language]), source=_source(str(text["source"]), language))
        for rule, text in texts("rulebook").items()
    ]
    return {subject: tuple(rule for rule in rules if rule.id[0] == subject) for subject in SUBJECTS}


def _source(told: str, language: str) -> str:
    for english, swedish in SWEDISH.items() if language == "sv" else ():
        told = told.replace(english, swedish)
    return told
