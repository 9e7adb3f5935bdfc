"""Once: a POST that comes again with its idempotency key is answered as the first time, and adds nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError

from app.actions.calls import Answered, Call
from app.actions.faults import KeyReused
from app.storage import idempotency
from app.storage.conflicts import violated_key
from app.storage.database import Transaction

P = ParamSpec("P")
T = TypeVar("T")


def repeated(tx: Transaction, call: Call) -> Answered | None:
    """The answer that was given for the key, None where it is new. Raises `KeyReused` for other content."""
    if call.once is None:
        return None
    found = idempotency.recall(tx, call.care_system_id, call.actor.id, call.why, call.once.key)
    if found is None:
        return None
    if found.content_hash != call.once.content_hash:
        raise KeyReused
    return Answered(status=found.status, headers=found.headers, body=found.body)


def keep_answer(tx: Transaction, call: Call, answer: Answered) -> None:
    """The answer is repeated for the key from now on, for as long as keys are kept."""
    if call.once is None:
        return
    kept = idempotency.Answer(
        content_hash=call.once.content_hash, status=answer.status, headers=dict(answer.headers), body=answer.body
    )
    idempotency.keep(tx, call.care_system_id, call.actor.id, call.why, call.once.key, kept, at=call.now)


def retried(action: Callable[P, T]) -> Callable[P, T]:
    """The action, done once more where another request with its key was quicker; then it finds that one's answer."""

    @wraps(action)
    def done(*args: P.args, **named: P.kwargs) -> T:
        try:
            return action(*args, **named)
        except IntegrityError as fault:
            if violated_key(fault) != "pk_idempotency":
                raise
        return action(*args, **named)

    return done
