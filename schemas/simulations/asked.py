"""How a simulation is asked for over HTTP: what is set otherwise, and whether both outcomes are told."""

from __future__ import annotations

from marshmallow import fields

from app.rules.comparisons import By
from schemas.fields import Choice, Month, Several, Switch
from schemas.resources import StrictSchema
from schemas.texts import Identifier, MunicipalityCode, Text

MOST_SETTINGS = 50
_SAYS = (
    "policy.[municipality.]name=value, rate.which.ore_per_hour=öre, rate.which.index=per cent or "
    "rate.which.index_to_krona=per cent; @YYYY-MM-DD before the = lets it hold from that day on. `which` is a rate's "
    "id, * for every rate, or words joined by dots that it must have: service, law, provider kind, municipality, band."
)


def _by() -> Several:
    return Several(
        Choice(By), load_default=(), metadata={"description": "With compare: rows by customer or month, too."}
    )


class SimulationQuerySchema(StrictSchema):
    """What is set otherwise than the file says; with `compare` what that changes is told beside both outcomes."""

    settings = Several(
        Text(most=300),
        data_key="set",
        load_default=(),
        most=MOST_SETTINGS,
        key=None,
        metadata={"description": f"May be repeated; in turn: {_SAYS}"},
    )
    compare = fields.Boolean(
        load_default=False, truthy={"true"}, falsy={"false"}, error_messages={"invalid": "Give true or false."}
    )
    by = _by()


class SimulatedMonthsSchema(StrictSchema):
    """Months of the running system, of one municipality or provider or of all, and what is set otherwise."""

    months = Several(Month(), required=True, least=1, most=3)
    municipality = MunicipalityCode(load_default=None)
    provider_id = Identifier(load_default=None)
    settings = Several(
        Text(most=300), data_key="set", load_default=(), most=MOST_SETTINGS, key=None, metadata={"description": _SAYS}
    )
    compare = Switch(load_default=False)
    by = _by()
