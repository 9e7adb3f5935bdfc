"""Tags at the door: which one was read, whose it is, and what the reading proves."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.rules.people import Position
from app.rules.recorded import Recorded, known_at, valid_on
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
    """Tagg at one customer's door. `uid` is upper-case hexadecimal without separators."""

    customer_id: str
    kind: TagKind
    valid_from: date
    uid: str | None = None
    state: TagState = TagState.MOUNTED
    valid_before: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagKeys:
    """The secrets that sign QR tags, by key version; `newest` signs. Without secrets a scenario's tags are named by
    id.
    """

    secrets: Mapping[int, bytes]
    newest: int


class TagProblem(StrEnum):
    """Why a reading proves no place. Source: D10."""

    UNKNOWN = "unknown"
    FORGED = "forged"
    REVOKED = "revoked"
    NOT_VALID = "not_valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reading came to: the tag, whose it was then, and the problem; a manual registration reads no tag."""

    tag_id: str | None = None
    customer_id: str | None = None
    problem: TagProblem | None = None


_MARK = b"hemtid-tag"


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
    return text.rstrip("/").rpartition("/")[2].partition(".")[0]


def is_signed(text: str, keys: TagKeys) -> bool:
    """True where the text as read carries our mac of the tag that it names, under a key version that we keep."""
    tag_id, _, rest = text.rpartition("/")[2].partition(".")
    version, _, mac = rest.partition(".")
    if not (version.isascii() and version.isdigit() and len(version) < 6 and int(version) in keys.secrets):
        return False
    return hmac.compare_digest(_mac(tag_id, int(version), keys.secrets[int(version)]).encode(), mac.encode())


@dataclass(frozen=True, slots=True)
class KnownTags:
    """All versions of the tags, found by id or uid. Without keys a text that is a tag's id, external id or uid names
    it, as in a scenario file.
    """

    by_id: Mapping[str, tuple[Tag, ...]]
    by_uid: Mapping[str, tuple[Tag, ...]]
    keys: TagKeys | None

    def read(self, place: Place, at: datetime, recorded_at: datetime) -> Reading:
        """What the reading came to: the tag as it was known when this was recorded, judged on the day of the reading.

        Unknown, forged, revoked, lost and replaced tags are read with their problem, never refused (V1).
        Source: V5, V7, V14, D10.
        """
        if place.method is Method.MANUAL:
            return Reading()
        if place.text is not None and self.keys is not None and not is_signed(place.text, self.keys):
            named = self._named(named_by_text(place.text), recorded_at, at)
            return Reading(problem=TagProblem.UNKNOWN if named is None else TagProblem.FORGED)
        tag = self._find(place, recorded_at, at)
        if tag is None:
            return Reading(problem=TagProblem.UNKNOWN)
        return Reading(tag_id=tag.id, customer_id=tag.customer_id, problem=_problem(tag, local_day(at)))

    def _find(self, place: Place, recorded_at: datetime, at: datetime) -> Tag | None:
        if place.text is not None:
            return self._named(named_by_text(place.text), recorded_at, at)
        return self._best(self.by_uid.get(place.uid or "", ()), recorded_at, at)

    def _named(self, text: str, recorded_at: datetime, at: datetime) -> Tag | None:
        found = self.by_id.get(text, ())
        if not found and self.keys is None:
            found = self.by_uid.get(text, ())
        return self._best(found, recorded_at, at)

    def _best(self, versions: Iterable[Tag], recorded_at: datetime, at: datetime) -> Tag | None:
        """Of several tags with one uid the one without problem that day, else the newest validity."""
        day = local_day(at)
        known = known_at(versions, recorded_at)
        return max(known, key=lambda tag: (_problem(tag, day) is None, tag.valid_from, tag.id), default=None)


def _problem(tag: Tag, day: date) -> TagProblem | None:
    if tag.state in (TagState.REVOKED, TagState.LOST):
        return TagProblem.REVOKED
    return None if valid_on(tag.valid_from, tag.valid_before, day) else TagProblem.NOT_VALID


def known_tags(versions: Iterable[Tag], keys: TagKeys | None) -> KnownTags:
    """The tags as something to read by."""
    by_id: dict[str, tuple[Tag, ...]] = {}
    by_uid: dict[str, tuple[Tag, ...]] = {}
    for tag in versions:
        by_id[tag.id] = (*by_id.get(tag.id, ()), tag)
        for name in {tag.uid, tag.external_id if keys is None else None} - {None}:
            by_uid[str(name)] = (*by_uid.get(str(name), ()), tag)
    return KnownTags(by_id, by_uid, keys)
