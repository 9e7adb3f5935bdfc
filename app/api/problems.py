"""Problems: every refusal that leaves the product is RFC 9457 `application/problem+json`, in one shape, made here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import orjson
from flask import Response, current_app, g
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from app.actions.faults import ChangedMeanwhile, Damaged, KeyReused, Taken, Unfit, UnknownReferences
from app.rules.refusal import Kind, Refused

PROBLEM_JSON = "application/problem+json"
_ON_THE_PAGE = re.compile(r"(?:[TVODERKAP]\d{0,2}|policy)\Z")
"""What has an anchor on the rulebook's page: a rule, a subject as a whole, and the policies."""


class Slug(StrEnum):
    """The kinds of problem. Each ends a `type` and has a page of ours; a retired one is never used again."""

    UNREADABLE = "unreadable"
    NOT_SIGNED_IN = "not-signed-in"
    NOT_ALLOWED = "not-allowed"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    NOT_ACCEPTABLE = "not-acceptable"
    REFUSED_BY_RULE = "refused-by-rule"
    KEY_REUSED = "key-reused"
    TAKEN = "taken"
    CHANGED_MEANWHILE = "changed-meanwhile"
    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    MALFORMED = "malformed"
    VERSION_REQUIRED = "version-required"
    TOO_MANY_REQUESTS = "too-many-requests"
    OUR_FAULT = "our-fault"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What a kind of problem is called, its status, and the sentence that stands where nothing more exact is known."""

    status: int
    title: str
    detail: str


KINDS: Mapping[Slug, ProblemKind] = {
    Slug.UNREADABLE: ProblemKind(400, "Unreadable request", "The request could not be read."),
    Slug.NOT_SIGNED_IN: ProblemKind(401, "Not signed in", "A valid access token is needed."),
    Slug.NOT_ALLOWED: ProblemKind(403, "Not allowed", "This role may not do this."),
    Slug.NOT_FOUND: ProblemKind(404, "Not found", "It does not exist, or not for this actor."),
    Slug.METHOD_NOT_ALLOWED: ProblemKind(405, "Method not allowed", "This address does not take the method."),
    Slug.NOT_ACCEPTABLE: ProblemKind(406, "Not acceptable", "This can only be answered in JSON."),
    Slug.REFUSED_BY_RULE: ProblemKind(409, "Refused by a rule", "A rule refuses this as things stand."),
    Slug.KEY_REUSED: ProblemKind(409, "Idempotency key reused", "The key was used for another request."),
    Slug.TAKEN: ProblemKind(409, "Taken", "Another resource has this name already."),
    Slug.CHANGED_MEANWHILE: ProblemKind(412, "Changed meanwhile", "Another version stands now; read it again."),
    Slug.TOO_LARGE: ProblemKind(413, "Too large", "The body is larger than is taken here."),
    Slug.NOT_JSON: ProblemKind(415, "Not JSON", "The body must be application/json, not compressed."),
    Slug.MALFORMED: ProblemKind(422, "Malformed", "Some fields are not as they must be."),
    Slug.VERSION_REQUIRED: ProblemKind(428, "Version required", "If-Match must name the version that is replaced."),
    Slug.TOO_MANY_REQUESTS: ProblemKind(429, "Too many requests", "Wait before trying again."),
    Slug.OUR_FAULT: ProblemKind(500, "Our fault", "Something is wrong with us; it has been noted."),
    Slug.UNAVAILABLE: ProblemKind(503, "Unavailable", "The register cannot answer now; nothing was kept. Try again."),
}
BY_STATUS: Mapping[int, Slug] = {kind.status: slug for slug, kind in reversed(list(KINDS.items()))}
_BY_REFUSAL: Mapping[Kind, Slug] = {
    Kind.FORBIDDEN: Slug.NOT_ALLOWED,
    Kind.MISSING: Slug.NOT_FOUND,
    Kind.CONFLICT: Slug.REFUSED_BY_RULE,
    Kind.INVALID: Slug.MALFORMED,
}


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field. `pointer` is its JSON pointer (of a query parameter `/name`), '' the whole."""

    pointer: str
    message: str


@dataclass(slots=True)
class Problem(Exception):
    """Raised where a request is refused before or after the rules: unreadable, malformed, unauthenticated, stale."""

    slug: Slug
    detail: str | None = None
    errors: tuple[FieldFault, ...] = ()
    rule: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.slug}: {self.detail or KINDS[self.slug].detail}"

    @property
    def status(self) -> int:
        """The HTTP status that it is answered with."""
        return KINDS[self.slug].status

    def body(self, base_url: str, request_id: str) -> dict[str, object]:
        """The JSON object of the contract. Source: CONTRACT, Envelopes; RFC 9457."""
        kind = KINDS[self.slug]
        found: dict[str, object] = {
            "type": f"{base_url}/problems/{self.slug}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail or kind.detail,
        }
        if self.rule is not None:
            found["rule"] = self.rule
        if self.errors:
            found["errors"] = [{"pointer": fault.pointer, "message": fault.message} for fault in self.errors]
        if self.facts:
            found["facts"] = dict(self.facts)
        found["request_id"] = request_id
        return found


def malformed(pointer: str, message: str) -> Problem:
    """The problem of one field that is not as it must be."""
    return Problem(Slug.MALFORMED, errors=(FieldFault(pointer, message),))


def problem_of(refused: Refused) -> Problem:
    """How a rule's refusal is answered. What is missing says nothing of why, so that nobody can tell. Source: A1."""
    slug = _BY_REFUSAL[refused.kind]
    if slug is Slug.NOT_FOUND:
        return Problem(slug)
    errors = (FieldFault(refused.pointer, refused.message),) if refused.pointer or slug is Slug.MALFORMED else ()
    rule = refused.rule if _ON_THE_PAGE.match(refused.rule) else None
    return Problem(slug, refused.message, errors, rule, facts=refused.facts)


def problem_of_fault(fault: Exception) -> Problem:
    """How what an action raises is answered."""
    match fault:
        case Refused():
            return problem_of(fault)
        case UnknownReferences(pointers=pointers):
            unknown = "Nothing of this id is known here, or not within your scope."
            return Problem(Slug.MALFORMED, errors=tuple(FieldFault(one, unknown) for one in pointers))
        case Unfit(pointer=pointer, message=message):
            return malformed(pointer, message)
        case Taken(pointer=pointer):
            return Problem(Slug.TAKEN, errors=(FieldFault(pointer, "Another one has this already."),))
        case ChangedMeanwhile():
            return Problem(Slug.CHANGED_MEANWHILE)
        case KeyReused():
            return Problem(Slug.KEY_REUSED)
        case Damaged():
            return Problem(Slug.OUR_FAULT, str(fault))
    raise fault


def body_of(problem: Problem) -> dict[str, object]:
    """The problem as JSON within the request at hand, for a batch's row too."""
    base_url = current_app.extensions["hemtid"].settings.base_url
    return problem.body(base_url, g.get("request_id", ""))


def answer_problem(problem: Problem) -> Response:
    """The problem as a response."""
    response = Response(orjson.dumps(body_of(problem)), problem.status, mimetype=PROBLEM_JSON)
    response.headers.update(problem.headers)
    if problem.slug is Slug.NOT_SIGNED_IN:
        response.headers.setdefault("WWW-Authenticate", 'Bearer realm="hemtid"')
    if problem.slug is Slug.UNAVAILABLE:
        response.headers.setdefault("Retry-After", "2")
    if problem.rule is not None:
        response.headers.add("Link", f'</rules#{problem.rule}>; rel="help"')
    return response


FAULTS: tuple[type[Exception], ...] = (
    Refused,
    UnknownReferences,
    Unfit,
    Taken,
    ChangedMeanwhile,
    KeyReused,
    Damaged,
)
"""What actions raise and `problem_of_fault` answers."""


def answer_fault(fault: Exception) -> Response:
    """What an action raised as a response."""
    return answer_problem(problem_of_fault(fault))


def answer_http_exception(error: HTTPException) -> ResponseReturnValue:
    """What werkzeug and Flask raise as a response in our shape, with the headers that belong to it (such as Allow)."""
    if error.code is None or error.code < 400:
        return error.get_response()
    slug = BY_STATUS.get(error.code, Slug.UNREADABLE if error.code < 500 else Slug.OUR_FAULT)
    response = answer_problem(Problem(slug))
    kept = {name: text for name, text in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    response.headers.update(kept)
    return response
