"""Tags: what is signed, what a reading proves (V7), whose the door was then (V14), and what is wrong with it (D10)."""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.people import Position
from app.rules.tags import (
    KnownTags,
    Method,
    Place,
    Reading,
    Tag,
    TagKeys,
    TagProblem,
    TagState,
    is_signed,
    known_tags,
    named_by_text,
    tag_url,
    token_for,
)
from app.rules.visits.distance import within_metres
from tests.rules.builders import (
    a_check_in,
    a_check_out,
    a_customer,
    a_policy,
    a_tag,
    at,
    by_hand,
    resolved,
    the_visit,
)

OLD = TagKeys(secrets={1: b"the first secret"}, newest=1)
KEYS = TagKeys(secrets={1: b"the first secret", 2: b"the second secret"}, newest=2)
OTHERS = TagKeys(secrets={2: b"another care system"}, newest=2)
TOKEN = token_for("tag-k", KEYS)
UID = "04A2245A6F6180"


def test_V7_a_token_names_the_tag_and_the_newest_key() -> None:
    tag_id, version, mac = TOKEN.split(".")

    assert (tag_id, version, len(mac)) == ("tag-k", "2", 24)
    assert tag_url("https://hemtid.example/", "tag-k", KEYS) == f"https://hemtid.example/t/{TOKEN}"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param(TOKEN, True, id="the token alone"),
        pytest.param(f"https://hemtid.example/t/{TOKEN}", True, id="the token as an address"),
        pytest.param(token_for("tag-k", OLD), True, id="signed under an older key that is kept"),
        pytest.param(token_for("tag-k", OTHERS), False, id="signed by another care system"),
        pytest.param(TOKEN.replace("tag-k", "tag-k2"), False, id="the mac of another tag"),
        pytest.param(TOKEN.replace(".2.", ".1."), False, id="the mac of another key"),
        pytest.param(TOKEN.replace(".2.", ".3."), False, id="a key that nobody has"),
        pytest.param(TOKEN.replace(".2.", "..."), False, id="no key"),
        pytest.param(TOKEN.replace(".2.", ".²."), False, id="a key that is no number"),
        pytest.param(TOKEN.replace(".2.", ".-2."), False, id="a negative key"),
        pytest.param(TOKEN.replace(".2.", f".{'9' * 5_000}."), False, id="a key of five thousand digits"),
        pytest.param(TOKEN[:-1], False, id="a mac cut short"),
        pytest.param(TOKEN + "A", False, id="a mac with more behind it"),
        pytest.param(TOKEN[:-24] + "é" * 24, False, id="a mac of other letters"),
        pytest.param("tag-k", False, id="the id alone"),
        pytest.param("tag-k.2.", False, id="no mac"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_V7_a_text_is_signed_where_it_carries_our_mac_of_the_tag_it_names(text: str, answer: bool) -> None:
    assert is_signed(text, KEYS) is answer


def test_V7_every_bit_of_the_mac_counts() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    start = len(TOKEN) - 24
    forged = [
        TOKEN[:place] + letters[letters.index(TOKEN[place]) ^ (1 << bit)] + TOKEN[place + 1 :]
        for place in range(start, len(TOKEN))
        for bit in range(6)
    ]

    assert len(set(forged)) == 144
    assert not [text for text in forged if is_signed(text, KEYS)]


@pytest.mark.parametrize("text", ["tag-k", "tag-k.2.mac", "https://hemtid.example/t/tag-k.2.mac", "/t/tag-k/"])
def test_V7_a_text_names_the_tag_before_its_first_dot(text: str) -> None:
    assert named_by_text(text) == "tag-k"


def a_known(*tags: Tag, keys: TagKeys | None = None) -> KnownTags:
    """The tags as something to read by."""
    return known_tags(tags, keys)


def read(tags: KnownTags, *, on: str = "2014-02-03T08:00:00+01:00", known: str | None = None, **place: Any) -> Reading:
    """What a reading comes to on an instant, as known then unless told."""
    told = {"method": Method.NFC, **place}
    return tags.read(Place(**told), at(on), at(known or on))


SIGNED = f"https://hemtid.example/t/{TOKEN}"
K_READ = Reading(tag_id="tag-k", customer_id="k")


@pytest.mark.parametrize(
    ("place", "reading"),
    [
        pytest.param({"text": SIGNED, "method": Method.QR}, K_READ, id="a signed QR"),
        pytest.param({"text": SIGNED}, K_READ, id="the same address on an NFC tag"),
        pytest.param({"uid": UID}, K_READ, id="a uid that is known"),
        pytest.param({"uid": "04FFFFFFFFFFFF"}, Reading(problem=TagProblem.UNKNOWN), id="a uid that is not"),
        pytest.param({"text": "tag-k"}, Reading(problem=TagProblem.FORGED), id="the id of a tag without signature"),
        pytest.param({"text": TOKEN[:-1] + "!"}, Reading(problem=TagProblem.FORGED), id="a signature that is not ours"),
        pytest.param({"text": "https://example.org/menu"}, Reading(problem=TagProblem.UNKNOWN), id="any other QR"),
        pytest.param(
            {"text": token_for("tag-x", KEYS)},
            Reading(problem=TagProblem.UNKNOWN),
            id="a signed tag that was never kept",
        ),
        pytest.param({"text": UID}, Reading(problem=TagProblem.UNKNOWN), id="a uid written as text proves nothing"),
        pytest.param({"method": Method.MANUAL, "text": SIGNED}, Reading(), id="a manual one reads no tag"),
    ],
)
def test_D10_a_reading_leads_to_the_tag_or_to_what_is_wrong_with_it(place: dict[str, Any], reading: Reading) -> None:
    """FAULTS 35: an unknown tag and another care system's tag come to the same."""
    assert read(a_known(a_tag("tag-k", uid=UID), keys=KEYS), **place) == reading


def test_D10_a_tag_of_another_care_system_is_answered_as_an_unknown_one() -> None:
    tags = a_known(a_tag("tag-k"), keys=KEYS)

    assert read(tags, text=token_for("tag-z", OTHERS)) == read(tags, text=token_for("tag-z", KEYS))


@pytest.mark.parametrize("text", ["tag-k", "our 17", UID])
def test_V3_a_scenario_names_a_tag_by_id_external_id_or_uid(text: str) -> None:
    assert read(a_known(a_tag("tag-k", uid=UID, external_id="our 17")), text=text) == K_READ


@pytest.mark.parametrize(
    ("on", "problem"),
    [
        pytest.param("2014-01-31T23:59:59+01:00", TagProblem.NOT_VALID, id="a second before its first day"),
        pytest.param("2014-02-01T00:00:00+01:00", None, id="its first second"),
        pytest.param("2014-02-09T23:59:59+01:00", None, id="its last second"),
        pytest.param("2014-02-10T00:00:00+01:00", TagProblem.NOT_VALID, id="the day on which it was replaced"),
    ],
)
def test_D10_a_tag_proves_a_place_from_its_first_day_until_it_is_replaced(on: str, problem: TagProblem | None) -> None:
    """FAULTS 34."""
    tag = a_tag("tag-k", valid_from="2014-02-01", valid_before=at("2014-02-10T12:00:00+01:00").date())

    assert read(a_known(tag), on=on, text="tag-k").problem is problem


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (TagState.ISSUED, None),
        (TagState.MOUNTED, None),
        (TagState.REVOKED, TagProblem.REVOKED),
        (TagState.LOST, TagProblem.REVOKED),
    ],
)
def test_D10_a_revoked_or_lost_tag_is_read_with_its_problem(state: TagState, problem: TagProblem | None) -> None:
    reading = read(a_known(a_tag("tag-k", state=state)), text="tag-k")

    assert reading == Reading(tag_id="tag-k", customer_id="k", problem=problem)


NOON = "2014-02-03T12:00:00+01:00"
AFTERWARDS = "2014-02-05T08:00:00+01:00"


@pytest.mark.parametrize(
    ("on", "known", "problem"),
    [
        pytest.param(
            "2014-02-03T11:59:59+01:00", "2014-02-03T11:59:59+01:00", None, id="a second before, told at once"
        ),
        pytest.param("2014-02-03T11:59:59+01:00", AFTERWARDS, None, id="a second before, delivered days later"),
        pytest.param(NOON, NOON, TagProblem.REVOKED, id="as it was revoked"),
        pytest.param("2014-02-03T12:00:01+01:00", AFTERWARDS, TagProblem.REVOKED, id="a second after"),
    ],
)
@pytest.mark.parametrize("state", [TagState.REVOKED, TagState.LOST])
def test_V5_a_tag_is_revoked_from_the_instant_on_however_late_the_reading_is_delivered(
    state: TagState, on: str, known: str, problem: TagProblem | None
) -> None:
    """FAULTS 34."""
    revoked = a_tag("tag-k", state=state, version=2, recorded_at=at(NOON))

    assert read(a_known(a_tag("tag-k"), revoked), on=on, known=known, text="tag-k").problem is problem


def test_V5_what_is_revoked_later_is_not_known_when_the_registration_is_recorded() -> None:
    """FAULTS 34: the tap is recorded a second before the revocation, by a clock that runs fast."""
    revoked = a_tag("tag-k", state=TagState.REVOKED, version=2, recorded_at=at(NOON))
    tags = a_known(a_tag("tag-k"), revoked)

    assert read(tags, on="2014-02-03T13:00:00+01:00", known="2014-02-03T11:59:59+01:00", text="tag-k") == K_READ


@pytest.mark.parametrize(
    ("on", "known", "customer"),
    [
        pytest.param("2014-02-09T23:59:59+01:00", "2014-02-09T23:59:59+01:00", "k", id="the last second before"),
        pytest.param("2014-02-09T23:59:59+01:00", "2014-02-20T08:00:00+01:00", "k", id="the same, weeks late"),
        pytest.param("2014-02-10T00:00:00+01:00", "2014-02-20T08:00:00+01:00", "k2", id="the first second there"),
    ],
)
def test_V14_a_moved_tag_is_the_first_customers_until_the_day_of_the_move(on: str, known: str, customer: str) -> None:
    """FAULTS 34: moved by a new version from the 10th on, which was recorded on the 8th."""
    moved = a_tag(
        "tag-k", customer="k2", valid_from="2014-02-10", version=2, recorded_at=at("2014-02-08T09:00:00+01:00")
    )

    assert read(a_known(a_tag("tag-k"), moved), on=on, known=known, text="tag-k") == Reading(
        tag_id="tag-k", customer_id=customer
    )


def test_V14_a_customer_that_was_wrong_from_the_beginning_is_set_right_for_all_days() -> None:
    right = a_tag("tag-k", customer="k2", version=2, recorded_at=at(NOON))

    assert read(a_known(a_tag("tag-k"), right), known=AFTERWARDS, text="tag-k").customer_id == "k2"


def test_D10_a_first_day_that_is_set_later_is_no_move() -> None:
    later = a_tag("tag-k", valid_from="2014-02-10", version=2, recorded_at=at(NOON))

    assert read(a_known(a_tag("tag-k"), later), known=AFTERWARDS, text="tag-k").problem is TagProblem.NOT_VALID


@pytest.mark.parametrize(
    ("on", "uid", "problem"),
    [
        pytest.param("2014-02-03T11:59:59+01:00", UID, None, id="the old chip, a second before"),
        pytest.param(NOON, UID, TagProblem.REPLACED, id="the old chip, as it was replaced"),
        pytest.param(NOON, "04BB", None, id="the new chip"),
        pytest.param("2014-02-03T11:00:00+01:00", "04BB", None, id="the new chip, read before that was recorded"),
    ],
)
def test_D10_a_chip_that_was_replaced_proves_nothing_more(on: str, uid: str, problem: TagProblem | None) -> None:
    """FAULTS 34."""
    tags = a_known(a_tag("tag-k", uid=UID), a_tag("tag-k", uid="04BB", version=2, recorded_at=at(NOON)))

    assert read(tags, on=on, known=AFTERWARDS, uid=uid).problem is problem


@pytest.mark.parametrize(
    ("on", "problem"),
    [
        pytest.param("2014-02-03T11:59:59+01:00", None, id="a second before, delivered days later"),
        pytest.param(NOON, TagProblem.REVOKED, id="as it was retired"),
    ],
)
def test_D10_a_key_that_is_retired_signs_for_what_was_read_before(on: str, problem: TagProblem | None) -> None:
    """FAULTS 34: a tag printed under key 1 is read under key 2, until key 1 is retired."""
    keys = TagKeys(secrets=KEYS.secrets, newest=2, retired={1: at(NOON)})
    tags = a_known(a_tag("tag-k"), keys=keys)

    assert read(tags, on=on, known=AFTERWARDS, text=token_for("tag-k", OLD)).problem is problem
    assert read(tags, on=on, known=AFTERWARDS, text=token_for("tag-k", KEYS)) == K_READ


@pytest.mark.parametrize(("on", "customer"), [("2014-02-09T23:59:59+01:00", "k"), ("2014-02-10T00:00:00+01:00", "k2")])
def test_V14_a_uid_that_moves_belongs_to_the_customer_of_the_day(on: str, customer: str) -> None:
    moved = a_tag("second", customer="k2", uid=UID, valid_from="2014-02-10")
    first = a_tag("first", uid=UID, valid_before=moved.valid_from)

    assert read(a_known(first, moved), on=on, uid=UID).customer_id == customer


def test_D10_a_revoked_tag_does_not_hide_the_one_that_took_over_its_uid() -> None:
    revoked = a_tag("first", uid=UID, state=TagState.REVOKED, valid_from="2014-02-01")

    assert read(a_known(revoked, a_tag("second", customer="k2", uid=UID)), uid=UID).customer_id == "k2"


DOOR = Position(lat_e6=59_310_000, lon_e6=18_160_000)
NEAR = Position(lat_e6=59_310_500, lon_e6=18_160_000)
"""About 56 m north of the door."""
FAR = Position(lat_e6=59_320_000, lon_e6=18_160_000)
"""About 1,100 m north of it."""


def at_a_tag(position: Position | None = None, *, tag: str = "tag k") -> Place:
    """A known tag, read with a position or without."""
    return Place(method=Method.NFC, text=tag, position=position)


@pytest.mark.parametrize(
    ("place", "grade"),
    [
        pytest.param(at_a_tag(NEAR), 2, id="a known tag with a position near it"),
        pytest.param(at_a_tag(FAR), 1, id="a known tag with a position far from it"),
        pytest.param(at_a_tag(), 1, id="a known tag alone"),
        pytest.param(at_a_tag(NEAR, tag="tag x"), 0, id="an unknown tag proves nothing"),
        pytest.param(Place(method=Method.MANUAL, position=NEAR), 0, id="manual, though near"),
    ],
)
def test_V7_the_evidence_grade_of_an_end(place: Place, grade: int) -> None:
    (one,) = resolved(a_check_in(place=place), a_customer(position=DOOR))

    assert one.evidence_grade == grade


def test_V7_the_position_is_held_against_the_tag_and_not_against_the_customer_named() -> None:
    told = (a_customer(position=DOOR), a_customer("k2", position=FAR))
    one, two = resolved(
        a_check_in(id="1", place=at_a_tag(NEAR), customer_id="k2"),
        a_check_in(id="2", place=at_a_tag(FAR), customer_id="k2"),
        *told,
    )

    assert (one.evidence_grade, two.evidence_grade) == (2, 1)


def test_V7_a_customer_without_position_gives_grade_one() -> None:
    (one,) = resolved(a_check_in(place=at_a_tag(NEAR)))

    assert one.evidence_grade == 1


def test_V7_a_measuring_client_states_grade_one_at_most() -> None:
    """V17."""
    (one,) = resolved(a_check_in(place=at_a_tag(NEAR), by_measuring_client=True), a_customer(position=DOOR))

    assert one.evidence_grade == 1


def test_V7_a_stated_time_has_grade_zero() -> None:
    """V3."""
    (one,) = resolved(a_check_in("10:00", place=by_hand(), stated="08:00"))

    assert (one.evidence_grade, one.at) == (0, at("08:00"))


@pytest.mark.parametrize(("metres", "grade"), [(50, 1), (60, 2)])
def test_V7_how_near_is_near_is_a_policy(metres: int, grade: int) -> None:
    told = (a_customer(position=DOOR), a_policy("position_near_metres", metres))
    (one,) = resolved(a_check_in(place=at_a_tag(NEAR)), *told)

    assert one.evidence_grade == grade


@pytest.mark.parametrize(
    ("other", "metres", "answer"),
    [
        pytest.param(DOOR, 0, True, id="the same place"),
        pytest.param(Position(lat_e6=59_311_000, lon_e6=18_160_000), 111, False, id="north, a metre too far"),
        pytest.param(Position(lat_e6=59_311_000, lon_e6=18_160_000), 112, True, id="north, within"),
        pytest.param(Position(lat_e6=59_309_000, lon_e6=18_160_000), 112, True, id="south, within"),
        pytest.param(
            Position(lat_e6=59_310_000, lon_e6=18_162_000), 113, False, id="east, where a degree is half as long"
        ),
        pytest.param(Position(lat_e6=59_310_000, lon_e6=18_162_000), 114, True, id="east, within"),
    ],
)
def test_V7_distance_is_reckoned_in_whole_numbers(other: Position, metres: int, answer: bool) -> None:
    """A thousandth of a degree is 111.2 m north, and at 59.31° two thousandths are 113.5 m east."""
    assert within_metres(DOOR, other, metres) is answer
    assert within_metres(other, DOOR, metres) is answer


def test_V7_a_visit_has_the_lower_grade_of_its_ends() -> None:
    told = (a_customer(position=DOOR),)
    both = the_visit(a_check_in(place=at_a_tag(NEAR)), a_check_out(place=at_a_tag(NEAR)), *told)
    lower = the_visit(a_check_in(place=at_a_tag(NEAR)), a_check_out(place=at_a_tag(FAR)), *told)
    lowest = the_visit(a_check_in(place=by_hand()), a_check_out(place=at_a_tag(NEAR), names="in 08:00"), *told)

    assert [visit.evidence_grade for visit in (both, lower, lowest)] == [2, 1, 0]
