"""Webhooks: where changes may be sent, when the next try is due, and when we give up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from app.actions.webhooks.targets import addresses_of, target_of
from app.rules.refusal import Kind, Refused
from app.rules.webhooks import (
    Allowed,
    Disabled,
    Failure,
    Outcome,
    Standing,
    Tried,
    after_try,
    check_count,
    check_start,
    check_target,
    may_reach,
    outcome_of,
    resting,
    rotated,
    seconds_to_wait,
    signing,
)

NOW = datetime(2014, 3, 5, 17, tzinfo=UTC)
TRIED = Tried(message_id="msg", sequence=8, after=7, replaced=False)
WENT_WRONG = Outcome(status=500, failure=Failure.STATUS)
INNER = Allowed(networks=(ip_network("10.20.0.0/16"), ip_network("fd00:20::/32")), hosts=frozenset({"planner.inner"}))


@pytest.mark.parametrize(
    ("failures", "least"),
    [(1, 5), (2, 300), (3, 1_800), (4, 7_200), (5, 18_000), (6, 36_000), (7, 50_400), (8, 72_000), (9, 86_400),
     (10, 86_400), (99, 86_400)],
)  # fmt: skip
def test_the_waits_are_the_specifications_and_a_little_more(failures: int, least: int) -> None:
    waits = {seconds_to_wait(failures, f"msg_{number}") for number in range(50)}
    assert all(least <= wait <= least + least // 10 for wait in waits)
    assert len(waits) > 10 or least < 300
    assert seconds_to_wait(failures, "msg") == seconds_to_wait(failures, "msg")


@pytest.mark.parametrize(
    ("status", "failure"),
    [(200, None), (204, None), (299, None), (300, Failure.REDIRECT), (302, Failure.REDIRECT), (400, Failure.STATUS),
     (410, Failure.STATUS), (500, Failure.STATUS), (101, Failure.STATUS)],
)  # fmt: skip
def test_2xx_alone_is_delivered(status: int, failure: Failure | None) -> None:
    assert outcome_of(status).failure is failure


def test_what_arrived_moves_the_place_and_forgets_what_went_wrong() -> None:
    before = Standing(sequence=7, failures=3, failing_since=NOW, due_at=NOW)
    assert after_try(before, TRIED, Outcome(status=204), NOW) == Standing(sequence=8)


def test_what_failed_waits_at_its_place() -> None:
    first = after_try(Standing(sequence=7), TRIED, WENT_WRONG, NOW)
    assert (first.sequence, first.failures, first.failing_since) == (7, 1, NOW)
    assert first.due_at == NOW + timedelta(seconds=5)
    assert not first.goes_on(NOW + timedelta(seconds=4))
    assert first.goes_on(NOW + timedelta(seconds=5))
    later = NOW + timedelta(minutes=1)
    second = after_try(first, TRIED, WENT_WRONG, later)
    assert (second.failures, second.failing_since) == (2, NOW)
    assert second.due_at == later + timedelta(seconds=seconds_to_wait(2, "msg"))


@pytest.mark.parametrize(
    ("status", "told", "waits"),
    [(429, 120, 120), (503, 120, 120), (503, 1, 5), (500, 120, 5), (429, 999_999_999, 86_400), (503, None, 5)],
)
def test_a_receiver_that_asks_us_to_wait_is_left_alone(status: int, told: int | None, waits: int) -> None:
    found = after_try(Standing(sequence=7), TRIED, outcome_of(status, told), NOW)
    assert found.due_at == NOW + timedelta(seconds=waits)


def test_410_disables_at_once_and_a_week_of_failing_too() -> None:
    gone = after_try(Standing(sequence=7), TRIED, outcome_of(410), NOW)
    assert (gone.disabled_reason, gone.disabled_at, gone.due_at, gone.sequence) == (Disabled.GONE, NOW, None, 7)
    failing = Standing(sequence=7, failures=11, failing_since=NOW - timedelta(days=7) + timedelta(seconds=1))
    assert after_try(failing, TRIED, WENT_WRONG, NOW).disabled_at is None
    given_up = after_try(failing, TRIED, WENT_WRONG, NOW + timedelta(seconds=1))
    assert given_up.disabled_reason is Disabled.FAILING
    assert not given_up.goes_on(NOW + timedelta(days=99))


def test_what_was_tried_before_its_webhook_was_replaced_harms_it_no_more() -> None:
    tried = replace(TRIED, replaced=True)
    anew = Standing(sequence=7)
    assert after_try(anew, tried, outcome_of(410), NOW) == anew
    assert after_try(anew, tried, Outcome(status=200), NOW) == Standing(sequence=8)
    sent_back = Standing(sequence=2)
    assert after_try(sent_back, tried, Outcome(status=200), NOW) == sent_back


def test_resting_is_no_failure() -> None:
    rested = resting(Standing(sequence=7), NOW)
    assert (rested.failures, rested.failing_since, rested.due_at) == (0, None, NOW + timedelta(minutes=5))


def test_a_former_secret_signs_for_a_day_and_a_few_at_most() -> None:
    former = rotated("first", (), NOW)
    assert signing("second", former, NOW + timedelta(hours=24) - timedelta(seconds=1)) == ("second", "first")
    assert signing("second", former, NOW + timedelta(hours=24)) == ("second",)
    for name in ("second", "third", "fourth"):
        former = rotated(name, former, NOW)
    assert signing("fifth", former, NOW) == ("fifth", "fourth", "third", "second")


PUBLIC = ["8.8.8.8", "193.10.5.1", "2a00:1450:400f:80c::200e"]
NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "10.20.255.255", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::10.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "fd00:ec2::254", "ff02::1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2001:0:a00:1::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_reached(address: str) -> None:
    assert may_reach("receiver.example", [ip_address(address)], Allowed())


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_nothing_else_is_reached_nor_beside_a_public_address(address: str) -> None:
    inner = ip_address(address)
    assert not may_reach("receiver.example", [inner], Allowed())
    assert not may_reach("receiver.example", [ip_address("8.8.8.8"), inner], Allowed())
    assert not may_reach("receiver.example", [], Allowed())


@pytest.mark.parametrize(
    ("host", "address", "reached"),
    [
        ("x", "10.20.3.4", True), ("x", "::ffff:10.20.3.4", True), ("x", "10.21.0.1", False), ("x", "fd00:20::1", True),
        ("planner.inner", "192.168.1.1", True), ("Planner.Inner.", "192.168.1.1", True),
        ("planner.inner.example", "192.168.1.1", False),
    ],
)  # fmt: skip
def test_an_installation_allows_networks_and_names(host: str, address: str, reached: bool) -> None:
    assert may_reach(host, [ip_address(address)], INNER) is reached


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/", "ftp://receiver.example/", "//receiver.example/", "receiver.example", "https://",
        "https:///hook", "https://user:pass@receiver.example/", "https://user@receiver.example/",
        "https://@receiver.example/", "https://receiver.example/#here", "https://receiver.example/#",
        "https://receiver.example:0/", "https://receiver.example:99999/", "https://receiver.example:x/",
        "https://[::1/", "https://[zz]/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/", "https://10.20.3.4.example/a b", "https://räven.example/",
        "https://receiver.example/\r\nX: y", "https://receiver.example/\\@10.0.0.1/", "https://a{b}.example/",
    ],
)  # fmt: skip
def test_what_is_no_address_for_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        check_target(target_of(url), Allowed())
    assert (refused.value.kind, refused.value.pointer) == (Kind.INVALID, "/url")


@pytest.mark.parametrize(
    ("url", "named", "path"),
    [
        ("https://receiver.example", "receiver.example", "/"),
        ("https://Receiver.example:8443/a%20b?c=d&e", "receiver.example:8443", "/a%20b?c=d&e"),
        ("https://[2a00:1450::1]:444/x", "[2a00:1450::1]:444", "/x"),
        ("https://xn--rven-0ra.example/", "xn--rven-0ra.example", "/"),
    ],
)
def test_an_address_is_sent_to_as_it_stands(url: str, named: str, path: str) -> None:
    target = target_of(url)
    check_target(target, Allowed())
    assert (target.named, target.path) == (named, path)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_writings_of_an_inner_address_are_looked_up_and_refused(host: str) -> None:
    found = addresses_of(target_of(f"https://{host}/"))
    assert not may_reach(host, found, Allowed())


def test_http_is_for_development() -> None:
    check_target(target_of("http://receiver.example/"), Allowed(http=True))


def test_no_webhook_begins_after_what_has_happened() -> None:
    check_start(None, 3)
    check_start(3, 3)
    with pytest.raises(Refused):
        check_start(4, 3)


def test_a_client_has_ten_webhooks_at_most() -> None:
    check_count(9)
    with pytest.raises(Refused):
        check_count(10)
