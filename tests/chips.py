"""A cryptographic chip as a tester holds it: it counts its readings, and writes what an NTAG 424 DNA would.

The encryption here is the library's own CBC mode and CMAC, put together anew from AN12196, not the product's code.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC."""
    made = CMAC(AES128(key))
    made.update(message)
    return made.finalize()


@dataclass(slots=True, kw_only=True)
class Chip:
    """An encrypted mirror with file data covered through `&cmac=`."""

    uid: str = "04958CAA5C5E80"
    meta_key: bytes = field(default_factory=lambda: os.urandom(16))
    file_key: bytes = field(default_factory=lambda: os.urandom(16))
    counter: int = 0

    @property
    def sun(self) -> dict[str, Any]:
        """How it was personalised, as the API takes it."""
        return {
            "mode": "encrypted",
            "meta_key": self.meta_key.hex(),
            "file_key": self.file_key.hex(),
            "mac_input": "enc_to_cmac",
        }

    def tapped(self, address: str, counter: int | None = None) -> str:
        """The address of the next reading, or of one that the chip has counted so."""
        self.counter = self.counter + 1 if counter is None else counter
        identity = bytes.fromhex(self.uid) + self.counter.to_bytes(3, "little")
        working = Cipher(AES128(self.meta_key), CBC(bytes(16))).encryptor()
        picc = working.update(b"\xc7" + identity + os.urandom(5)) + working.finalize()
        covered = f"{os.urandom(16).hex().upper()}&cmac="
        mac = cmac(cmac(self.file_key, bytes.fromhex("3CC300010080") + identity), covered.encode())[1::2]
        return f"{address}?picc={picc.hex().upper()}&enc={covered}{mac.hex().upper()}"
