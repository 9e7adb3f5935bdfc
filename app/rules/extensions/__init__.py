"""Temporary extensions: what may be asked, who decides, how a request moves, and what it may carry. Source: E1-E6."""

from __future__ import annotations

from app.rules.extensions.checks import amend, check_decision, check_extension, check_service, completed, is_about
from app.rules.extensions.documents import (
    MediaType,
    check_count,
    check_size,
    document_name,
    media_type_of,
)
from app.rules.extensions.moves import ACTORS, TRANSITIONS, Act, Whose, check_actor, move
from app.rules.extensions.seconds import (
    Needed,
    approved_by_pool,
    approved_seconds,
    needed_after,
    pool_of,
    seconds_beyond,
)
from app.rules.extensions.values import (
    UNDECIDED,
    Amended,
    Completion,
    Decision,
    DecisionOutcome,
    Document,
    Extension,
    ExtensionCause,
    ExtensionState,
)
from app.rules.extensions.waiting import (
    Ageing,
    Span,
    ageing,
    due_on,
    is_late,
    is_overdue,
    overdue_spans,
    own_municipalities,
)

__all__ = [
    "ACTORS",
    "TRANSITIONS",
    "UNDECIDED",
    "Act",
    "Ageing",
    "Amended",
    "Completion",
    "Decision",
    "DecisionOutcome",
    "Document",
    "Extension",
    "ExtensionCause",
    "ExtensionState",
    "MediaType",
    "Needed",
    "Span",
    "Whose",
    "ageing",
    "amend",
    "approved_by_pool",
    "approved_seconds",
    "check_actor",
    "check_count",
    "check_decision",
    "check_extension",
    "check_service",
    "check_size",
    "completed",
    "document_name",
    "due_on",
    "is_about",
    "is_late",
    "is_overdue",
    "media_type_of",
    "move",
    "needed_after",
    "overdue_spans",
    "own_municipalities",
    "pool_of",
    "seconds_beyond",
]
