"""Cryptographic taps: NXP's published vectors, what the MAC covers, and every bit of it (V7, FAULTS 33)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from app.actions.simulations import run
from app.actions.sun import AES, scenario_reader
from app.rules.sun import (
    Diversification,
    Sun,
    SunKey,
    SunKeys,
    SunMacInput,
    SunMode,
    SunParameters,
    SunSetup,
    SunTap,
    diversified,
    read_sun,
    sun_mac,
    uid_in,
)
from app.rules.tags import KnownTags, Method, Place, Reading, Tag, TagKind, TagProblem, known_tags
from schemas.simulations import read_scenario
from tests.chips import Chip
from tests.rules.builders import a_tag, at

ZERO = SunKeys(meta_key=bytes(16), file_key=bytes(16))
SHORT = SunParameters(picc="e", cmac="c")
LONG = SunParameters(picc="picc_data")
NTAG = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
"""AN12196 section 3.4 (Tables 2 to 4): keys of zeroes, an empty MAC input."""
MY424 = (
    "https://www.my424dna.com/?picc_data=FD91EC264309878BE6345CBE53BADF40"
    "&enc=CEE9A53E3E463EF1F459635736738962&cmac=ECC1E7F6C6C73BF6"
)
"""AN12196 section 3.4.4.2.2 (Table 5): encrypted file data, covered through `&cmac=`."""
PLAIN = "https://sdm.example/tagpt?uid=041E3C8A2D6B80&ctr=000006&cmac=4B00064004B0B3D3"
"""The plain mirror of nfcdeveloper's sdm-backend, README, "UID and Read Counter Plaintext mirroring"."""


def setup(mode: SunMode, mac_input: SunMacInput, parameters: SunParameters) -> SunSetup:
    """A personalisation without keys."""
    return SunSetup(mode=mode, mac_input=mac_input, parameters=parameters)


OF_NTAG = setup(SunMode.ENCRYPTED, SunMacInput.NONE, SHORT)
OF_MY424 = setup(SunMode.ENCRYPTED, SunMacInput.ENC_TO_CMAC, LONG)
OF_PLAIN = setup(SunMode.PLAIN, SunMacInput.NONE, SunParameters())


@pytest.mark.parametrize(
    ("text", "told", "tap"),
    [
        pytest.param(NTAG, OF_NTAG, SunTap(uid="04DE5F1EACC040", counter=61), id="encrypted, without file data"),
        pytest.param(MY424, OF_MY424, SunTap(uid="04958CAA5C5E80", counter=8), id="encrypted, with file data"),
        pytest.param(PLAIN, OF_PLAIN, SunTap(uid="041E3C8A2D6B80", counter=6), id="plain"),
    ],
)
def test_V7_a_published_message_proves_its_tap(text: str, told: SunSetup, tap: SunTap) -> None:
    assert read_sun(text, told, ZERO, AES) == tap


def test_V7_the_session_key_is_AN12196s() -> None:
    """AN12196 Table 1: K_SesSDMFileReadMAC of another key than zeroes; the MAC itself then follows by CMAC alone."""
    file_key = bytes.fromhex("5ACE7E50AB65D5D51FD5BF5A16B8205B")
    session = bytes.fromhex("3A3E8110E05311F7A3FCF0D969BF2B48")

    assert sun_mac(file_key, bytes.fromhex("04C767F2066180"), 1, b"x", AES) == AES.cmac(session, b"x")[1::2]


def test_V7_a_key_is_diversified_as_AN10922_shows() -> None:
    """AN10922 section 2.2.1, Table 2: UID, AID 3042F5 and the system identifier "NXP Abu"."""
    master = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    data = bytes.fromhex("04782E21801D80" + "3042F5" + "4E585020416275")

    assert diversified(master, data, AES) == bytes.fromhex("A8DD63A3B89D54B37CA802473FDA9175")


@pytest.mark.parametrize("length", [1, 7, 15, 16, 30, 31])
def test_V7_a_diversification_input_of_any_length_takes_two_blocks(length: int) -> None:
    """Of 16 to 31 bytes, with the constant before them, it is CMAC itself; a shorter one is padded to both blocks."""
    master, data = bytes(range(16)), bytes(range(length))
    plain = AES.cmac(master, b"\x01" + data)

    assert (diversified(master, data, AES) == plain) is (length >= 16)


@pytest.mark.parametrize("length", [0, 32])
def test_V7_no_input_and_32_bytes_diversify_nothing(length: int) -> None:
    with pytest.raises(ValueError, match="1 to 31 bytes"):
        diversified(bytes(16), bytes(length), AES)


@pytest.mark.parametrize(
    ("text", "told"), [(NTAG, OF_NTAG), (MY424, OF_MY424), (PLAIN, OF_PLAIN)], ids=["none", "enc", "plain"]
)
def test_V7_F33_all_64_bits_of_the_mac_count(text: str, told: SunSetup) -> None:
    """FAULTS 33."""
    head, mac = text[:-16], int(text[-16:], 16)
    forged = {f"{head}{mac ^ (1 << bit):016X}" for bit in range(64)}

    assert len(forged) == 64
    assert [one for one in forged if read_sun(one, told, ZERO, AES) is not None] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MY424.replace("CEE9A53E", "cee9a53e"), id="the case of what the MAC covers"),
        pytest.param(MY424.replace("&cmac=", "&x=1&cmac="), id="something put between"),
        pytest.param(MY424.replace("962&cmac", "963&cmac"), id="another digit of file data"),
        pytest.param(MY424.replace("enc=", "enk="), id="no file data"),
        pytest.param(MY424.replace("FD91EC26", "FD91EC27"), id="other PICC data"),
        pytest.param(MY424 + "&cmac=ECC1E7F6C6C73BF6", id="the MAC twice"),
        pytest.param(MY424 + "&enc=00", id="file data twice"),
        pytest.param(MY424[:-1], id="a MAC cut short"),
        pytest.param(MY424 + "0", id="a longer MAC"),
        pytest.param(MY424.replace("&enc=", "&cmac=ECC1E7F6C6C73BF6&enc=")[:-22], id="the MAC before what it covers"),
        pytest.param(MY424.replace("picc_data=", "picc_data=%46")[:-2], id="percent signs are not read"),
        pytest.param(MY424.replace("?", "/"), id="no question mark"),
        pytest.param("", id="nothing"),
    ],
)
def test_V7_the_text_is_verified_as_read(text: str) -> None:
    assert read_sun(text, OF_MY424, ZERO, AES) is None


def test_V7_the_mac_may_cover_the_value_of_enc_alone() -> None:
    told = replace(OF_MY424, mac_input=SunMacInput.ENC)
    uid, counter = bytes.fromhex("04958CAA5C5E80"), 8
    mac = sun_mac(bytes(16), uid, counter, b"CEE9A53E3E463EF1F459635736738962", AES).hex().upper()

    assert read_sun(MY424, told, ZERO, AES) is None
    assert read_sun(MY424[:-16] + mac, told, ZERO, AES) == SunTap(uid=uid.hex().upper(), counter=counter)


def test_V7_other_keys_prove_nothing() -> None:
    other = b"\x01" + bytes(15)

    assert read_sun(NTAG, OF_NTAG, replace(ZERO, meta_key=other), AES) is None
    assert read_sun(NTAG, OF_NTAG, replace(ZERO, file_key=other), AES) is None


@pytest.mark.parametrize(
    ("text", "uid"), [(PLAIN, "041E3C8A2D6B80"), (NTAG, None), ("x?y=04a2245a6f6180", "04A2245A6F6180")]
)
def test_V7_a_uid_in_the_clear_is_the_only_seven_bytes(text: str, uid: str | None) -> None:
    assert uid_in(text) == uid


CHIP = Chip()
HOME = "https://hemtid.example/t"
THERE = "01940000-0000-7000-8000-000000000001"
NOON = "2014-02-03T12:00:00+01:00"


def sun_of(chip: Chip, **more: object) -> SunSetup:
    """The chip's personalisation, as a scenario's tag has it."""
    told = Sun(
        mode=SunMode.ENCRYPTED,
        mac_input=SunMacInput.ENC_TO_CMAC,
        meta_key=chip.meta_key.hex(),
        file_key=chip.file_key.hex(),
    )
    return replace(told, **more).unsealed()  # type: ignore[arg-type]


def a_sun_tag(chip: Chip = CHIP, **more: object) -> Tag:
    """A tag with the chip in it."""
    told: dict[str, object] = {"kind": TagKind.NFC_SUN, "uid": chip.uid, "sun": sun_of(chip)}
    return replace(a_tag(THERE), **{**told, **more})  # type: ignore[arg-type]


def read(tags: KnownTags, text: str, on: str = "2014-02-03T08:00:00+01:00", uid: str | None = None) -> Reading:
    """What a tap comes to, delivered days later."""
    moment: datetime = at(on)
    return tags.read(Place(method=Method.NFC, text=text, uid=uid), moment, at("2014-02-10T08:00:00+01:00"))


def with_tags(*tags: Tag) -> KnownTags:
    """The tags as something to read by."""
    return known_tags(tags, None, scenario_reader())


def test_V7_a_tap_is_read_by_the_path_by_a_uid_or_by_trying() -> None:
    tags = with_tags(a_sun_tag())
    reading = Reading(tag_id=THERE, customer_id="k", counter=7)

    for address, uid in (
        (f"{HOME}/{THERE}", None),
        ("https://other.example/x", CHIP.uid),
        ("https://other.example", None),
    ):
        assert read(tags, CHIP.tapped(address, 7), uid=uid) == reading


def test_V7_a_tap_at_another_tag_with_the_same_keys_is_not_this_ones() -> None:
    """The path is not covered by the MAC: the chip's own UID is."""
    other = a_sun_tag(replace(CHIP, uid="04AAAAAAAAAAAA"))

    assert read(with_tags(other), CHIP.tapped(f"{HOME}/{THERE}", 7)) == Reading(problem=TagProblem.FORGED)


def test_D10_a_tap_of_a_chip_that_nobody_knows_is_unknown() -> None:
    """FAULTS 35."""
    text = Chip().tapped("https://other.example/x", 7)

    assert read(with_tags(a_sun_tag()), text) == read(with_tags(), text) == Reading(problem=TagProblem.UNKNOWN)


def test_V7_without_a_reader_no_tap_is_proven() -> None:
    tags = known_tags([a_sun_tag()], None)

    assert read(tags, CHIP.tapped(f"{HOME}/{THERE}", 7)) == Reading(problem=TagProblem.FORGED)


def test_V7_a_tags_own_key_follows_from_the_master_key() -> None:
    """AN10922: what the system holds is a master key, what the chip holds is its own."""
    master = bytes(range(16))
    chip = replace(CHIP, file_key=diversified(master, bytes.fromhex(CHIP.uid + "3042F5"), AES))
    derived = Diversification(keys=(SunKey.FILE_KEY,), aid="3042F5")
    tag = a_sun_tag(chip, sun=sun_of(replace(chip, file_key=master), diversified=derived))

    assert read(with_tags(tag), chip.tapped(f"{HOME}/{THERE}", 7)).counter == 7


@pytest.mark.parametrize(
    ("on", "problem"),
    [
        pytest.param("2014-02-03T11:59:59+01:00", None, id="a second before"),
        pytest.param(NOON, TagProblem.REPLACED, id="as the keys were changed"),
    ],
)
def test_D10_old_keys_stay_for_what_was_read_under_them(on: str, problem: TagProblem | None) -> None:
    """FAULTS 34."""
    rekeyed = replace(CHIP, file_key=bytes(16))
    tags = with_tags(a_sun_tag(), a_sun_tag(rekeyed, version=2, recorded_at=at(NOON)))

    old = read(tags, CHIP.tapped(f"{HOME}/{THERE}", 7), on)
    assert (old.problem, old.counter) == (problem, 7)
    assert read(tags, rekeyed.tapped(f"{HOME}/{THERE}", 8), on).problem is None


def test_V7_no_key_is_shown_by_a_repr() -> None:
    told = repr(
        [a_sun_tag(), ZERO, Sun(mode=SunMode.PLAIN, mac_input=SunMacInput.NONE, meta_key="ab" * 16, file_key="cd" * 16)]
    )

    assert CHIP.file_key.hex() not in told
    assert "abab" not in told
    assert "x00" not in told


def test_V7_a_scenario_file_reads_a_published_message() -> None:
    """A file gives the tag its keys; AN12196's vector in another system's address leads to the tag."""
    place = {"method": "nfc", "text": NTAG}
    told: dict[str, object] = {
        "providers": [{"id": "p", "name": "P", "kind": "private"}],
        "caregivers": [{"id": "c", "provider_id": "p", "name": "A"}],
        "customers": [{"id": "k", "municipality": "0182"}],
        "tags": [
            {
                "id": "t",
                "customer_id": "k",
                "kind": "nfc_sun",
                "uid": "04DE5F1EACC040",
                "valid_from": "2014-01-01",
                "sun": {
                    "mode": "encrypted",
                    "meta_key": "00" * 16,
                    "file_key": "00" * 16,
                    "mac_input": "none",
                    "parameters": {"picc": "e", "cmac": "c"},
                },
            }
        ],
        "registrations": [
            {
                "id": str(number),
                "kind": kind,
                "caregiver_id": "c",
                "captured_at": f"2014-02-03T0{7 + number}:00:00+01:00",
                "service": "personal_care",
                "place": place,
            }
            for number, kind in ((1, "check_in"), (2, "check_out"))
        ],
        "months": [],
        "now": "2014-03-05T18:00:00+01:00",
    }
    outcome = run(read_scenario(told))
    (visit,) = outcome.judgement.visits

    assert [end.evidence_grade for end in visit.ends] == [3, 1]
    assert "D21" in {one.found.rule for one in outcome.judgement.deviations}
