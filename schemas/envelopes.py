"""What is around resources: batches and lists."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, Schema, fields
from marshmallow.validate import Range

from schemas.fields import One, Several, StrictInteger
from schemas.problems import ProblemSchema
from schemas.resources import StrictSchema
from schemas.texts import Text
from schemas.visits.registrations import SentSchema

MOST_ITEMS = 1000


class BatchSchema(StrictSchema):
    """Rows as they came, each to be loaded alone so that good rows are kept. Source: CONTRACT, Envelopes."""

    items = Several(fields.Raw(metadata={"type": "object"}), required=True, most=MOST_ITEMS, key=None)


class RegistrationBatchSchema(BatchSchema):
    """A batch of registrations; `sent` holds for each that carries none of its own.

    A row that is null is a bad row as any other: nothing that an enrolled phone sends is thrown away. Source: FAULTS 8.
    """

    items = Several(fields.Raw(allow_none=True, metadata={"type": "object"}), required=True, most=MOST_ITEMS, key=None)
    sent = One(SentSchema, load_default=None)


class RowResultSchema(Schema):
    """What became of one row: the resource, or the problem."""

    index = StrictInteger(required=True, least=0)
    id = fields.String(load_default=None)
    status = StrictInteger(required=True, least=200, most=599)
    resource = fields.Dict(keys=fields.String())
    problem = fields.Nested(ProblemSchema)
    quarantine_id = fields.String(metadata={"description": "Under which id an enrolled phone's bad row is kept."})

    class Meta:
        unknown = INCLUDE


class BatchAnswerSchema(Schema):
    """An answer for each row, in order."""

    results = fields.List(fields.Nested(RowResultSchema), required=True)


class LineResultSchema(RowResultSchema):
    """What became of one line of a file."""

    line = StrictInteger(required=True, least=1)


class FileAnswerSchema(Schema):
    """An answer for each line, in order; of a dry run what it would have been."""

    dry_run = fields.Boolean(required=True)
    results = fields.List(fields.Nested(LineResultSchema), required=True)


class ListQuerySchema(StrictSchema):
    """How much of a list is wanted, and from where on."""

    limit = fields.Integer(load_default=50, validate=Range(1, 200, error="Give from 1 to 200."))
    after = Text(load_default=None, most=1000)


def list_of(resource: type[Schema]) -> type[Schema]:
    """The schema of a list of such resources: {items, next?}."""
    named: dict[str, Any] = {
        "items": fields.List(fields.Nested(resource), required=True),
        "next": fields.String(metadata={"description": "The cursor of the rest; absent at the end."}),
    }
    made: type[Schema] = Schema.from_dict(named, name=resource.__name__.removesuffix("Schema") + "ListSchema")
    return made
