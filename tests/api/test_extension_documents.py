"""E2: documents of a request over HTTP: what may be attached, by whom, and how it is given back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from app.storage.database import Database
from app.storage.tables.extensions import document_content, extension_document
from tests.api.test_extensions import AFTER, JSON, SOON, THEN, a_request
from tests.files import HTML, a_pdf, a_picture, a_printed_pdf
from tests.town import Town, id_of, told, town_of

PDF = a_printed_pdf()


def a_town(make_app: Callable[..., Flask], database_url: str) -> Town:
    """Nacka with a second provider, and a municipality where nobody asks for anything."""
    content = told("nacka_2014.json")
    content["care_system"]["municipalities"].append("2029")
    content["customers"].append({"id": "m", "municipality": "2029"})
    content["providers"].append({"id": "q", "name": "Egen regi", "kind": "municipal"})
    return town_of(make_app, database_url, content)


@pytest.fixture
def town(make_app: Callable[..., Flask], sqlite_url: str) -> Town:
    return a_town(make_app, sqlite_url)


def attach(
    town: Town, extension_id: str, content: bytes = PDF, name: str = "journal.pdf", *, who: str = "p", now: str = SOON
) -> TestResponse:
    """The answer to a form with one file."""
    form = {"file": (BytesIO(content), name)}
    return town.ask(who, "POST", f"/extensions/{extension_id}/documents", now, data=form)


def kept(database: Database) -> tuple[int, int]:
    """How many documents and how many contents are kept."""
    with database.transaction() as tx:
        documents, contents = (
            tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (extension_document, document_content)
        )
    return documents, contents


def test_E2_a_document_is_given_back_as_it_came_as_a_file_to_save(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = a_town(make_app, database_url)
    asked = town.post("p", "/extensions", SOON, a_request(documents=["A journal lies at the office."]))
    picture = a_picture("JPEG")
    assert attach(town, asked["id"], name="Ambulansjournal Å.pdf").status_code == 201
    answer = attach(town, asked["id"], picture, "page.html")
    assert answer.status_code == 201
    shown: JSON = answer.get_json()
    assert shown["documents"] == ["A journal lies at the office."]
    assert [(one["name"], one["media_type"], one["size"], one["sha256"]) for one in shown["attachments"]] == [
        ("Ambulansjournal Å.pdf", "application/pdf", len(PDF), hashlib.sha256(PDF).hexdigest()),
        ("page.html.jpg", "image/jpeg", len(picture), hashlib.sha256(picture).hexdigest()),
    ]
    assert {one["at"] for one in shown["attachments"]} == {"2014-02-04T08:00:00Z"}
    first, second = (f"/extensions/{asked['id']}/documents/{one['id']}" for one in shown["attachments"])
    for who in ("p", "0182", "money"):
        read = town.ask(who, "GET", first, THEN)
        assert (read.status_code, read.mimetype, read.data) == (200, "application/pdf", PDF)
        assert read.headers["Content-Disposition"] == (
            "attachment; filename=\"Ambulansjournal _.pdf\"; filename*=UTF-8''Ambulansjournal%20%C3%85.pdf"
        )
        assert read.headers["X-Content-Type-Options"] == "nosniff"
        assert read.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert read.headers["Cache-Control"] == "no-store"
    assert town.ask("0182", "GET", second, THEN).data == picture
    for who in ("q", "2029"):
        assert town.ask(who, "GET", f"/extensions/{asked['id']}", THEN).status_code == 404
        assert town.ask(who, "GET", first, THEN).status_code == 404
    assert town.ask("p", "GET", f"/extensions/{asked['id']}/documents/{id_of('nothing')}", THEN).status_code == 404
    other = town.post("p", "/extensions", SOON, a_request())
    foreign = f"/extensions/{other['id']}/documents/{shown['attachments'][0]['id']}"
    assert town.ask("p", "GET", foreign, THEN).status_code == 404


def test_A3_who_read_a_document_stands_in_the_access_log(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    document = attach(town, asked["id"]).get_json()["attachments"][0]["id"]
    town.ask("0182", "GET", f"/extensions/{asked['id']}/documents/{document}", THEN)
    with town.database.transaction() as tx:
        seen = tx.connection.execute(text("SELECT whom_id FROM access_log WHERE why = 'readDocument'")).scalars().all()
    assert list(seen) == [id_of("k")]


def test_E2_the_same_content_again_adds_nothing_and_lies_there_once(town: Town) -> None:
    one, other = (town.post("p", "/extensions", SOON, a_request())["id"] for _ in range(2))
    for _ in range(2):
        assert len(attach(town, one).get_json()["attachments"]) == 1
    attach(town, other, name="same.pdf")
    assert kept(town.database) == (2, 1)


def test_E3_documents_are_attached_by_the_providers_side_while_nobody_has_decided(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}"
    for who, status in (("0182", 403), ("controller", 403), ("money", 403), ("q", 404), ("caregiver", 404)):
        assert attach(town, asked["id"], who=who).status_code == status, who
    town.post("0182", f"{path}/decisions", SOON, {"outcome": "needs_information", "reasons": "Is there a journal?"})
    answered = attach(town, asked["id"], now=THEN).get_json()
    assert (answered["state"], len(answered["attachments"])) == ("needs_information", 1)
    town.post("p", f"{path}/answers", THEN, {"text": "It is attached."})
    town.post("0182", f"{path}/decisions", THEN, {"outcome": "declined", "reasons": "No."})
    late = attach(town, asked["id"], a_picture(), now=AFTER)
    assert (late.status_code, late.get_json()["rule"]) == (409, "E3")
    assert kept(town.database) == (1, 1)


def test_E2_a_twenty_first_document_is_refused(town: Town) -> None:
    asked = town.post("p", "/extensions", SOON, a_request())
    statuses = [attach(town, asked["id"], a_pdf(b"%d" % number)).status_code for number in range(21)]
    assert statuses == [201] * 20 + [409]
    assert kept(town.database) == (20, 20)


FORM = "multipart/form-data; boundary=b"


def a_part(content: bytes = PDF, name: str = "file", head: str = '; filename="a.pdf"') -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n'.encode() + content + b"\r\n"


END = b"--b--\r\n"
BODIES: dict[str, tuple[bytes, str, int]] = {
    "JSON": (b"{}", "application/json", 415),
    "a form without files": (b"file=a", "application/x-www-form-urlencoded", 415),
    "no media type": (a_part() + END, "", 415),
    "no boundary": (a_part() + END, "multipart/form-data", 400),
    "an empty boundary": (a_part() + END, "multipart/form-data; boundary=", 400),
    "a boundary of many bytes": (a_part() + END, "multipart/form-data; boundary=" + "b" * 201, 400),
    "another boundary of many bytes": (a_part() + END, "multipart/form-data; boundary=" + "c" * 71, 400),
    "a boundary that is none": (a_part() + END, 'multipart/form-data; boundary="b\xe5"', 400),
    "another boundary": (a_part() + END, "multipart/form-data; boundary=c", 400),
    "nothing": (b"", FORM, 422),
    "no end": (a_part(), FORM, 400),
    "an end in the middle of a header": (b"--b\r\nContent-Disp", FORM, 400),
    "a part without a name": (b"--b\r\n\r\na\r\n" + END, FORM, 400),
    "a part that is no field": (b"--b\r\nContent-Type: text/plain\r\n\r\na\r\n" + END, FORM, 400),
    "no part": (END, FORM, 422),
    "a field and no file": (a_part(head="") + END, FORM, 422),
    "a file of another name": (a_part(name="document") + END, FORM, 422),
    "two files": (a_part() + a_part(a_pdf()) + END, FORM, 422),
    "a file and a field": (a_part() + a_part(b"x", "note", "") + END, FORM, 422),
    "an empty file": (a_part(b"") + END, FORM, 422),
    "a page of HTML": (a_part(HTML, head='; filename="a.pdf"\r\nContent-Type: application/pdf') + END, FORM, 422),
    "a name of no characters": (a_part(HTML, head='; filename="\0\x01"') + END, FORM, 422),
    "a charset that there is none of": (
        a_part(b"x", head="\r\nContent-Type: text/plain; charset=utf-99") + END, FORM, 422,
    ),
    "many parts": (a_part(b"x", head="") * 50 + END, FORM, 413),
    "a field without an end": (a_part(b"x" * 20_000, head="") + END, FORM, 413),
    "more than is taken": (a_part(bytes(1_100_000)) + END, FORM, 413),
    "a little more than is taken": (a_part(bytes(1_000_001)) + END, FORM, 413),
}  # fmt: skip


def test_E2_a_form_that_is_none_is_a_problem_and_leaves_nothing(
    make_app: Callable[..., Flask], sqlite_url: str
) -> None:
    content = told("nacka_2014.json")
    town = town_of(lambda url, **more: make_app(url, document_bytes=1_000_000, **more), sqlite_url, content)
    asked = town.post("p", "/extensions", SOON, a_request())
    path = f"/extensions/{asked['id']}/documents"
    wrong = {}
    for what, (body, media, status) in BODIES.items():
        answer = town.ask("p", "POST", path, SOON, data=body, content_type=media)
        if (answer.status_code, answer.mimetype) != (status, "application/problem+json"):
            wrong[what] = (answer.status_code, status, answer.text)
    assert wrong == {}
    assert kept(town.database) == (0, 0)
    assert town.ask("p", "POST", path, SOON, data=a_part() + END, content_type=FORM).status_code == 201
    for number, long in enumerate(("b" * 71, "b" * 200, "-" * 60 + "b" * 11)):
        body = (a_part(a_pdf(b"%d" % number)) + END).replace(b"--b", f"--{long}".encode())
        media = f"multipart/form-data; boundary={long}"
        assert town.ask("p", "POST", path, SOON, data=body, content_type=media).status_code == 201, len(long)
    assert kept(town.database) == (4, 4)


def test_E2_content_that_is_no_longer_what_was_attached_is_told_and_not_given(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    town = a_town(make_app, database_url)
    asked = town.post("p", "/extensions", SOON, a_request())
    document = attach(town, asked["id"]).get_json()["attachments"][0]["id"]
    with town.database.transaction() as tx:
        if town.database.dialect == "sqlite":
            tx.connection.execute(text("DROP TRIGGER refuse_update_of_document_content"))
        else:
            tx.connection.execute(text("ALTER TABLE document_content DISABLE TRIGGER USER"))
        tx.connection.execute(update(document_content).values(content=PDF[:-1] + b" "))
    answer = town.ask("0182", "GET", f"/extensions/{asked['id']}/documents/{document}", THEN)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert document in answer.get_json()["detail"]
    assert b"%PDF" not in answer.data
