"""Delivering to webhooks: to a real receiver, in order, each change once for who keeps the ids.

ARCHITECTURE, The API; Standard Webhooks; A1, A2, A3.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from flask import Flask
from sqlalchemy import text

from app.actions.webhooks import deliver as delivering
from app.actions.webhooks.deliver import Delivered, deliver_due
from app.actions.weeding import weed
from app.storage import webhooks
from app.storage.ids import new_id
from app.storage.webhooks import Key
from tests.api.posting import Post, names
from tests.api.test_reimbursement import close, settle
from tests.api.world import World
from tests.receiver import Receiver, receiving, reply
from tests.town import told
from tests.wire import counting

DAY = timedelta(days=1)


@pytest.fixture
def post(sqlite_home: World) -> Post:
    """A world on SQLite, and its deliverer."""
    return Post(sqlite_home)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who wants to know."""
    with receiving() as made:
        yield made


def test_A1_A3_changes_come_in_order_signed_once_and_never_beyond_the_scope(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    post = Post(world)
    post.happens("before")
    made = post.hook(receiver)
    stranger = world.home.providers[1]
    post.happens("a", "b")
    post.happens("of another provider", provider_id=stranger.id)
    post.happens("c", of_type="visit.closed")
    assert post.deliver() == Delivered(delivered=3)
    assert names(receiver) == ["a", "b", "c"]
    assert post.deliver() == Delivered()
    feed = post.scheduler.read("/changes", after=made["sequence"])["items"]
    assert [one.message["data"] for one in receiver.got] == feed
    assert [one.message["type"] for one in receiver.got] == ["visit.opened", "visit.opened", "visit.closed"]
    assert all(one.signed_by(made["secret"]) for one in receiver.got)
    assert not receiver.got[0].signed_by("whsec_AAAA")
    assert len({one.id for one in receiver.got}) == 3
    first = receiver.got[0]
    assert first.headers["webhook-timestamp"] == str(int(post.clock().timestamp()))
    assert (first.headers["content-type"], first.headers["host"]) == ("application/json", f"127.0.0.1:{receiver.port}")
    assert first.message["timestamp"] == feed[0]["at"]
    shown = post.reads(made)
    last = world.home.reimburser.read("/changes", limit=200, after=made["sequence"])["items"][-1]["sequence"]
    assert (shown["sequence"], shown["failures"], shown["due_at"]) == (last, 0, None)
    tries = post.reads(made, "/deliveries")["items"]
    assert [(one["sequence"], one["attempt"], one["status"], one["error"]) for one in tries] == [
        (one["sequence"], 1, 204, None) for one in reversed(feed)
    ]
    with post.database.transaction() as tx:
        seen = "SELECT request_id FROM access_log WHERE actor_id = :who AND why = 'deliverWebhook' ORDER BY id"
        logged = tx.connection.execute(text(seen), {"who": post.scheduler.id}).scalars().all()
    assert list(logged) == [one.id for one in receiver.got]
    secrets = (made["secret"], made["secret"].removeprefix("whsec_"))
    assert not any(secret in told for secret in secrets for told in (caplog.text, json.dumps([shown, tries])))


def test_types_and_place_are_the_clients_to_choose(post: Post, receiver: Receiver) -> None:
    post.happens("a", "b")
    post.happens("c", of_type="visit.closed")
    beginning = post.scheduler.read("/changes", limit=200)["items"][-3]["sequence"] - 1
    made = post.hook(receiver, after=beginning, types=["visit.closed", "month.issued"])
    assert post.deliver() == Delivered(delivered=1)
    assert names(receiver) == ["c"]
    post.scheduler.put(f"/webhooks/{made['id']}", {"url": receiver.url, "after": beginning}, etag='"1"')
    assert post.deliver() == Delivered(delivered=3)
    assert names(receiver) == ["c", "a", "b", "c"]
    assert receiver.got[0].id == receiver.got[3].id  # the same change: who keeps the ids knows it


def test_what_concerns_nobody_is_passed_over_a_window_at_a_time(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "WINDOW", 2)
    monkeypatch.setattr(delivering, "MOST_WINDOWS", 2)
    made = post.hook(receiver, types=["visit.closed"])
    post.happens(*"abcdefg")
    post.happens("h", of_type="visit.closed")
    assert post.deliver() == Delivered()
    assert post.reads(made)["sequence"] == made["sequence"] + 4
    assert post.deliver() == Delivered(delivered=1)
    assert names(receiver) == ["h"]


def test_what_fails_is_tried_again_in_its_place_and_others_go_on(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    with receiving() as other:
        post.hook(other)
        post.happens("a", "b")
        receiver.answers(500)
        assert post.deliver() == Delivered(delivered=2, failed=1)
        assert names(other) == ["a", "b"]
    assert names(receiver) == ["a"]
    shown = post.reads(made)
    assert (shown["failures"], shown["sequence"]) == (1, made["sequence"])
    assert post.deliver() == Delivered()  # not due
    post.clock.passes(seconds=6)
    receiver.answers(503, **{"Retry-After": "120"})
    assert post.deliver() == Delivered(failed=1)
    post.clock.passes(seconds=119)
    assert post.deliver() == Delivered()
    post.clock.passes(minutes=6)
    assert post.deliver() == Delivered(delivered=2)
    assert names(receiver) == ["a", "a", "a", "b"]
    assert len({one.id for one in receiver.got}) == 2
    assert receiver.got[0].body == receiver.got[2].body
    assert [one["attempt"] for one in post.reads(made, "/deliveries")["items"]] == [1, 3, 2, 1]


def test_410_and_a_week_of_failing_disable_until_the_client_says_so(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    path = f"/webhooks/{made['id']}"
    post.happens("a")
    receiver.answers(410)
    assert post.deliver() == Delivered(failed=1, disabled=1)
    shown = post.reads(made)
    assert (shown["disabled_reason"], shown["active"]) == ("gone", True)
    post.clock.passes(days=2)
    assert post.deliver() == Delivered()
    assert post.scheduler.put(path, {"url": receiver.url}, etag='"1"').json["disabled_at"] is None
    assert post.deliver() == Delivered(delivered=1)
    post.happens("b")
    receiver.answers(*[500] * 40)
    tries = 0
    while post.reads(made)["disabled_at"] is None:
        done = post.deliver()
        tries += 1
        assert done == Delivered(failed=1, disabled=tries == 8)
        post.clock.passes(hours=27)
    assert post.reads(made)["disabled_reason"] == "failing"
    assert tries == 8  # seven days after the first, a try every 27 hours
    assert post.scheduler.put(path, {"url": receiver.url, "active": False}, etag='"2"').status_code == 200
    assert post.deliver() == Delivered()


def test_a_change_takes_a_fixed_number_of_statements(world: World, receiver: Receiver) -> None:
    post, said = Post(world), []
    post.hook(receiver)
    for changes in (5, 15):
        post.happens(*(f"{changes}.{number}" for number in range(changes)))
        with counting(post.database) as count:
            assert post.deliver() == Delivered(delivered=changes)
            said.append(count())
    assert (said[1] - said[0]) / 10 <= 14


def test_a_replaced_secret_signs_beside_the_new_one_for_a_day(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    old = made["secret"]
    rotated = post.scheduler.make(f"/webhooks/{made['id']}/secret", {})
    new = rotated["secret"]
    assert new != old
    for name in "ab":
        post.happens(name)
        assert post.deliver() == Delivered(delivered=1)
        post.clock.passes(hours=25)
    first, second = receiver.got
    assert (first.signed_by(old), first.signed_by(new)) == (True, True)
    assert (second.signed_by(old), second.signed_by(new)) == (False, True)


def test_nothing_is_sent_where_the_key_of_the_installation_opens_no_secret(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    post.happens("a")
    other = replace(post.office.settings, webhook_key=b"k" * 32)
    assert deliver_due(replace(post.office, settings=other)) == Delivered(failed=1)
    assert receiver.got == []
    assert post.reads(made, "/deliveries")["items"][0]["error"] == "secret_unreadable"


def test_A1_A2_a_client_that_is_switched_off_or_narrowed_is_told_nothing_more(post: Post, receiver: Receiver) -> None:
    post.hook(receiver)
    operator, path = post.world.operator, f"/clients/{post.scheduler.id}"
    kept = operator.read(path)
    told_of = {name: kept[name] for name in ("name", "role", "care_system_id", "provider_id")}
    narrowed = {**told_of, "role": "measuring_client"}
    for version, wish in ((1, {**told_of, "active": False}), (2, narrowed)):
        assert operator.put(path, wish, etag=f'"{version}"').status_code == 200
        post.happens(f"while {version}")
        assert post.deliver() == Delivered()
        post.clock.passes(minutes=6)
    elsewhere = {**told_of, "provider_id": post.world.home.providers[1].id}
    assert operator.put(path, elsewhere, etag='"3"').status_code == 200
    assert post.deliver() == Delivered()  # what happened was another provider's
    post.happens("its new provider's", provider_id=elsewhere["provider_id"])
    assert post.deliver() == Delivered(delivered=1)
    assert names(receiver) == ["its new provider's"]


def test_a_deliverer_that_was_killed_is_succeeded_and_the_same_id_comes_again(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    post.happens("a", "b")

    def killed(handler: BaseHTTPRequestHandler) -> None:
        reply(204)(handler)
        raise_in_settling.append(True)

    raise_in_settling: list[bool] = []

    class Killed(BaseException):
        """As by SIGKILL: nothing more is done."""

    def clock() -> datetime:
        if raise_in_settling:
            raise Killed
        return post.clock()

    receiver.replies.append(killed)
    with pytest.raises(Killed):
        deliver_due(replace(post.office, clock=clock))
    assert names(receiver) == ["a"]
    assert post.reads(made)["sequence"] == made["sequence"]
    assert post.deliver() == Delivered()  # it may still be at work
    post.clock.passes(seconds=61)
    assert post.deliver() == Delivered(delivered=2)
    assert names(receiver) == ["a", "a", "b"]
    assert receiver.got[0].id == receiver.got[1].id


def test_a_deliverer_that_was_taken_for_dead_changes_nothing_any_more(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    post.happens("a", "b")
    key = Key(care_system_id=post.world.home.id, webhook_id=made["id"])

    def succeeded(handler: BaseHTTPRequestHandler) -> None:
        """While it waits for an answer somebody else takes over."""
        post.clock.passes(seconds=61)
        with post.database.transaction() as tx:
            assert webhooks.claim(tx, key, new_id(), post.clock(), post.clock() + DAY)
        reply(204)(handler)

    receiver.replies.append(succeeded)
    assert post.deliver() == Delivered(delivered=1)
    assert names(receiver) == ["a"]
    assert post.reads(made)["sequence"] == made["sequence"]


def test_two_deliverers_at_once_deliver_each_change_once(postgres_home: World, receiver: Receiver) -> None:
    post = Post(postgres_home)
    post.hook(receiver)
    wanted = [f"change {number}" for number in range(30)]
    together = threading.Barrier(3)
    done: list[Delivered] = []

    def work() -> None:
        together.wait()
        done.extend(post.deliver() for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    post.happens(*wanted)
    together.wait()
    for thread in threads:
        thread.join()
    post.deliver()
    assert names(receiver) == wanted
    assert not any(one.failed for one in done)


def test_how_it_was_delivered_is_weeded_after_thirty_days(post: Post, receiver: Receiver) -> None:
    made = post.hook(receiver)
    post.happens("a")
    assert post.deliver() == Delivered(delivered=1)
    weed(post.database, post.clock() + 30 * DAY)
    assert len(post.reads(made, "/deliveries")["items"]) == 1
    weed(post.database, post.clock() + 30 * DAY + timedelta(seconds=1))
    assert post.reads(made, "/deliveries")["items"] == []


def test_R8_R11_the_reimbursement_module_hears_that_a_run_was_issued(
    make_app: Callable[..., Flask], sqlite_url: str, receiver: Receiver
) -> None:
    town = settle(make_app, sqlite_url, told("nacka_2014.json"))
    wish = {"url": receiver.url, "types": ["month.issued", "line.issued"]}
    made = town.post("money", "/webhooks", "2014-03-01T08:00:00Z", wish)
    run = close(town, "2014-02")[0]
    printed = town.app.test_cli_runner().invoke(args=["deliver"])
    assert (printed.exit_code, json.loads(printed.output)) == (0, {"delivered": 2, "failed": 0, "disabled": 0})
    month, line = (one.message for one in receiver.got)
    assert all(one.signed_by(made["secret"]) for one in receiver.got)
    assert (month["type"], month["data"]["data"]["run_id"]) == ("month.issued", run["id"])
    assert (line["type"], line["data"]["data"]["run"]) == ("line.issued", run["id"])
    assert line["data"]["data"]["amount_ore"] == run["amount_ore"] == 29_189
