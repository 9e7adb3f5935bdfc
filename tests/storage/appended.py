"""A row in every append-only table, as the product writes it."""

from __future__ import annotations

from datetime import timedelta

from app.rules.access import Actor, ClientAccount, Kept, Role
from app.rules.assessments import What
from app.rules.extensions import ExtensionState
from app.rules.webhooks import Standing
from app.storage import assessments, no_choice
from app.storage.access.accounts import insert_client
from app.storage.access_log import Seen, record
from app.storage.completions import insert_completion
from app.storage.database import Transaction
from app.storage.deviations import Happened, Happening, save_deviations
from app.storage.documents import insert_document
from app.storage.events import Event, append, publish
from app.storage.explanations import insert_explanation, insert_verdict
from app.storage.extensions import Note, insert_decision, insert_extension, insert_note
from app.storage.reimbursement import append_lines, insert_run
from app.storage.visits import New, approve_correction, insert_correction, save_registrations
from app.storage.webhooks import Webhook, insert_webhook
from tests.storage.care import ATTACHED, BY, COMPLETED, CS, DECIDED, EXTENDED, NOON, WHOLE_REGISTRATION, check_in
from tests.storage.money import LINE, RUN
from tests.storage.said import CORRECTION, DECIDED_TURN, DEVIATION, EXPLAINED, JUDGED, PROPOSED, TURN


def write_one_of_each(tx: Transaction) -> None:
    """A row stands in every append-only table but those that sealing writes."""
    save_registrations(tx, CS, [New(resolved=WHOLE_REGISTRATION, content_hash="0" * 64, by=BY)])
    insert_correction(tx, CS, CORRECTION, by=BY)
    approve_correction(tx, CS, CORRECTION.id, by="another", at=NOON, recorded_at=NOON)
    happened = Happened(deviation_id=DEVIATION.id, at=NOON, what=Happening.OPENED, facts={})
    save_deviations(tx, CS, [DEVIATION], [happened])
    insert_explanation(tx, CS, EXPLAINED, facts={DEVIATION.id: DEVIATION.facts})
    insert_verdict(tx, CS, JUDGED)
    insert_extension(tx, CS, EXTENDED, state=ExtensionState.REQUESTED, by=BY)
    insert_decision(tx, CS, DECIDED)
    insert_completion(tx, CS, COMPLETED)
    insert_document(tx, CS, ATTACHED, b"%PDF-1.4")
    insert_note(tx, CS, Note(id="note", extension_id="extension", by=BY, at=NOON, text="När?"))
    happened_too = assessments.Happened(assessment_id=PROPOSED.id, at=NOON, what=What.PROPOSED, facts=PROPOSED.facts)
    assessments.save_assessments(tx, CS, [PROPOSED], [happened_too])
    no_choice.insert_proposal(tx, CS, TURN)
    no_choice.insert_decision(tx, CS, DECIDED_TURN)
    insert_run(tx, CS, RUN)
    append_lines(tx, CS, RUN, [LINE])
    append(tx, CS, [Event(at=NOON, type="visit.opened", resource_type="visit", resource_id="visit", data={})])
    publish(tx, CS)
    _subscribe(tx)
    auditor = Actor(id="auditor", role=Role.AUDITOR, care_system_id=CS)
    record(tx, CS, actor=auditor, what="customer", whom=[Seen(whom_type="customer", whom_id="anna")], at=NOON)


def _subscribe(tx: Transaction) -> None:
    account = ClientAccount(name="planner", role=Role.REIMBURSEMENT_CLIENT, care_system_id=CS)
    kept = Kept(id="client", account=account, created_at=NOON, version=1, recorded_at=NOON)
    insert_client(tx.connection, kept, "0" * 64, BY)
    hook = Webhook(
        id="webhook", client_id="client", url="https://receiver.example/", types=(), active=True, created_at=NOON,
        recorded_at=NOON, secret="00", standing=Standing(sequence=0),
    )  # fmt: skip
    insert_webhook(tx, CS, hook, by="client")


def write_check_ins(tx: Transaction, prefix: str, count: int) -> list[str]:
    """So many bare check-ins are kept; their ids."""
    ids = [f"{prefix}{number:04d}" for number in range(count)]
    made = [check_in(one, NOON + timedelta(seconds=place)) for place, one in enumerate(ids)]
    save_registrations(tx, CS, [New(resolved=one, content_hash="0" * 64, by=BY) for one in made])
    return ids
