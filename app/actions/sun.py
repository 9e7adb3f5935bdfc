"""The keys of cryptographic tags: sealed before they are stored, opened to read a tap, never given out."""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from app.rules.sun import KEY_BYTES, SunKeys, SunSetup, SunTap, read_sun, unsealed_keys
from app.rules.tags import SunReader, Tag, TagKeys
from app.settings import Settings

_NONCE_BYTES = 12


class _Aes:
    """AES-128 by the library `cryptography`."""

    def encrypt(self, key: bytes, block: bytes) -> bytes:
        """One block encrypted."""
        working = Cipher(AES128(key), ECB()).encryptor()  # one block alone: AN10922's own chaining
        return working.update(block) + working.finalize()

    def decrypt(self, key: bytes, block: bytes) -> bytes:
        """One block decrypted."""
        working = Cipher(AES128(key), ECB()).decryptor()  # one block alone: PICC data is one block
        return working.update(block) + working.finalize()

    def cmac(self, key: bytes, message: bytes) -> bytes:
        """AES-CMAC."""
        working = CMAC(AES128(key))
        working.update(message)
        return working.finalize()


AES = _Aes()
"""AES-128, for whoever calls the rules about SUN."""


def keys_of(settings: Settings) -> TagKeys:
    """The secrets that sign QR tags, and from when on some of them prove nothing more."""
    return TagKeys(secrets=settings.tag_keys, newest=max(settings.tag_keys), retired=settings.tag_keys_retired)


def seal(sun_key: bytes, tag_id: str, keys: SunKeys) -> str:
    """The keys under the key of the installation, bound to the tag; a new nonce each time. Source: our decision."""
    nonce = os.urandom(_NONCE_BYTES)
    return (nonce + AESGCM(sun_key).encrypt(nonce, keys.meta_key + keys.file_key, tag_id.encode())).hex()


def _unsealed(sun_key: bytes, tag_id: str, sealed: str) -> SunKeys | None:
    """The keys; None where they were sealed under another key or for another tag."""
    stored = bytes.fromhex(sealed)
    try:
        opened = AESGCM(sun_key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], tag_id.encode())
    except InvalidTag:
        return None
    return SunKeys(meta_key=opened[:KEY_BYTES], file_key=opened[KEY_BYTES:])


def reader_of(settings: Settings) -> SunReader | None:
    """What reads the taps of this installation's tags; None where it has no key that their keys are sealed under."""
    sun_key = settings.sun_key
    if sun_key is None:
        return None
    return _reader(lambda tag, setup: _unsealed(sun_key, tag.id, setup.keys))


def scenario_reader() -> SunReader:
    """What reads the taps of a scenario's tags, whose keys stand in the file."""
    return _reader(lambda tag, setup: unsealed_keys(setup, tag.uid, AES))


def _reader(opening: Callable[[Tag, SunSetup], SunKeys | None]) -> SunReader:
    opened: dict[tuple[str, str | None, str], SunKeys | None] = {}

    def read(tag: Tag, text: str) -> SunTap | None:
        if tag.sun is None:
            return None
        name = (tag.id, tag.uid, tag.sun.keys)
        if name not in opened:
            opened[name] = opening(tag, tag.sun)
        keys = opened[name]
        return None if keys is None else read_sun(text, tag.sun, keys, AES)

    return read
