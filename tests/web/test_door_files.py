"""What the page at the door is made of, and how it is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.rules.extensions import ExtensionCause
from app.rules.tags import ManualReason
from app.web import door

WEB = Path(door.__file__).parent


@pytest.fixture
def client(sqlite_url: str, make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(sqlite_url).test_client()


def shell_of(client: FlaskClient) -> dict[str, object]:
    """What the service worker is told to keep."""
    match = re.match(r"const SHELL = (\{.*\});\n", client.get("/sw.js").text)
    assert match is not None
    shell: dict[str, object] = json.loads(match[1])
    return shell


def test_the_service_worker_keeps_what_is_there_and_all_that_the_page_names(client: FlaskClient) -> None:
    shell = shell_of(client)
    files = shell["files"]
    assert isinstance(files, list)
    for path in files:
        assert client.get(path, buffered=True).status_code == 200, path
    page = client.get("/t/any").text
    named = set(re.findall(r'(?:src|href)="(/(?:door|static)/[^"]+)"', page))
    modules = {
        found for path in WEB.glob("static/door/*.js") for found in re.findall(r'from "\./(.+)"', path.read_text())
    }
    assert named <= set(files)
    assert modules <= {path.rpartition("/")[2] for path in files}


def test_the_service_worker_may_fetch_and_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/sw.js")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.mimetype == "text/javascript"


def test_a_file_is_kept_for_long_only_under_the_digest_of_what_stands_now(client: FlaskClient) -> None:
    files = shell_of(client)["files"]
    assert isinstance(files, list)
    assert "immutable" in client.get(files[0], buffered=True).headers["Cache-Control"]
    stale = client.get("/door/0000000000000000/door.js", buffered=True)
    assert stale.headers["Cache-Control"] == "no-store"
    assert client.get("/door/0000000000000000/door.html").status_code == 404


@pytest.mark.parametrize(
    "token", ["", "any", "a/b/c", "0190a5b8-7c3e-7d10-8f00-3b1f2c4d5e6f.1.forged", "é.1.%F0%9F%98%80"]
)
def test_V1_any_address_below_t_opens_the_page(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/t/{token}")
    assert answer.status_code == 200
    assert ('data-known="true"' in answer.text) is (token == "")


def test_every_word_of_the_page_is_there_in_both_languages_and_is_used() -> None:
    words = json.loads((WEB / "door_words.json").read_text())
    assert all(set(text) == {"sv", "en"} and all(text.values()) for text in words.values())
    script = "".join((WEB / "static" / "door" / name).read_text() for name in ("door.js", "extension.js"))
    used = set(re.findall(r"words\.(\w+)", script)) | set(re.findall(r'say\("(\w+)"', script))
    used |= set(re.findall(r"door\.(\w+)", (WEB / "templates" / "door.html").read_text()))
    used |= set(re.findall(r'"(\w+_(?:registrations?|asks?))"', script)) | {f"reason_{one}" for one in ManualReason}
    used |= {f"cause_{cause}" for cause in ExtensionCause}
    used |= {f"{which}_{why}" for which in ("kept", "waits") for why in ("sending", "coverage", "server", "sign_in")}
    used |= {"done_check_in", "done_check_out", "check_in", "check_out", "manual_in", "manual_out"}
    used |= {"sign_in_wrong", "sign_in_role"}
    enrolment = (WEB / "static" / "door" / "enrolment.js").read_text()
    used |= set(re.findall(r'"(enrol(?:led|_\w+))"', enrolment))
    assert used - {"css", "js", "html"} == set(words)
