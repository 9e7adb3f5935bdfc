"""Makes the secrets of an installation, each in a file of its own that only its owner can read.

`python deploy/make_keys.py FOLDER`. What is there already stays as it is.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def signing_key() -> str:
    """A new private key on P-256, in PEM."""
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def tag_keys() -> str:
    """The first version of the key that signs QR tags."""
    return json.dumps({"1": secrets.token_hex(32)}) + "\n"


def cursor_key() -> str:
    """A new key for the lists' cursors."""
    return secrets.token_hex(32) + "\n"


def seal_key() -> str:
    """A new Ed25519 key for the ledger's seals and receipts, in PEM."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def sun_key() -> str:
    """A new key under which the keys of cryptographic tags are stored."""
    return secrets.token_hex(32) + "\n"


def webhook_key() -> str:
    """A new key under which the secrets of webhooks are stored."""
    return secrets.token_hex(32) + "\n"


CONTENTS: dict[str, Callable[[], str]] = {
    "signing-key.pem": signing_key,
    "tag-keys.json": tag_keys,
    "cursor-key": cursor_key,
    "sun-key": sun_key,
    "webhook-key": webhook_key,
    "seal-key.pem": seal_key,
}


def make(folder: Path) -> None:
    """Every secret is in `folder`; none that was there has changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in CONTENTS.items():
        _write_once(folder / name, content)


def _write_once(file: Path, content: Callable[[], str]) -> None:
    """The file appears whole or not at all, so that a start that was cut short leaves no half key."""
    if file.exists():
        return
    half = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(content())
    try:
        os.link(half, file)
    except FileExistsError:
        return
    finally:
        half.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python deploy/make_keys.py FOLDER")
    make(Path(sys.argv[1]))
