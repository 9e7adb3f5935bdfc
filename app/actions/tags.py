"""Tags at the customers' doors, and what is printed on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.actions.calls import Call
from app.actions.faults import Unfit
from app.actions.marks import mark_customers
from app.actions.people import customers_seen
from app.actions.records import Subject, Writing, missing, read
from app.actions.visits.known import keys_of
from app.rules.access import Resource
from app.rules.tags import Tag, TagKind, is_signed, tag_url
from app.settings import Settings
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.tags import TAG


def _at_doors(_tx: Transaction, _care_system_id: str, values: Collection[Tag]) -> Iterable[Seen]:
    return customers_seen(one.customer_id for one in values)


def _check_tag(writing: Writing[Tag]) -> None:
    if "sun" in writing.beside:
        raise Unfit("/sun", "Leave sun out: keys of cryptographic tags are not kept here yet.")


def _judge_tag(writing: Writing[Tag]) -> None:
    told = [one for one in (writing.before, writing.value) if one is not None]
    customers = {one.customer_id for one in told}
    mark_customers(writing.tx, writing.call, customers, [(one.valid_from, one.valid_before) for one in told])


TAGS = Subject(resource=Resource.TAG, master=TAG, makes=Tag, persons=_at_doors, check=_check_tag, then=_judge_tag)


def url_of(settings: Settings, tag_id: str) -> str:
    """The address on the tag, signed with the newest key: what a phone's own camera opens."""
    return tag_url(settings.base_url, tag_id, keys_of(settings))


def is_ours(settings: Settings, text: str) -> bool:
    """True where we have signed the text as read. Whose tag it is, and whether it still hangs there, is not said: who
    asks has not signed in.
    """
    return is_signed(text, keys_of(settings))


def read_url(call: Call, tag_id: str) -> str:
    """The address on the QR tag. Raises Refused: A2, A1 (404) also for a tag that has none."""
    tag = read(call, TAGS, tag_id)
    if tag.kind is not TagKind.QR:
        raise missing()
    return url_of(call.settings, tag.id)
