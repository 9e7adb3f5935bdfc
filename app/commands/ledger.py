"""`flask seal` and `flask verify`: the ledger is sealed by a timer, and held against what was sealed (A5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.ledger.proofs import Checked, check_receipt
from app.actions.ledger.seal import CannotSeal, seal_new, seals_of
from app.actions.ledger.verify import Exported, Verified
from app.actions.ledger.verify import verify as verify_ledger
from app.actions.reimbursement.runs import systems
from app.actions.running import Running
from app.commands.instants import CARE_SYSTEM, NOW, clock
from app.commands.seals_file import NotAppended, append_seals, read_seals
from app.rules.ledger.signed import Receipt
from app.rules.refusal import Refused

FILE = click.Path(dir_okay=False, path_type=Path)
KEPT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("seal")
@click.option("--to", "file", type=FILE, help="Append the signed roots that it lacks to this file, one a line.")
@NOW
@CARE_SYSTEM
@with_appcontext
def seal(file: Path | None, now: datetime | None, care_system_id: str | None) -> None:
    """Put what is new into the hash tree of its care system and sign its root; print a line of JSON for each.

    Done again it adds nothing; it may run twice at once. Keep the file where whoever administers the database cannot
    write: it is what a tail that was cut off is missed by.
    """
    running: Running = current_app.extensions["hemtid"]
    try:
        for one in systems(running.database, care_system_id):
            click.echo(json.dumps(asdict(seal_new(running.database, running.settings, one, clock(now)))))
            if file is not None:
                append_seals(file, one, partial(seals_of, running.database, one))
    except (CannotSeal, NotAppended) as fault:
        raise click.ClickException(str(fault)) from fault


@click.command("verify")
@click.option("--against", "file", type=KEPT, help="What `seal --to` has written: finds a tail that was cut off.")
@click.option("--receipt", "receipt_file", type=KEPT, help="Prove this one receipt instead.")
@CARE_SYSTEM
@with_appcontext
def verify(file: Path | None, receipt_file: Path | None, care_system_id: str | None) -> None:
    """Compute every leaf again from its stored row; exit 1 where something was changed, removed, added or cut off.

    Prints a line of JSON for each care system, with the first fault; or for the receipt, with its proof.
    """
    running: Running = current_app.extensions["hemtid"]
    if receipt_file is not None:
        _verify_receipt(running, receipt_file)
        return
    exported = [] if file is None else [Exported(line=line, seal=one) for line, one in read_seals(file)]
    found = [_verified(running, one, exported) for one in _systems(running, care_system_id, exported)]
    if any(one.fault is not None for one in found):
        raise click.exceptions.Exit(1)


def _systems(running: Running, care_system_id: str | None, exported: Sequence[Exported]) -> list[str]:
    """Those that are asked for, and those that are gone but for a seal that was exported."""
    there = systems(running.database, care_system_id)
    sealed = {one.seal.care_system_id for one in exported if one.seal is not None} if care_system_id is None else set()
    return there + sorted(sealed - set(there))


def _verified(running: Running, care_system_id: str, exported: Sequence[Exported]) -> Verified:
    found = verify_ledger(running.database, running.settings, care_system_id, exported)
    told = asdict(found)
    if found.fault is not None:
        told["fault"] = {name: value for name, value in told["fault"].items() if value is not None}
    click.echo(json.dumps(told))
    return found


def _verify_receipt(running: Running, file: Path) -> None:
    try:
        receipt = Receipt.of(_receipt_in(json.loads(file.read_text(encoding="utf-8"))))
    except ValueError as fault:
        raise click.UsageError(f"{file} holds no receipt: {fault}") from fault
    try:
        checked = check_receipt(running.database, running.settings, receipt)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(json.dumps(_told(receipt, checked)))
    if checked.fault is not None:
        raise click.exceptions.Exit(1)


def _receipt_in(told: Any) -> Any:
    """The receipt itself, or the one in the answer to a registration."""
    return told["receipt"] if isinstance(told, dict) and isinstance(told.get("receipt"), dict) else told


def _told(receipt: Receipt, checked: Checked) -> dict[str, Any]:
    proof = checked.proof
    return {
        "registration_id": receipt.registration_id,
        "recorded_at": receipt.document["at"],
        "sealed": proof is not None,
        "position": None if proof is None else proof.position,
        "seal": None if proof is None else proof.seal.document,
        "fault": checked.fault,
    }
