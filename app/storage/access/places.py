"""Whether what an account is limited to is there: its care system, municipality, provider and caregiver."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.rules.access import Account
from app.rules.access.accounts import PlaceFacts
from app.storage.tables.people import caregiver
from app.storage.tables.providers import care_system, provider


def place_facts(connection: Connection, account: Account) -> PlaceFacts:
    """What there is of the account's limits; each of them is asked for within its care system alone."""
    systems, providers, caregivers = care_system.current.c, provider.current.c, caregiver.current.c
    at = account.care_system_id
    municipalities = connection.execute(select(systems.municipalities).where(systems.id == at)).scalar_one_or_none()
    own_provider = select(providers.id).where(providers.care_system_id == at, providers.id == account.provider_id)
    own_caregiver = select(caregivers.provider_id).where(
        caregivers.care_system_id == at, caregivers.id == account.caregiver_id
    )
    return PlaceFacts(
        municipalities=None if municipalities is None else frozenset(municipalities),
        provider_is_there=connection.execute(own_provider).one_or_none() is not None,
        caregivers_provider_id=connection.execute(own_caregiver).scalar_one_or_none(),
    )
