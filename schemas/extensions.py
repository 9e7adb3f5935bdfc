"""Temporary extensions and the decisions on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from app.rules.extensions import (
    Amended,
    Completion,
    Decision,
    DecisionOutcome,
    Document,
    Extension,
    ExtensionCause,
    ExtensionState,
    MediaType,
)
from app.rules.providers import Service
from app.rules.time import month_of
from schemas.fields import Choice, Date, Instant, Month, One, Seconds, Several, StrictInteger, Switch
from schemas.resources import (
    CustomerReference,
    MadeSchema,
    ProviderReference,
    ResourceSchema,
    StrictSchema,
    attributes,
    identifiers,
)
from schemas.texts import Identifier, Text

LEAST_JUSTIFICATION = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEntry:
    """One thing said about a request, by whom and when. Source: E3."""

    by: str
    at: datetime
    text: str


class ThreadEntrySchema(Schema):
    """One thing said about a request."""

    by = Text(required=True)
    at = Instant(required=True)
    text = Text(required=True, most=4000, lines=True)


def _justification(**more: Any) -> Text:
    return Text(
        least=LEAST_JUSTIFICATION,
        most=4000,
        lines=True,
        error_messages={"short": "Justify the request in at least {least} characters (E2)."},
        **more,
    )


class ExtensionFields(Schema):
    """A request to be paid beyond the grant in one month. Source: E2."""

    service = Choice(Service, required=True)
    month = Month(required=True)
    visit_ids = identifiers(load_default=(), allow_none=True)
    days = Several(Date(), most=31, load_default=(), allow_none=True)
    requested_seconds = Seconds(required=True, least=1)
    cause = Choice(ExtensionCause, required=True)
    justification = _justification(required=True)
    documents = Several(Text(most=500), most=50, load_default=())


class ExtensionRequestSchema(CustomerReference, ProviderReference, ExtensionFields, MadeSchema):
    """A request for an extension; who asks and when is known from the HTTP request."""

    required_references = ("provider_id", "customer_id")

    @validates_schema
    def _days_of_its_month(self, data: dict[str, Any], **_: Any) -> None:
        outside = [index for index, day in enumerate(data["days"] or ()) if month_of(day) != data["month"]]
        if outside:
            words = "Give a day of the month that the request is for; another month is asked for on its own (E2)."
            raise ValidationError({"days": {index: [words] for index in outside}})

    def completed(self, data: dict[str, Any], original: Any) -> Any:
        """The keyword arguments; lists given as null are empty."""
        lists = {name: data[name] or () for name in ("visit_ids", "days")}
        return super().completed({**data, **lists}, original)


class VisitExtensionRequestSchema(StrictSchema):
    """What a caregiver says at check-out; the rest is what the visit tells. Source: E2."""

    cause = Choice(ExtensionCause, required=True)
    justification = _justification(required=True)


class CompletionRequestSchema(StrictSchema):
    """What is otherwise in a request than it was; what is left out or null stays. Source: E2, our decision."""

    requested_seconds = Seconds(least=1, load_default=None)
    cause = Choice(ExtensionCause, load_default=None)
    justification = _justification(load_default=None)
    visit_ids = identifiers(load_default=None, allow_none=True)
    days = Several(Date(), most=31, load_default=None, allow_none=True)

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if all(value is None for value in data.values()):
            raise ValidationError("Give at least one field to complete (E2).")


class AmendedSchema(Schema):
    """Some fields of a request, as they were or became; null is one that was left as it is."""

    requested_seconds = Seconds(load_default=None)
    cause = Choice(ExtensionCause, load_default=None)
    justification = Text(load_default=None, most=4000, lines=True)
    visit_ids = identifiers(load_default=None, allow_none=True)
    days = Several(Date(), most=31, load_default=None, allow_none=True)


class CompletionSchema(Schema):
    """What somebody completed in a request, as it was before and as it is now."""

    id = Identifier(required=True)
    by = Text(required=True)
    at = Instant(required=True)
    before = One(AmendedSchema, required=True)
    after = One(AmendedSchema, required=True)


class AttachmentSchema(Schema):
    """A document attached to a request. Its content is read by its id. Source: E2."""

    id = Identifier(required=True)
    name = Text(required=True)
    media_type = Choice(MediaType, required=True)
    size = StrictInteger(required=True, least=1)
    sha256 = Text(required=True, least=64, most=64, shape={"pattern": "^[0-9a-f]{64}$"})
    by = Text(required=True)
    at = Instant(required=True)


class DecisionFields(Schema):
    """What the reviewer decides. Source: E3."""

    outcome = Choice(DecisionOutcome, required=True)
    approved_seconds = Seconds(load_default=None)
    reasons = Text(required=True, most=4000, lines=True)


class DecisionRequestSchema(DecisionFields, StrictSchema):
    """A decision in a request; its reviewer and time are known from the request."""

    @validates_schema
    def _seconds_fit_the_outcome(self, data: dict[str, Any], **_: Any) -> None:
        refuse_unfit_seconds(data)


def refuse_unfit_seconds(data: dict[str, Any]) -> None:
    """Refuses a part without seconds, an approval of none, and seconds that nobody approved. Source: E3."""
    outcome, seconds = data["outcome"], data["approved_seconds"]
    if outcome == DecisionOutcome.PARTLY_APPROVED and not seconds:
        raise ValidationError({"approved_seconds": ["Give the seconds approved: more than none (E3)."]})
    if outcome == DecisionOutcome.APPROVED and seconds == 0:
        raise ValidationError({"approved_seconds": ["Leave approved_seconds out, or give all that was asked (E3)."]})
    if outcome in (DecisionOutcome.DECLINED, DecisionOutcome.NEEDS_INFORMATION) and seconds:
        raise ValidationError({"approved_seconds": [f"Leave it out: the outcome {outcome} approves none (E3)."]})


class AnswerRequestSchema(StrictSchema):
    """The provider's answer to a reviewer who needs information. Source: E3."""

    text = Text(required=True, most=4000, lines=True)


class DecisionSchema(DecisionFields, ResourceSchema):
    """A decision as others see it."""

    extension_id = Identifier(required=True)
    reviewer = Text(required=True)
    decided_at = Instant(required=True)


class ExtensionSchema(ExtensionFields, ResourceSchema):
    """A request as others see it. Dumps what `extension_view` lays out."""

    provider_id = Identifier(required=True)
    customer_id = Identifier(required=True)
    requested_by = Text(required=True)
    requested_at = Instant(required=True)
    state = Choice(ExtensionState, required=True)
    thread = Several(One(ThreadEntrySchema), required=True)
    decision = One(DecisionSchema, load_default=None)
    decisions = Several(One(DecisionSchema), required=True)
    late = Switch(metadata={"description": "Asked for later than the policy wants it (E6)."})
    overdue = Switch(metadata={"description": "Waits longer for its review than the policy wants (E6)."})
    due_on = Date(
        load_default=None,
        metadata={"description": "The last day on which its review is in time; null where it waits for none (E6)."},
    )
    waited_days = StrictInteger(
        least=0, load_default=None, metadata={"description": "Days since it was asked; null where it waits for none."}
    )
    completions = Several(One(CompletionSchema), required=True)
    attachments = Several(One(AttachmentSchema), required=True)


def extension_view(
    extension: Extension,
    state: ExtensionState,
    thread: Iterable[Any] = (),
    decisions: Iterable[Decision] = (),
    completions: Iterable[Completion] = (),
    attachments: Iterable[Document] = (),
) -> dict[str, Any]:
    """What `ExtensionSchema` dumps: the request, what was said, completed and attached, and every decision; the last
    one holds. Source: E3.

    A thread entry is anything with `by`, `at` and `text`.
    """
    made = tuple(sorted(decisions, key=lambda one: (one.decided_at, one.id)))
    return {
        **attributes(extension),
        "state": state,
        "thread": tuple(thread),
        "decisions": made,
        "decision": made[-1] if made else None,
        "completions": [{**attributes(one), "before": one.before, "after": one.after} for one in completions],
        "attachments": [{**attributes(one), "media_type": MediaType(one.media_type)} for one in attachments],
    }


def amended_of(loaded: dict[str, Any]) -> Amended:
    """What is stated anew; lists given as null are left as they are."""
    lists = {name: None if loaded[name] is None else tuple(loaded[name]) for name in ("visit_ids", "days")}
    return Amended(**{**loaded, **lists})
