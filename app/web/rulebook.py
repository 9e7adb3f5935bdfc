"""The rulebook as it is shown: each rule's id, its sentence in two languages, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from app.web.language import texts

SUBJECTS = "TVODERKAP"
"""The letters that ids begin with, in the order of the rulebook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One rule as the page shows it."""

    id: str
    says: str
    source: str


def rule_texts(language: str) -> dict[str, tuple[RuleText, ...]]:
    """The rules of each subject in the language, in the order of their numbers."""
    rules = [
        RuleText(id=rule, says=str(text[language]), source=str(text["source"]))
        for rule, text in texts("rulebook").items()
    ]
    return {subject: tuple(rule for rule in rules if rule.id[0] == subject) for subject in SUBJECTS}
