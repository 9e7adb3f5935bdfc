"""Tags at the door: which one was read, whose it is, and what the reading proves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from app.rules.people import Position
from app.rules.recorded import Recorded, valid_on
from app.rules.short_codes import short_code
from app.rules.sun import SunSetup, SunTap, may_be_sun, uid_in
from app.rules.time import local_day


class TagKind(StrEnum):
    """What hangs at the door."""

    QR = "qr"
    NFC = "nfc"
    NFC_SUN = "nfc_sun"


class TagState(StrEnum):
    """A tag's life."""

    ISSUED = "issued"
    MOUNTED = "mounted"
    REVOKED = "revoked"
    LOST = "lost"


class Method(StrEnum):
    """How place was proven. Source: V3, LR 3.6.3."""

    NFC = "nfc"
    QR = "qr"
    MANUAL = "manual"


class ManualReason(StrEnum):
    """Why a registration was made by hand. Source: V3."""

    TAG_MISSING = "tag_missing"
    TAG_DAMAGED = "tag_damaged"
    PHONE_FAILED = "phone_failed"
    PHONE_FORGOTTEN = "phone_forgotten"
    NO_ACCESS_TO_TAG = "no_access_to_tag"
    VISIT_STARTED_ELSEWHERE = "visit_started_elsewhere"
    FORGOT_TO_REGISTER = "forgot_to_register"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Proof of place: a tag's text or uid as read, or a reason why there is none. Source: V3."""

    method: Method
    text: str | None = None
    uid: str | None = None
    reason: ManualReason | None = None
    note: str | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Recorded):
    """Tagg at one customer's door. `uid` is upper-case hexadecimal without separators; `sun` is how a cryptographic
    one was personalised, None where its keys are not known.
    """

    customer_id: str
    kind: TagKind
    valid_from: date
    uid: str | None = None
    state: TagState = TagState.MOUNTED
    valid_before: date | None = None
    sun: SunSetup | None = None

    @property
    def short_code(self) -> str:
        """What people call it by; it tells nothing about whose it is. Raises ValueError where the id is no UUID."""
        return short_code(self.id)


SunReader = Callable[[Tag, str], SunTap | None]
"""Tells the tap that a text proves with this version of a tag, None where it proves none. It holds AES and the keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagKeys:
    """The secrets that sign QR tags, by key version; `newest` signs. Without secrets a scenario's tags are named by
    id. What a version in `retired` has signed proves a place before that instant only.
    """

    secrets: Mapping[int, bytes] = field(repr=False)
    newest: int
    retired: Mapping[int, datetime] = field(default_factory=dict)


class TagProblem(StrEnum):
    """Why a reading proves no place. Source: D10."""

    UNKNOWN = "unknown"
    FORGED = "forged"
    REVOKED = "revoked"
    REPLACED = "replaced"
    NOT_VALID = "not_valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reading came to: the tag, whose it was then, and the problem; a manual registration reads no tag.

    `counter` is the chip's own count of its readings, there only where the tap is proven cryptographically (SUN).
    """

    tag_id: str | None = None
    customer_id: str | None = None
    problem: TagProblem | None = None
    counter: int | None = None


_MARK = b"hemtid-tag"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
"""An id of ours: a UUID. Source: CONTRACT."""


def token_for(tag_id: str, keys: TagKeys) -> str:
    """The text that a tag of this id carries after `/t/`: id, key version and mac, joined by dots.

    Source: our decision.
    """
    return f"{tag_id}.{keys.newest}.{_mac(tag_id, keys.newest, keys.secrets[keys.newest])}"


def tag_url(base_url: str, tag_id: str, keys: TagKeys) -> str:
    """The address that a phone's own camera opens at the door."""
    return f"{base_url.rstrip('/')}/t/{token_for(tag_id, keys)}"


def _mac(tag_id: str, version: int, secret: bytes) -> str:
    digest = hmac.new(secret, b"%s:%s:%d" % (_MARK, tag_id.encode(), version), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()


def named_by_text(text: str) -> str:
    """The tag id that a text as read names: what stands before the first dot of its last path segment. Proves
    nothing.
    """
    return text.partition("?")[0].rstrip("/").rpartition("/")[2].partition(".")[0]


def named_tag(place: Place) -> tuple[str | None, str | None]:
    """The tag's id and the uid that a proof of place names, proven or not."""
    if place.text is None:
        return None, place.uid
    return named_by_text(place.text), place.uid or uid_in(place.text)


def names_no_tag(place: Place) -> bool:
    """True for what may be a cryptographic tap that tells neither a tag of ours nor a uid: its tag is found by trying.

    So it is with another system's addresses and encrypted PICC data. Source: our decision.
    """
    if place.text is None or not may_be_sun(place.text):
        return False
    tag_id, uid = named_tag(place)
    return uid is None and _ID.match(tag_id or "") is None


def is_signed(text: str, keys: TagKeys) -> bool:
    """True where the text as read carries our mac of the tag that it names, under a key version that we keep."""
    return signed_under(text, keys) is not None


def signed_under(text: str, keys: TagKeys) -> int | None:
    """The key version under which the text as read carries our mac of the tag that it names; None for none."""
    tag_id, _, rest = text.rpartition("/")[2].partition(".")
    version, _, mac = rest.partition(".")
    if not (version.isascii() and version.isdigit() and len(version) < 6 and int(version) in keys.secrets):
        return None
    expected = _mac(tag_id, int(version), keys.secrets[int(version)])
    return int(version) if hmac.compare_digest(expected.encode(), mac.encode()) else None


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a tag was read, and when that was recorded."""

    at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class KnownTags:
    """All versions of the tags in their order, and which tags a uid may mean. Without keys a text that is a tag's id,
    external id or uid names it, as in a scenario file. `sun` reads cryptographic taps; without it none is proven.
    """

    by_id: Mapping[str, tuple[Tag, ...]]
    by_uid: Mapping[str, tuple[str, ...]]
    keys: TagKeys | None
    sun: SunReader | None = None
    _signed: dict[str, int | None] = field(default_factory=dict, compare=False, repr=False)
    """By text the key version that signed it: a tag at a door is read some hundred times a month."""

    def read(self, place: Place, at: datetime, recorded_at: datetime) -> Reading:
        """What the reading came to, by all that was known of the tag when it was recorded.

        What hung there is what was known to hang there at the instant of the reading, or since; whose it was, and
        whether it was valid, is told by the days. Unknown, forged, revoked, lost and replaced tags are read with their
        problem, never refused (V1). Source: V5, V7, V14, D10; FAULTS 34.
        """
        if place.method is Method.MANUAL:
            return Reading()
        moment = _Moment(at, recorded_at)
        if place.text is None:
            return self._best(self._of_uid(place.uid or "", moment))
        if may_be_sun(place.text) and (tags := self._sun_tags(place, moment)):
            return self._tapped(place.text, tags, moment)
        return self._of_text(place.text, moment)

    def _of_text(self, text: str, moment: _Moment) -> Reading:
        version = self._version(text)
        found = [one for one in [self._reading(named_by_text(text), moment)] if one is not None]
        if self.keys is None:
            return self._best(found or self._of_uid(named_by_text(text), moment))
        if version is None:
            return Reading(problem=TagProblem.FORGED if found else TagProblem.UNKNOWN)
        retired_at = self.keys.retired.get(version)
        if found and retired_at is not None and moment.at >= retired_at:
            return replace(found[0], problem=TagProblem.REVOKED)
        return self._best(found)

    def _version(self, text: str) -> int | None:
        if self.keys is None:
            return None
        if text not in self._signed:
            self._signed[text] = signed_under(text, self.keys)
        return self._signed[text]

    def _best(self, found: Iterable[Reading]) -> Reading:
        """Of several tags with one uid the one without problem then, else the newest validity."""
        ranked = max(found, key=self._rank, default=None)
        return Reading(problem=TagProblem.UNKNOWN) if ranked is None else ranked

    def _rank(self, one: Reading) -> tuple[bool, date, str]:
        tag_id = one.tag_id or ""
        return (one.problem is None, self.by_id[tag_id][-1].valid_from, tag_id)

    def _known(self, tag_id: str, moment: _Moment) -> tuple[Tag, ...]:
        return tuple(one for one in self.by_id.get(tag_id, ()) if one.recorded_at <= moment.recorded_at)

    def _reading(self, tag_id: str, moment: _Moment) -> Reading | None:
        """The tag as it was then, None where nobody knew of it."""
        known = self._known(tag_id, moment)
        if not known:
            return None
        owner, hanging = _owner(known, local_day(moment.at)), _hanging(known, moment.at)
        return Reading(tag_id=tag_id, customer_id=owner.customer_id, problem=_problem(owner, hanging, moment.at))

    def _of_uid(self, uid: str, moment: _Moment) -> list[Reading]:
        """Every tag that the uid may mean; replaced where another chip hung there then, and does now."""
        found: list[Reading] = []
        for tag_id in self.by_uid.get(uid, ()):
            known, reading = self._known(tag_id, moment), self._reading(tag_id, moment)
            if reading is None or not any(uid in (one.uid, one.external_id) for one in known):
                continue
            hangs = uid in (_hanging(known, moment.at).uid, known[-1].uid, known[-1].external_id)
            found.append(reading if hangs or reading.problem else replace(reading, problem=TagProblem.REPLACED))
        return found

    def _sun_tags(self, place: Place, moment: _Moment) -> list[str]:
        """The cryptographic tags that the text may come from: named by its path, by a uid, or where none is all."""
        tag_id, uid = named_tag(place)
        everything = sorted(self.by_id) if names_no_tag(place) else ()
        for ids in ((tag_id or "",), self.by_uid.get(uid or "", ()), everything):
            found = [one for one in ids if any(version.sun is not None for version in self._known(one, moment))]
            if found:
                return found
        return []

    def _tapped(self, text: str, tag_ids: Iterable[str], moment: _Moment) -> Reading:
        """The tap that the text proves, forged where it proves none. Old keys stay for what was read under them."""
        for tag_id in tag_ids:
            known = self._known(tag_id, moment)
            for version in _setups(known):
                tap = None if self.sun is None else self.sun(version, text)
                if tap is None or version.uid not in (None, tap.uid):
                    continue
                reading = self._reading(tag_id, moment) or Reading()
                hangs = version.sun in (_hanging(known, moment.at).sun, known[-1].sun)
                problem = reading.problem if hangs or reading.problem else TagProblem.REPLACED
                return replace(reading, problem=problem, counter=tap.counter)
        return Reading(problem=TagProblem.FORGED if self._names_one(text, moment) else TagProblem.UNKNOWN)

    def _names_one(self, text: str, moment: _Moment) -> bool:
        """True where the text names a tag that is known, by its path or a uid."""
        return bool(self._known(named_by_text(text), moment) or self._of_uid(uid_in(text) or "", moment))


def _setups(known: tuple[Tag, ...]) -> list[Tag]:
    """The newest version with each of the setups that the tag has had, the newest first."""
    found: list[Tag] = []
    for one in reversed(known):
        if one.sun is not None and all(one.sun != other.sun for other in found):
            found.append(one)
    return found


def _hanging(known: tuple[Tag, ...], at: datetime) -> Tag:
    """The version that stood at the instant, that instant included; before the first the first. Source: FAULTS 34."""
    stood = [one for one in known if one.recorded_at <= at]
    return stood[-1] if stood else known[0]


def _owner(known: tuple[Tag, ...], day: date) -> Tag:
    """The version that tells whose the tag was that day.

    The newest; but a tag that has moved leaves the days before its move to the version before. Source: V14.
    """
    newest = known[-1]
    for one in reversed(known):
        if day >= newest.valid_from:
            break
        if one.customer_id != newest.customer_id:
            newest = one
    return newest


def _problem(owner: Tag, hanging: Tag, at: datetime) -> TagProblem | None:
    if hanging.state in (TagState.REVOKED, TagState.LOST):
        return TagProblem.REVOKED
    return None if valid_on(owner.valid_from, owner.valid_before, local_day(at)) else TagProblem.NOT_VALID


def known_tags(versions: Iterable[Tag], keys: TagKeys | None, sun: SunReader | None = None) -> KnownTags:
    """The tags as something to read by."""
    by_id: dict[str, list[Tag]] = {}
    by_uid: dict[str, dict[str, None]] = {}
    for tag in sorted(versions, key=lambda one: (one.recorded_at, one.version)):
        by_id.setdefault(tag.id, []).append(tag)
        for name in {tag.uid, tag.external_id if keys is None else None} - {None}:
            by_uid.setdefault(str(name), {})[tag.id] = None
    return KnownTags(
        {key: tuple(rows) for key, rows in by_id.items()}, {name: tuple(ids) for name, ids in by_uid.items()}, keys, sun
    )
