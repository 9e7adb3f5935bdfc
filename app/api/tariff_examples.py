"""The examples of the documentation that are about published tariffs and what an index proposes."""

from __future__ import annotations

from app.api.examples import RATE, Example

TARIFF: Example = {
    "name": "leksand_rattvik_2011",
    "title": {"sv": "Leksand och Rättvik 2011, ett pris", "en": "Leksand and Rättvik 2011, one price"},
    "document": "Kundvalsmodellen: Valfrihetssystemet enligt LOV, Leksand och Rättvik",
    "section": "LR 5.2",
    "municipalities": ["2029"],
    "valid_from": "2011-08-01",
    "valid_before": None,
    "leaves_out": [{"sv": "Avlösning har inget pris.", "en": "Respite has no price."}],
    "rows": [{name: value for name, value in RATE.items() if name not in ("id", "external_id", "recorded_at")}],
}
PROPOSAL: Example = {
    "rate_id": RATE["id"],
    "key": {"municipality": "2029", "service": "personal_care", "law": None, "provider_kind": None, "band": None},
    "ore_per_hour": 37500,
    "proposed_ore_per_hour": "38362.5",
    "begun_by": None,
    "set": {
        "municipality": "2029",
        "service": "personal_care",
        "law": None,
        "provider_kind": None,
        "band": None,
        "ore_per_hour": None,
        "valid_from": "2015-01-01",
        "valid_before": None,
        "source": "OPI 2,3 % (R10): 375 kr blir 383,625 kr före avrundning; kronan satt av kundvalsansvarig",
    },
}
