"""Wiring only: which blueprints, commands and values make up the app."""

from __future__ import annotations

import os
import sys
from typing import Any

from flask import Flask, Response

from app.actions.access.faults import NotSignedIn
from app.actions.running import Running
from app.actions.tellers import Tellers
from app.api import (
    assessments,
    billing,
    clients,
    corrections,
    deviations,
    devices,
    documents,
    events,
    explanations,
    extensions,
    histories,
    ledger,
    months,
    no_choice,
    orders,
    people,
    plans,
    providers,
    quarantine,
    rates,
    registrations,
    reimbursement,
    run_files,
    simulations,
    statements,
    tags,
    tariffs,
    tokens,
    users,
    visits,
    webhooks,
)
from app.api.authentication import answer_not_signed_in
from app.api.documentation import document
from app.api.edge import EdgedFlask, guard
from app.api.files.catalogue import run_file
from app.api.health import health
from app.api.problems import FAULTS, Problem, Slug, answer_fault, answer_problem
from app.api.visit_faces import FACES
from app.commands.close_month import close_month, recompute_run
from app.commands.deliver import deliver
from app.commands.demo import demo
from app.commands.ledger import seal, verify
from app.commands.migrate import migrate
from app.commands.rebuild import rebuild_visits
from app.commands.rights import grant_rights
from app.commands.simulate import SIMULATE, simulate
from app.commands.sweep import sweep
from app.commands.tariffs import add_tariff
from app.commands.users import create_operator_command
from app.settings import Settings
from app.storage.database import Unavailable, open_database
from app.storage.ids import new_id
from app.web.desk.routes import desk
from app.web.door import door
from app.web.pages import pages
from app.web.phones import phones

_API = (
    tokens.blp,
    users.blp,
    clients.blp,
    providers.care_systems,
    providers.municipalities,
    providers.providers,
    providers.accreditations,
    people.caregivers,
    people.customers,
    people.absences,
    orders.grants,
    orders.orders,
    no_choice.no_choice,
    tags.tags,
    plans.planned_visits,
    rates.rates,
    tariffs.tariffs,
    rates.policies,
    devices.devices,
    quarantine.quarantine,
    registrations.registrations,
    visits.visits,
    corrections.corrections,
    deviations.deviations,
    explanations.explanations,
    extensions.extensions,
    extensions.visit_extensions,
    documents.documents,
    assessments.assessments,
    months.months,
    reimbursement.reimbursement,
    run_files.files,
    billing.billing_parties,
    histories.histories,
    statements.provider_statements,
    simulations.simulations,
    events.changes,
    webhooks.webhooks,
    ledger.ledger,
)
"""Documented blueprints, in the order of the specification."""
_COMMANDS = (
    migrate,
    grant_rights,
    create_operator_command,
    simulate,
    rebuild_visits,
    sweep,
    deliver,
    add_tariff,
    close_month,
    recompute_run,
    seal,
    verify,
    demo,
)
_PLAIN = (health, tokens.well_known, pages, door, phones, desk)


def create_app(settings: Settings | None = None) -> Flask:
    """The product as a WSGI application, for `settings` or for those of the environment. Raises `SettingsError`."""
    if settings is None and _only_simulates():
        return _simulator()
    stated = settings or Settings.from_environment()
    app = EdgedFlask("app", static_folder="web/static", static_url_path="/static", template_folder="web/templates")
    app.extensions["hemtid"] = Running(database=open_database(stated), settings=stated)
    app.extensions["hemtid.tellers"] = _tellers()
    guard(app, https=stated.base_url.startswith("https:"), new_id=new_id)
    documentation = document(app)
    for blueprint in _API:
        documentation.register_blueprint(blueprint)
    for plain in _PLAIN:
        app.register_blueprint(plain)
    _answer_faults(app)
    for command in _COMMANDS:
        app.cli.add_command(command)
    return app


def _tellers() -> Tellers:
    """How the desk tells of what is done there: as the API does."""
    return Tellers(
        extension=extensions.teller(201),
        explanation=explanations.answered,
        correction=corrections.teller,
        visit=FACES,
        change=events.told_change,
        run_file=run_file,
        party=billing.keep_party,
    )


def _only_simulates() -> bool:
    """True for the one command that reads no more than its file, where nobody has configured the product."""
    asked = os.environ.get("FLASK_RUN_FROM_CLI") == "true" and SIMULATE in sys.argv
    return asked and "HEMTID_DATABASE_URL" not in os.environ


def _simulator() -> Flask:
    """An app without a database: it serves nothing, and knows the one command."""
    app = Flask("app")
    app.cli.add_command(simulate)
    return app


def _answer_faults(app: Flask) -> None:
    """What rules, storage and the API itself raise leaves as a problem."""
    handlers: dict[type[Exception], Any] = {
        Problem: answer_problem,
        Unavailable: _unavailable,
        NotSignedIn: answer_not_signed_in,
    }
    for raised, handler in (handlers | dict.fromkeys(FAULTS, answer_fault)).items():
        app.register_error_handler(raised, handler)


def _unavailable(_fault: Unavailable) -> Response:
    return answer_problem(Problem(Slug.UNAVAILABLE))
