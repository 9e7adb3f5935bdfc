"""Tags at the customers' doors, their history, and what is printed on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from app.actions.calls import Call
from app.actions.faults import Unfit
from app.actions.marks import mark_customers
from app.actions.people import customers_seen
from app.actions.records import Subject, Writing, log_read, missing, read
from app.actions.sun import AES, keys_of, seal
from app.rules.access import Resource, Scope, Verb
from app.rules.refusal import Kind, Refused
from app.rules.sheets import Label, laid_out, worth_printing
from app.rules.sun import Sun, may_be_sun, own_keys
from app.rules.tags import Tag, TagKind, is_signed, tag_url
from app.settings import Settings
from app.storage.access_log import Seen
from app.storage.database import Transaction
from app.storage.records import Reach
from app.storage.tags import TAG, tag_history, tags_to_print

MOST_PRINTED = 210
"""So many labels on one sheet: ten pages. Source: our decision."""


def _at_doors(_tx: Transaction, _care_system_id: str, values: Collection[Tag]) -> Iterable[Seen]:
    return customers_seen(one.customer_id for one in values)


def _check_tag(writing: Writing[Tag]) -> None:
    if "sun" in writing.beside and writing.call.settings.sun_key is None:
        raise Unfit("/sun", "Leave sun out: this installation has no key to keep a tag's keys under.")


def _with_keys(writing: Writing[Tag]) -> Tag:
    """The tag with the keys told, sealed; else those that it had, while it is such a tag and the same chip."""
    value, before, sun_key = writing.value, writing.before, writing.call.settings.sun_key
    told: Sun | None = writing.beside.get("sun")
    if told is not None and sun_key is not None:
        return replace(value, sun=told.setup(seal(sun_key, value.id, own_keys(told, value.uid, AES))))
    same = before is not None and value.kind is TagKind.NFC_SUN and value.uid == before.uid
    return replace(value, sun=before.sun) if same and before is not None else value


def _judge_tag(writing: Writing[Tag]) -> None:
    told = [one for one in (writing.before, writing.value) if one is not None]
    customers = {one.customer_id for one in told}
    mark_customers(writing.tx, writing.call, customers, [(one.valid_from, one.valid_before) for one in told])


TAGS = Subject(
    resource=Resource.TAG,
    master=TAG,
    makes=Tag,
    persons=_at_doors,
    check=_check_tag,
    finish=_with_keys,
    then=_judge_tag,
)


def url_of(settings: Settings, tag_id: str) -> str:
    """The address on the tag, signed with the newest key: what a phone's own camera opens."""
    return tag_url(settings.base_url, tag_id, keys_of(settings))


def is_ours(settings: Settings, text: str) -> bool:
    """True where we have signed the text as read, or a cryptographic tag may have written it. Whose tag it is, and
    whether it still hangs there, is not said: who asks has not signed in.
    """
    return is_signed(text, keys_of(settings)) or may_be_sun(text)


def read_url(call: Call, tag_id: str) -> str:
    """The address on the QR tag. Raises Refused: A2, A1 (404) also for a tag that has none."""
    tag = read(call, TAGS, tag_id)
    if tag.kind is not TagKind.QR:
        raise missing()
    return url_of(call.settings, tag.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagVersion:
    """A tag as it stood from then on, by whom it was recorded, and whether that brought other keys."""

    tag: Tag
    recorded_by: str
    keys_changed: bool


def read_history(call: Call, tag_id: str) -> list[TagVersion]:
    """Every version of the tag, the oldest first, without those at customers beyond the scope; the read is logged.

    Raises Refused: A2, A1 (404).
    """
    tag = read(call, TAGS, tag_id)
    with call.database.transaction() as tx:
        reach = Reach(tx=tx, care_system_id=call.care_system_id, scope=call.scope(Resource.TAG), today=call.today)
        rows = tag_history(reach, tag.id)
        log_read(tx, call, Resource.TAG, customers_seen(one.customer_id for one, _ in rows))
    before = (None, *(one.sun for one, _ in rows))
    return [
        TagVersion(tag=one, recorded_by=by, keys_changed=one.sun != last)
        for (one, by), last in zip(rows, before, strict=False)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tags are to be printed; each that is None leaves all."""

    customer_id: str | None
    provider_id: str | None
    municipality: str | None
    ids: frozenset[str] | None


def sheet_of(call: Call, wanted: Wanted) -> list[Label]:
    """The labels of the QR tags that are wanted, within the scope, by id; the read is logged.

    Raises Refused: A2; A1 (404) where there is none, or one that is named is not there; for more than a sheet takes.
    """
    call.check(Resource.TAG, Verb.READ)
    scope, cs = call.scope(Resource.TAG), call.care_system_id
    within = Scope(
        care_system_id=cs,
        municipality=wanted.municipality,
        provider_id=wanted.provider_id,
        caregiver_id=None,
        with_names=False,
    )
    with call.database.transaction() as tx:
        reach = Reach(tx=tx, care_system_id=cs, scope=scope, today=call.today)
        found = tags_to_print(reach, within, customer_id=wanted.customer_id, ids=wanted.ids)
        printed = [one for one in found if wanted.ids is not None or worth_printing(one, call.today)]
        if not printed or len(printed) < len(wanted.ids or ()):
            raise missing()
        if len(printed) > MOST_PRINTED:
            raise Refused("tags", f"a sheet takes {MOST_PRINTED} tags: ask for fewer", Kind.INVALID, "/customer_id")
        log_read(tx, call, Resource.TAG, customers_seen(one.customer_id for one in printed))
    return list(laid_out((one.id, url_of(call.settings, one.id)) for one in printed))
