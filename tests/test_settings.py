"""What the environment may say, and how a wrong word in it is told."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.rules.webhooks import Allowed
from app.settings import Settings, SettingsError
from tests.settings import KEYS

SECRET = "5e" * 32


def pem(key: object) -> str:
    """The private key as text."""
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    return text.decode()


def public_pem(key: Any) -> str:
    """The public key of the private one as text."""
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


ENVIRONMENT = {
    "HEMTID_DATABASE_URL": "postgresql://hemtid:hush@database/hemtid",
    "HEMTID_BASE_URL": "https://hemtid.example/",
    "HEMTID_SIGNING_KEY": pem(KEYS.signing_key),
    "HEMTID_TAG_KEYS": f'{{"1": "{SECRET}", "2": "{"ab" * 32}"}}',
    "HEMTID_CURSOR_KEY": SECRET,
}


def test_the_environment_becomes_one_value() -> None:
    settings = Settings.from_environment(ENVIRONMENT)
    assert settings.database_url == "postgresql+psycopg://hemtid:hush@database/hemtid"
    assert settings.base_url == "https://hemtid.example"
    assert settings.tag_keys == {1: b"\x5e" * 32, 2: b"\xab" * 32}
    assert settings.cursor_key == b"\x5e" * 32
    assert settings.signing_key.private_numbers() == KEYS.signing_key.private_numbers()
    assert settings.demo_clock is False


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cursor-key"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    stated = {name: text for name, text in ENVIRONMENT.items() if name != "HEMTID_CURSOR_KEY"}
    settings = Settings.from_environment(stated | {"HEMTID_CURSOR_KEY_FILE": str(file)})
    assert settings.cursor_key == b"\x5e" * 32


def test_A5_a_seal_key_and_former_public_ones_may_be_stated_and_need_not_be() -> None:
    plain = Settings.from_environment(ENVIRONMENT)
    assert (plain.seal_key, plain.seal_public_keys) == (None, ())
    keys = [Ed25519PrivateKey.generate() for _ in range(3)]
    stated = {"HEMTID_SEAL_KEY": pem(keys[0]), "HEMTID_SEAL_PUBLIC_KEYS": "".join(map(public_pem, keys[1:]))}
    settings = Settings.from_environment(ENVIRONMENT | stated)
    assert settings.seal_key is not None
    assert settings.seal_key.private_bytes_raw() == keys[0].private_bytes_raw()
    public = [key.public_bytes_raw() for key in settings.seal_public_keys]
    assert public == [key.public_key().public_bytes_raw() for key in keys[1:]]
    assert "ed25519" not in repr(settings).lower()


def test_webhooks_reach_what_the_environment_allows_beyond_the_public_internet() -> None:
    plain = Settings.from_environment(ENVIRONMENT)
    assert (plain.webhook_key, plain.webhook_allowed) == (None, Allowed())
    stated = {
        "HEMTID_WEBHOOK_KEY": SECRET,
        "HEMTID_WEBHOOK_ALLOWED": "10.20.0.0/16, Planner01.internal.,fd00:20::/32, 127.0.0.1,",
        "HEMTID_WEBHOOK_HTTP": "true",
    }
    settings = Settings.from_environment(ENVIRONMENT | stated)
    assert settings.webhook_key == b"\x5e" * 32
    networks = tuple(map(ip_network, ("10.20.0.0/16", "fd00:20::/32", "127.0.0.1/32")))
    assert settings.webhook_allowed == Allowed(hosts=frozenset({"planner01.internal"}), networks=networks, http=True)
    assert "^^^" not in repr(settings)


def test_the_settings_show_no_secret() -> None:
    shown = repr(Settings.from_environment(ENVIRONMENT))
    assert "hemtid.example" in shown
    assert not any(secret in shown for secret in ("hush", SECRET, "PRIVATE", r"\x5e", "^^^", r"\xab"))


@pytest.mark.parametrize("variable", sorted(ENVIRONMENT))
def test_what_is_missing_is_named(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable}: is not set$"):
        Settings.from_environment(ENVIRONMENT | {variable: " "})


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("HEMTID_DATABASE_URL", "mysql://database/hemtid", "must begin with"),
        ("HEMTID_DATABASE_URL", "hemtid.sqlite3", "must begin with"),
        ("HEMTID_BASE_URL", "hemtid.example", "must be an address"),
        ("HEMTID_BASE_URL", "ftp://hemtid.example", "must be an address"),
        ("HEMTID_SIGNING_KEY", "no key", "is no unencrypted private key"),
        ("HEMTID_SIGNING_KEY", pem(generate_private_key(SECP384R1())), "must be an EC key on P-256"),
        ("HEMTID_TAG_KEYS", SECRET, "must be JSON"),
        ("HEMTID_TAG_KEYS", "{}", "must be JSON"),
        ("HEMTID_TAG_KEYS", f'{{"0": "{SECRET}"}}', "must be JSON"),
        ("HEMTID_TAG_KEYS", '{"1": "xyz"}', "must be hexadecimal"),
        ("HEMTID_TAG_KEYS", f'{{"1": "{"5e" * 31}"}}', "at least 32 bytes"),
        ("HEMTID_CURSOR_KEY", "5e" * 31, "at least 32 bytes"),
        ("HEMTID_CURSOR_KEY_FILE", "/nowhere/cursor-key", "choose one"),
        ("HEMTID_SEAL_KEY", "no key", "is no unencrypted private key"),
        ("HEMTID_SEAL_KEY", pem(KEYS.signing_key), "must be an Ed25519 key"),
        ("HEMTID_SEAL_PUBLIC_KEYS", "no key", "must be public keys in PEM"),
        ("HEMTID_SEAL_PUBLIC_KEYS", public_pem(KEYS.signing_key), "must be Ed25519 keys"),
        ("HEMTID_WEBHOOK_KEY", "5e" * 33, "must be 32 bytes"),
        ("HEMTID_WEBHOOK_ALLOWED", "planner, 10.20.0.1/16", "10.20.0.1/16 is no network"),
        ("HEMTID_WEBHOOK_ALLOWED", "10.20.0.300", "10.20.0.300 is no network"),
        ("HEMTID_DEMO_CLOCK", "perhaps", "must be true or false"),
        ("HEMTID_POOL_SIZE", "0", "must be a whole number"),
        ("HEMTID_POOL_SIZE", "1.5", "must be a whole number"),
    ],
)
def test_what_is_wrong_is_named(variable: str, value: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{variable.removesuffix('_FILE')}\b.*{fault}"):
        Settings.from_environment(ENVIRONMENT | {variable: value})


def test_a_file_that_is_not_there_is_named() -> None:
    stated = {name: text for name, text in ENVIRONMENT.items() if name != "HEMTID_CURSOR_KEY"}
    with pytest.raises(SettingsError, match=r"^HEMTID_CURSOR_KEY_FILE: cannot be read"):
        Settings.from_environment(stated | {"HEMTID_CURSOR_KEY_FILE": "/nowhere/cursor-key"})
