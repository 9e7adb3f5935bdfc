"""SUN: the message that an NTAG 424 DNA mirrors into its address at every tap, and what it proves (V7).

AES itself is handed in: rules know what is computed, not how. Source: NXP AN12196 rev. 2.0 section 3.4 ("SUN
authentication"), NXP AN10922 section 2.2 (AES-128 key diversification). LRP mode is not read.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

UID_BYTES = 7
MAC_BYTES = 8
KEY_BYTES = 16
LONGEST_DIVERSIFICATION = 31
"""Bytes of diversification input that AN10922 takes for AES-128."""

_UID_AND_COUNTER = 0xC7
"""PICCDataTag: UID mirrored, counter mirrored, a UID of seven bytes. Source: AN12196, PICCData."""
_SV2 = bytes.fromhex("3CC300010080")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+\Z")


class SunMode(StrEnum):
    """How an NTAG 424 mirrors its identity into the address."""

    ENCRYPTED = "encrypted"
    PLAIN = "plain"


class SunMacInput(StrEnum):
    """What the tag's own signature covers, as its offsets were set. Source: AN12196, CONTRACT."""

    NONE = "none"
    ENC = "enc"
    ENC_TO_CMAC = "enc_to_cmac"


@dataclass(frozen=True, slots=True, kw_only=True)
class SunParameters:
    """The address's own names for what the tag mirrors; None where the usual name holds."""

    picc: str | None = None
    enc: str | None = None
    cmac: str | None = None
    uid: str | None = None
    ctr: str | None = None

    def named(self, usual: str) -> str:
        """The name under which the value stands."""
        return getattr(self, usual) or usual


@dataclass(frozen=True, slots=True, kw_only=True)
class SunSetup:
    """How a tag was personalised. `keys` is a text that only the reader understands: the keys sealed, or a file's."""

    mode: SunMode
    mac_input: SunMacInput
    parameters: SunParameters = SunParameters()
    keys: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SunKeys:
    """A tag's own AES-128 keys: SDMMetaReadKey and SDMFileReadKey."""

    meta_key: bytes = field(repr=False)
    file_key: bytes = field(repr=False)


class SunKey(StrEnum):
    """The two keys of a tag, by their field."""

    META_KEY = "meta_key"
    FILE_KEY = "file_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversification:
    """Which of the keys told are master keys, and what beside the UID makes a tag's own of them. Source: AN10922."""

    keys: tuple[SunKey, ...]
    aid: str = ""
    system_identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """How a tag was personalised, as it is told: keys in hexadecimal, taken in and never given out."""

    mode: SunMode
    meta_key: str = field(repr=False)
    file_key: str = field(repr=False)
    mac_input: SunMacInput
    parameters: SunParameters = SunParameters()
    diversified: Diversification | None = None

    def setup(self, keys: str) -> SunSetup:
        """The same with its keys as the reader understands them."""
        return SunSetup(mode=self.mode, mac_input=self.mac_input, parameters=self.parameters, keys=keys)

    def unsealed(self) -> SunSetup:
        """The same with its keys readable, as a scenario's tag has them."""
        derived = self.diversified or Diversification(keys=())
        told = [self.meta_key, self.file_key, [*derived.keys], derived.aid, derived.system_identifier]
        return self.setup(json.dumps(told))


@dataclass(frozen=True, slots=True, kw_only=True)
class SunTap:
    """What a genuine message says: which chip, and its how manieth reading. The UID as a tag's `uid`."""

    uid: str
    counter: int


class Aes(Protocol):
    """AES-128, from a library that is none of the rules'."""

    def encrypt(self, key: bytes, block: bytes) -> bytes:
        """One block of 16 bytes encrypted."""

    def decrypt(self, key: bytes, block: bytes) -> bytes:
        """One block of 16 bytes decrypted."""

    def cmac(self, key: bytes, message: bytes) -> bytes:
        """The 16 bytes of AES-CMAC. Source: NIST SP 800-38B."""


@dataclass(frozen=True, slots=True)
class _Mirrored:
    """The parameters of an address as read, nothing decoded: values and where in the text each begins."""

    text: str
    found: Mapping[str, tuple[str, int]]

    def value(self, name: str) -> str | None:
        """The characters of the value."""
        return self.found[name][0] if name in self.found else None

    def bytes_of(self, name: str, length: int) -> bytes | None:
        """The value as so many bytes; None where it is not hexadecimal of that length."""
        value = self.value(name) or ""
        return bytes.fromhex(value) if len(value) == 2 * length and _HEX.match(value) else None


def read_sun(text: str, setup: SunSetup, keys: SunKeys, aes: Aes) -> SunTap | None:
    """The tap that the text proves; None where its MAC is not the tag's, or it is no such message at all.

    The text is taken as read: the MAC covers its characters. Compared in constant time. Source: AN12196, V7.
    """
    mirrored = _mirrored(text)
    if mirrored is None:
        return None
    identity = _decrypted(mirrored, setup, keys, aes) if setup.mode is SunMode.ENCRYPTED else _plain(mirrored, setup)
    covered = _covered(mirrored, setup)
    mac = mirrored.bytes_of(setup.parameters.named("cmac"), MAC_BYTES)
    if identity is None or covered is None or mac is None:
        return None
    uid, counter = identity
    if not hmac.compare_digest(sun_mac(keys.file_key, uid, counter, covered, aes), mac):
        return None
    return SunTap(uid=uid.hex().upper(), counter=counter)


def sun_mac(file_key: bytes, uid: bytes, counter: int, covered: bytes, aes: Aes) -> bytes:
    """SDMMAC: every second byte of the CMAC under the session key of this UID and reading. Source: AN12196."""
    session_key = aes.cmac(file_key, _SV2 + uid + counter.to_bytes(3, "little"))
    return aes.cmac(session_key, covered)[1::2]


def uid_in(text: str) -> str | None:
    """The UID that an address states in the clear, whatever its name: the only seven bytes there. Proves nothing."""
    mirrored = _mirrored(text)
    values = [] if mirrored is None else [value for value, _ in mirrored.found.values()]
    return next((one.upper() for one in values if len(one) == 2 * UID_BYTES and _HEX.match(one)), None)


def may_be_sun(text: str) -> bool:
    """True where the address carries a value as long as a MAC; whether it is one is not said."""
    mirrored = _mirrored(text)
    values = [] if mirrored is None else [value for value, _ in mirrored.found.values()]
    return any(len(one) == 2 * MAC_BYTES and _HEX.match(one) for one in values)


def _mirrored(text: str) -> _Mirrored | None:
    """The parameters of the address; None where one of them stands twice, so that nobody chooses between them."""
    start = text.find("?") + 1
    found: dict[str, tuple[str, int]] = {}
    if not start:
        return _Mirrored(text, found)
    at = start
    for piece in text[start:].split("&"):
        name, _, value = piece.partition("=")
        if name in found:
            return None
        found[name] = (value, at + len(name) + 1)
        at += len(piece) + 1
    return _Mirrored(text, found)


def _decrypted(mirrored: _Mirrored, setup: SunSetup, keys: SunKeys, aes: Aes) -> tuple[bytes, int] | None:
    """UID and counter of encrypted PICC data: one block under an initial vector of zeroes. Source: AN12196."""
    sealed = mirrored.bytes_of(setup.parameters.named("picc"), KEY_BYTES)
    opened = b"\0" if sealed is None else aes.decrypt(keys.meta_key, sealed)
    if opened[0] != _UID_AND_COUNTER:
        return None
    return opened[1 : 1 + UID_BYTES], int.from_bytes(opened[1 + UID_BYTES : 4 + UID_BYTES], "little")


def _plain(mirrored: _Mirrored, setup: SunSetup) -> tuple[bytes, int] | None:
    """UID and counter as they stand, the counter's highest byte first. Source: AN12196."""
    uid = mirrored.bytes_of(setup.parameters.named("uid"), UID_BYTES)
    counter = mirrored.bytes_of(setup.parameters.named("ctr"), 3)
    return None if uid is None or counter is None else (uid, int.from_bytes(counter, "big"))


def _covered(mirrored: _Mirrored, setup: SunSetup) -> bytes | None:
    """The characters that the MAC covers. Source: CONTRACT, tag; AN12196, SDMMACInputOffset."""
    if setup.mac_input is SunMacInput.NONE:
        return b""
    enc = mirrored.found.get(setup.parameters.named("enc"))
    cmac = mirrored.found.get(setup.parameters.named("cmac"))
    if enc is None or cmac is None or cmac[1] <= enc[1]:
        return None
    last = enc[1] + len(enc[0]) if setup.mac_input is SunMacInput.ENC else cmac[1]
    covered = mirrored.text[enc[1] : last]
    return covered.encode() if covered.isascii() else None


def own_keys(sun: Sun, uid: str | None, aes: Aes) -> SunKeys:
    """The tag's own keys: as told, or derived from the master keys told, which are not kept.

    The order UID, application id, system identifier is AN10922's own. Raises ValueError without a uid to derive from.
    Source: AN10922 section 2.2.
    """
    return _own_keys(bytes.fromhex(sun.meta_key), bytes.fromhex(sun.file_key), sun.diversified, uid, aes)


def unsealed_keys(setup: SunSetup, uid: str | None, aes: Aes) -> SunKeys:
    """The keys of a scenario's tag. Raises as `own_keys`."""
    meta_key, file_key, derived, aid, system_identifier = json.loads(setup.keys)
    whose = Diversification(keys=tuple(derived), aid=aid, system_identifier=system_identifier) if derived else None
    return _own_keys(bytes.fromhex(meta_key), bytes.fromhex(file_key), whose, uid, aes)


def _own_keys(meta_key: bytes, file_key: bytes, whose: Diversification | None, uid: str | None, aes: Aes) -> SunKeys:
    if whose is None:
        return SunKeys(meta_key=meta_key, file_key=file_key)
    if uid is None:
        raise ValueError("a key is derived from the uid")
    data, derived = bytes.fromhex(uid + whose.aid + whose.system_identifier), whose.keys
    return SunKeys(
        meta_key=diversified(meta_key, data, aes) if SunKey.META_KEY in derived else meta_key,
        file_key=diversified(file_key, data, aes) if SunKey.FILE_KEY in derived else file_key,
    )


def diversified(master: bytes, data: bytes, aes: Aes) -> bytes:
    """The AES-128 key that a master key gives a chip. `data` is UID, application id and system identifier, joined.

    CMAC over two blocks always, a short input padded to both. Raises ValueError for no input and for more than 31
    bytes. Source: AN10922 section 2.2.
    """
    if not 0 < len(data) <= LONGEST_DIVERSIFICATION:
        raise ValueError("diversification input is 1 to 31 bytes")
    message = b"\x01" + data
    whole = len(message) == 2 * KEY_BYTES
    padded = message if whole else (message + b"\x80").ljust(2 * KEY_BYTES, b"\0")
    first = _doubled(aes.encrypt(master, bytes(KEY_BYTES)))
    last = first if whole else _doubled(first)
    chained = aes.encrypt(master, padded[:KEY_BYTES])
    return aes.encrypt(master, _xor(_xor(chained, padded[KEY_BYTES:]), last))


def _doubled(block: bytes) -> bytes:
    """The block doubled in GF(2^128). Source: NIST SP 800-38B section 6.1."""
    number = int.from_bytes(block, "big") << 1
    return ((number ^ 0x87) & (1 << 128) - 1 if number >> 128 else number).to_bytes(KEY_BYTES, "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
