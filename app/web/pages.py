"""Pages for people: the start, the rulebook, what the problems mean, and the page on which the API is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Blueprint, Response, abort, make_response, render_template, send_from_directory

from app.web.language import LANGUAGES, language, texts, words
from app.web.rulebook import policy_texts, rule_texts

pages = Blueprint("pages", __name__)

_SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
_SWAGGER_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def page(template: str, **values: Any) -> Response:
    """The template in the language of the request, under the pages' content policy."""
    chosen = language()
    other = next(one for one in LANGUAGES if one != chosen)
    response = make_response(render_template(template, words=words(), lang=chosen, other_lang=other, **values))
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Content-Language"] = chosen
    response.headers["Vary"] = "Accept-Language"
    return response


@pages.get("/")
def landing() -> Response:
    """What the product is, and where to go."""
    return page("landing.html")


@pages.get("/rules")
def rules() -> Response:
    """Every rule with its sentence and source, and the policies with their units and defaults."""
    return page("rules.html", subjects=rule_texts(language()), policies=policy_texts(language()))


@pages.get("/problems")
def problems() -> Response:
    """The kinds of problem."""
    return page("problems.html", problems=texts("problem_texts"))


@pages.get("/problems/<slug>")
def problem(slug: str) -> Response:
    """What a problem means and what to do; where its `type` leads. Source: RFC 9457 section 3.1.1."""
    text = texts("problem_texts").get(slug)
    if text is None:
        abort(404)
    return page("problem.html", slug=slug, problem=text)


@pages.get("/docs")
def docs() -> Response:
    """The page on which the API is tried; everything it loads is ours."""
    return page("docs.html")


@pages.get("/docs/<name>")
def docs_file(name: str) -> Response:
    """A file of the bundled Swagger UI."""
    if name not in _SWAGGER_FILES:
        abort(404)
    response = send_from_directory(_SWAGGER, name, max_age=3600)
    response.headers["Content-Security-Policy"] = _POLICY
    return response
