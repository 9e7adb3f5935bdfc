"""The desk's words: one file for its frame and one for each subject, Swedish and English."""

from __future__ import annotations

from functools import cache

from app.web.language import texts

FILES = (
    *("frame", "terms", "extensions", "assessments", "explanations", "no_choice", "months"),
    *("today", "deviations", "facts", "visits", "attestation", "rates", "simulation", "reimbursement", "files"),
)
"""The files of `app/web/desk/words`, whose keys are all different."""


@cache
def told(language: str) -> dict[str, str]:
    """Every word of the desk in the language, by its key."""
    return {key: str(text[language]) for file in FILES for key, text in texts(f"desk/words/{file}").items()}
