"""The coordinator's page: phones are enrolled and revoked there, and what they could not register is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Blueprint, Response

from app.rules.providers import Service
from app.rules.tags import ManualReason
from app.rules.visits.values import RegistrationKind
from app.web.language import language, texts
from app.web.pages import page

phones = Blueprint("phones", __name__)

OF_THE_DOOR = (
    "needs_script",
    "sign_in",
    "username",
    "password",
    "sign_in_wrong",
    "sign_in_wait",
    "sign_in_server",
    "signed_in_as",
    "sign_out",
)
"""Words that say the same here as at the door."""


@phones.get("/phones")
def provider_phones() -> Response:
    """The page; whoever opens it signs in there, and what it shows is asked of the API. Source: V17, FAULTS 8, 22."""
    chosen = language()
    shared = texts("door_words")
    told = {key: text[chosen] for key, text in texts("phones_words").items()}
    told |= {key: shared[key][chosen] for key in OF_THE_DOOR}
    told |= {f"problem_{slug}": _title(text, chosen) for slug, text in texts("problem_texts").items()}
    return page(
        "phones.html",
        phones=told,
        kinds=_named("kind", RegistrationKind, told),
        services=_named("service", Service, told),
        reasons={str(one): shared[f"reason_{one}"][chosen] for one in ManualReason},
    )


def _named(which: str, values: Iterable[str], told: Mapping[str, object]) -> dict[str, object]:
    return {str(one): told[f"{which}_{one}"] for one in values}


def _title(text: Mapping[str, object], chosen: str) -> object:
    """What the kind of problem is called: its text is the title and what to do."""
    told = text[chosen]
    return told[0] if isinstance(told, list) else told
