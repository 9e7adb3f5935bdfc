"""Every route with every role against what is its own and what is not. Whoever adds a route adds its line here.

FAULTS 36, 38; rules A1, A2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from app.api import examples
from app.rules.access import Role
from app.storage.ids import new_id
from tests.api.places import AFTERWARDS, Ids, Relation, happened
from tests.api.world import Answer, Somebody, World
from tests.files import a_pdf

LETTERS = {
    "g": Role.CAREGIVER,
    "k": Role.COORDINATOR,
    "b": Role.CASE_OFFICER,
    "c": Role.CONTROLLER,
    "s": Role.SCHEDULING_CLIENT,
    "m": Role.MEASURING_CLIENT,
    "r": Role.REIMBURSEMENT_CLIENT,
    "a": Role.AUDITOR,
    "o": Role.OPERATOR,
}
OPEN = "open to all"
V1 = "/api/v1"

ROUTES: Mapping[str, str] = {
    "GET /": OPEN,
    "GET /rules": OPEN,
    "GET /problems": OPEN,
    "GET /problems/<slug>": OPEN,
    "GET /docs": OPEN,
    "GET /docs/<name>": OPEN,
    "GET /static/<path:filename>": OPEN,
    "GET /openapi.json": OPEN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /.well-known/jwks.json": OPEN,
    "GET /t/": OPEN,
    "GET /t/<path:token>": OPEN,
    "GET /door/<digest>/<name>": OPEN,
    "GET /sw.js": OPEN,
    "GET /phones": OPEN,
    f"GET {V1}/jwks": OPEN,
    f"POST {V1}/tokens": OPEN,
    f"GET {V1}/users": "o",
    f"POST {V1}/users": "o",
    f"GET {V1}/users/<id:user_id>": "o",
    f"PUT {V1}/users/<id:user_id>": "o",
    f"GET {V1}/clients": "o",
    f"POST {V1}/clients": "o",
    f"GET {V1}/clients/<id:client_id>": "o",
    f"PUT {V1}/clients/<id:client_id>": "o",
    f"GET {V1}/care-systems": "kbco",
    f"POST {V1}/care-systems": "o",
    f"GET {V1}/care-systems/<id:care_system_id>": "kbco",
    f"PUT {V1}/care-systems/<id:care_system_id>": "o",
    f"GET {V1}/municipalities": "kbco",
    f"GET {V1}/providers": "kbc",
    f"POST {V1}/providers": "c",
    f"GET {V1}/providers/<id:provider_id>": "kbc",
    f"PUT {V1}/providers/<id:provider_id>": "c",
    f"GET {V1}/accreditations": "kbc",
    f"POST {V1}/accreditations": "c",
    f"GET {V1}/accreditations/<id:accreditation_id>": "kbc",
    f"PUT {V1}/accreditations/<id:accreditation_id>": "c",
    f"GET {V1}/caregivers": "gksm",
    f"POST {V1}/caregivers": "k",
    f"GET {V1}/caregivers/<id:caregiver_id>": "gksm",
    f"PUT {V1}/caregivers/<id:caregiver_id>": "k",
    f"GET {V1}/customers": "gkbsm",
    f"POST {V1}/customers": "b",
    f"GET {V1}/customers/<id:customer_id>": "gkbsm",
    f"PUT {V1}/customers/<id:customer_id>": "b",
    f"GET {V1}/absences": "kb",
    f"POST {V1}/absences": "kb",
    f"GET {V1}/absences/<id:absence_id>": "kb",
    f"PUT {V1}/absences/<id:absence_id>": "kb",
    f"GET {V1}/grants": "kbr",
    f"POST {V1}/grants": "b",
    f"GET {V1}/grants/<id:grant_id>": "kbr",
    f"PUT {V1}/grants/<id:grant_id>": "b",
    f"GET {V1}/orders": "kbsr",
    f"POST {V1}/orders": "b",
    f"GET {V1}/orders/<id:order_id>": "kbsr",
    f"PUT {V1}/orders/<id:order_id>": "b",
    f"GET {V1}/no-choice": "b",
    f"POST {V1}/no-choice": "b",
    f"GET {V1}/no-choice/<id:no_choice_id>": "b",
    f"POST {V1}/no-choice/<id:no_choice_id>/decision": "b",
    f"GET {V1}/tags": "kb",
    f"POST {V1}/tags": "kb",
    f"GET {V1}/tags/<id:tag_id>": "kb",
    f"PUT {V1}/tags/<id:tag_id>": "kb",
    f"GET {V1}/tags/<id:tag_id>/qr.svg": "kb",
    f"GET {V1}/tags/<id:tag_id>/versions": "kb",
    f"GET {V1}/tags/sheet.svg": "kb",
    f"GET {V1}/tags/sheet.pdf": "kb",
    f"GET {V1}/devices": "k",
    f"POST {V1}/devices": "k",
    f"GET {V1}/devices/<id:device_id>": "k",
    f"POST {V1}/devices/<id:device_id>/revocation": "k",
    f"POST {V1}/devices/enrolment": "g",
    f"GET {V1}/quarantine": "k",
    f"GET {V1}/quarantine/<id:quarantined_id>": "k",
    f"POST {V1}/quarantine/<id:quarantined_id>/verdict": "k",
    f"GET {V1}/planned-visits": "gks",
    f"POST {V1}/planned-visits": "ks",
    f"GET {V1}/planned-visits/<id:planned_visit_id>": "gks",
    f"PUT {V1}/planned-visits/<id:planned_visit_id>": "ks",
    f"PUT {V1}/planned-visits/batch": "ks",
    f"GET {V1}/rates": "cr",
    f"POST {V1}/rates": "c",
    f"GET {V1}/rates/<id:rate_id>": "cr",
    f"POST {V1}/rates/proposals": "c",
    f"GET {V1}/tariffs": "cr",
    f"POST {V1}/tariffs/<string:tariff>/rates": "c",
    f"GET {V1}/policies": "c",
    f"POST {V1}/policies": "c",
    f"GET {V1}/policies/<id:policy_id>": "c",
    f"GET {V1}/registrations": "gkr",
    f"POST {V1}/registrations": "gm",
    f"GET {V1}/registrations/<id:registration_id>": "gkr",
    f"POST {V1}/registrations/batch": "gm",
    f"POST {V1}/registrations/csv": "m",
    f"GET {V1}/visits": "gkbcsr",
    f"GET {V1}/visits/<id:visit_id>": "gkbcsr",
    f"GET {V1}/visits/<id:visit_id>/corrections": "gkbcsr",
    f"POST {V1}/visits/<id:visit_id>/corrections": "k",
    f"GET {V1}/visits/<id:visit_id>/corrections/<id:correction_id>": "gkbcsr",
    f"POST {V1}/visits/<id:visit_id>/corrections/<id:correction_id>/approval": "k",
    f"GET {V1}/deviations": "kbc",
    f"GET {V1}/deviations/<id:deviation_id>": "kbc",
    f"GET {V1}/explanations": "kbc",
    f"POST {V1}/explanations": "k",
    f"GET {V1}/explanations/<id:explanation_id>": "kbc",
    f"POST {V1}/explanations/<id:explanation_id>/verdict": "bc",
    f"GET {V1}/extensions": "gkbr",
    f"POST {V1}/extensions": "gk",
    f"GET {V1}/extensions/<id:extension_id>": "gkbr",
    f"POST {V1}/extensions/<id:extension_id>/decisions": "b",
    f"POST {V1}/extensions/<id:extension_id>/answers": "gk",
    f"POST {V1}/extensions/<id:extension_id>/withdrawal": "gk",
    f"POST {V1}/extensions/<id:extension_id>/completion": "k",
    f"POST {V1}/extensions/<id:extension_id>/documents": "gk",
    f"GET {V1}/extensions/<id:extension_id>/documents/<id:document_id>": "gkbr",
    f"POST {V1}/visits/<id:visit_id>/extension": "gk",
    f"GET {V1}/assessments": "kb",
    f"GET {V1}/assessments/<id:assessment_id>": "kb",
    f"POST {V1}/assessments/<id:assessment_id>/closing": "b",
    f"GET {V1}/months": "kbc",
    f"GET {V1}/months/<month:month>": "kbc",
    f"POST {V1}/months/<month:month>/attestation": "k",
    f"POST {V1}/months/<month:month>/lock": "c",
    f"GET {V1}/reimbursement/runs": "kcr",
    f"POST {V1}/reimbursement/runs": "c",
    f"GET {V1}/reimbursement/runs/<id:run_id>": "kcr",
    f"GET {V1}/reimbursement/lines": "kbcr",
    f"GET {V1}/reimbursement/excess": "kbcr",
    f"GET {V1}/reimbursement/statements": "kcr",
    f"GET {V1}/reimbursement/lines/<sequence:sequence>/history": "kbcr",
    f"GET {V1}/visits/<id:visit_id>/history": "kbcr",
    f"GET {V1}/customers/<id:customer_id>/history": "kbcr",
    f"GET {V1}/reimbursement/runs/<id:run_id>/files/<string:name>": "kcr",
    f"GET {V1}/billing-parties": "kcr",
    f"POST {V1}/billing-parties": "c",
    f"GET {V1}/billing-parties/<id:billing_party_id>": "kcr",
    f"PUT {V1}/billing-parties/<id:billing_party_id>": "c",
    f"POST {V1}/simulations": "c",
    f"POST {V1}/simulations/months": "c",
    f"GET {V1}/changes": "sr",
    f"GET {V1}/webhooks": "sr",
    f"POST {V1}/webhooks": "sr",
    f"GET {V1}/webhooks/<id:webhook_id>": "sr",
    f"PUT {V1}/webhooks/<id:webhook_id>": "sr",
    f"POST {V1}/webhooks/<id:webhook_id>/secret": "sr",
    f"GET {V1}/webhooks/<id:webhook_id>/deliveries": "sr",
    f"POST {V1}/webhooks/<id:webhook_id>/test": "sr",
    f"GET {V1}/ledger/seals": "ca",
    f"GET {V1}/ledger/keys": OPEN,
    f"GET {V1}/ledger/proofs/<id:registration_id>": "gkcra",
}
"""Who may, as A2 has it, by the letters above; written by hand, so that a slip in the product's own table is seen."""

NOT_ITS_OWN = (
    {(Role.CAREGIVER, f"{V1}/extensions/<id:extension_id>/{act}") for act in ("answers", "documents", "withdrawal")}
    | {
        (Role.REIMBURSEMENT_CLIENT, f"{V1}/webhooks/<id:webhook_id>{below}")
        for below in ("", "/secret", "/deliveries", "/test")
    }
    | {
        (role, f"{V1}/reimbursement/lines/<sequence:sequence>/history")
        for role in (Role.COORDINATOR, Role.CASE_OFFICER, Role.CONTROLLER, Role.REIMBURSEMENT_CLIENT)
    }
)
"""A caregiver moves its own requests only, and those of the world are its coordinator's (E3); a client has its own
webhooks only, and those of the world are schedulers'. No line is issued in the world (tests/api/test_histories.py).
"""
FORMS = {f"{V1}/extensions/<id:extension_id>/documents"}
"""What takes a file by a form, and not JSON."""
UNPAGED = {
    f"{V1}/reimbursement/statements",
    f"{V1}/months/<month:month>",
    f"{V1}/tags/sheet.svg",
    f"{V1}/tags/sheet.pdf",
}

OF_A_MONTH = {
    f"{V1}/reimbursement/excess",
    f"{V1}/reimbursement/statements",
    f"{V1}/customers/<id:customer_id>/history",
}
"""What is asked for a month."""

REACHED: Mapping[Role, frozenset[Relation]] = {
    **dict.fromkeys(
        (Role.CAREGIVER, Role.COORDINATOR, Role.SCHEDULING_CLIENT),
        frozenset({Relation.OWN, Relation.FOREIGN_MUNICIPALITY}),
    ),
    Role.CASE_OFFICER: frozenset({Relation.OWN, Relation.FOREIGN_PROVIDER}),
    **dict.fromkeys(
        (Role.CONTROLLER, Role.MEASURING_CLIENT, Role.REIMBURSEMENT_CLIENT, Role.AUDITOR),
        frozenset(Relation) - {Relation.FOREIGN_CARE_SYSTEM},
    ),
    Role.OPERATOR: frozenset(Relation),
}
"""Whose things a role reaches: a provider's people theirs in all municipalities, a case officer its municipality's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route by its method and rule, and who may."""

    method: str
    rule: str
    letters: str

    @property
    def slots(self) -> list[str]:
        """The names of the ids in its path."""
        return re.findall(r"<id:(\w+)>", self.rule)

    def may(self, role: Role) -> bool:
        """Whether the table lets the role."""
        return any(LETTERS[letter] is role for letter in self.letters)

    def path(self, ids: Ids) -> str:
        """An address of it with these ids."""
        return re.sub(r"<\w+:(\w+)>", lambda found: ids[found[1]], self.rule)


def routes() -> Iterator[Route]:
    """The routes that need a token."""
    for key, letters in ROUTES.items():
        method, rule = key.split(" ")
        if letters != OPEN:
            yield Route(method=method, rule=rule, letters=letters)


class Matrix:
    """The world with everything in it, and what each route is sent."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.places = happened(world)
        self.own = self.places[Relation.OWN]
        self.bodies = _bodies(world)
        self.everybody = {one.role: one for one in world.everybody()}

    def ask(self, somebody: Somebody, route: Route, ids: Ids, named: Ids | None = None) -> Answer:
        """The answer to the route with these ids in its path, and `named` in its body."""
        sent: dict[str, Any] = {"at": AFTERWARDS if "/months" in route.rule or "/runs" in route.rule else None}
        if route.method == "POST" and route.rule in FORMS:
            sent["data"] = {"file": (BytesIO(a_pdf(b"another")), "journal.pdf")}
        elif route.method in ("POST", "PUT"):
            sent["json"] = self._body(route, named or ids)
        if route.method == "PUT":
            sent["headers"] = {"If-Match": '"999"'}
        elif route.rule in OF_A_MONTH:
            sent["query_string"] = {"month": "2014-01"}
        return somebody.ask(route.method, route.path(ids), **sent)

    def _body(self, route: Route, ids: Ids) -> Any:
        told = json.dumps(self.bodies.get((route.method, route.rule)))
        for slot, example in _EXAMPLE_IDS.items():
            told = told.replace(example, ids[slot])
        return json.loads(told)


_EXAMPLE_IDS = {
    "care_system_id": examples.CARE_SYSTEM["id"],
    "provider_id": examples.PROVIDER["id"],
    "customer_id": examples.CUSTOMER["id"],
    "caregiver_id": examples.CAREGIVER["id"],
    "grant_id": examples.GRANT["id"],
}


def _bodies(world: World) -> dict[tuple[str, str], Any]:
    """The example of each operation's body, by method and rule."""
    specification = world.app.test_client().get("/openapi.json").get_json()
    found: dict[tuple[str, str], Any] = {}
    for route in routes():
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", route.rule)
        told = specification["paths"][path][route.method.lower()].get("requestBody")
        if told is not None:
            found[route.method, route.rule] = next(iter(told["content"].values()))["example"]
    return found


def test_every_route_stands_in_the_matrix_and_nothing_else(sqlite_home: World) -> None:
    there = {
        f"{method} {rule.rule}"
        for rule in sqlite_home.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith("/desk")  # which is signed in to otherwise: tests/web/test_desk_access.py
    }
    assert there == set(ROUTES)


def test_A1_nobody_without_a_token_is_let_in(sqlite_home: World) -> None:
    client = sqlite_home.app.test_client()
    ids = {slot: new_id() for route in routes() for slot in route.slots}
    ids |= {"month": "2014-01", "sequence": "1", "tariff": "nacka_2014", "name": "lines.csv"}
    let_in = []
    for route in routes():
        answer = client.open(route.path(ids), method=route.method, json={} if route.method != "GET" else None)
        if answer.status_code != 401:
            let_in.append(f"{route.method} {route.rule}: {answer.status_code}")
    assert let_in == []


def test_A2_each_role_may_what_the_matrix_says_and_nothing_else(world: World) -> None:
    matrix, wrong = Matrix(world), []
    for route in routes():
        for role, somebody in matrix.everybody.items():
            status = matrix.ask(somebody, route, matrix.own).status_code
            hidden = status == 404 and (role, route.rule) not in NOT_ITS_OWN
            if (status == 403) == route.may(role) or status >= 500 or (route.may(role) and hidden):
                wrong.append(f"{role} {route.method} {route.rule}: {status}")
    assert wrong == []


def test_A1_what_is_out_of_reach_answers_as_what_does_not_exist(world: World) -> None:
    """FAULTS 36: every id slot with every role in every relation."""
    matrix, wrong, cells = Matrix(world), [], 0
    for route in routes():
        for slot in route.slots:
            for role, somebody in matrix.everybody.items():
                if not route.may(role):
                    continue
                nowhere = matrix.ask(somebody, route, {**matrix.own, slot: new_id()}, matrix.own)
                for relation, ids in matrix.places.items():
                    cells += 1
                    reached = relation in REACHED[role] or ids[slot] == matrix.own[slot]
                    reached = reached or ((slot, role) == ("provider_id", Role.CASE_OFFICER) and relation in _SYSTEM)
                    reached = reached and (role, route.rule) not in NOT_ITS_OWN
                    answer = matrix.ask(somebody, route, {**matrix.own, slot: ids[slot]}, matrix.own)
                    if reached and len(route.slots) == 1 and answer.status_code in (403, 404):
                        wrong.append(f"{role} {route.method} {route.rule} {relation}: {answer.status_code}")
                    if not reached and _compared(answer) != _compared(nowhere):
                        wrong.append(f"{role} {route.method} {route.rule} {relation}: {answer.status_code} is no 404")
    assert wrong == []
    assert cells > 350


_SYSTEM = frozenset(Relation) - {Relation.FOREIGN_CARE_SYSTEM}
"""A provider is no municipality's: a case officer may order from any of the care system (O3)."""


def _compared(answer: Answer) -> Any:
    """The answer without what is its own alone."""
    told = answer.json if isinstance(answer.json, dict) else {}
    body = {name: value for name, value in told.items() if name != "request_id"}
    headers = sorted((name, value) for name, value in answer.headers if name not in ("X-Request-Id", "Date"))
    return answer.status_code, body, headers, None if told else answer.data


def test_A1_no_list_names_anything_out_of_reach(world: World) -> None:
    """FAULTS 38."""
    matrix, leaks, lists = Matrix(world), [], 0
    for route in routes():
        if route.method != "GET" or route.slots or "<sequence:" in route.rule:
            continue
        for role, somebody in matrix.everybody.items():
            if not route.may(role) or role is Role.OPERATOR:
                continue
            lists += 1
            query = {"limit": "200"} if route.rule not in UNPAGED else {}
            query |= {"month": "2014-01"} if route.rule in OF_A_MONTH else {}
            answer = somebody.get(route.path(matrix.own), at=None, **query)
            assert answer.status_code == 200, f"{role} {route.rule}: {answer.text}"
            for relation, ids in matrix.places.items():
                if relation not in REACHED[role]:
                    named = [
                        slot for slot, one in ids.items() if one != matrix.own[slot] and one.encode() in answer.data
                    ]
                    leaks += [
                        f"{role} {route.rule} names {relation} {slot}"
                        for slot in named
                        if not _known(role, relation, slot)
                    ]
    assert leaks == []
    assert lists > 40


def _known(role: Role, relation: Relation, slot: str) -> bool:
    """True for what is no secret to the role: a case officer knows every provider of the care system."""
    return role is Role.CASE_OFFICER and relation in _SYSTEM and slot in ("provider_id", "caregiver_id")
