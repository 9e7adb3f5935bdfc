"""Attaching documents to a request, and giving them back as they came."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.actions.calls import Answered, Call, Told
from app.actions.extensions.showing import answer_as_it_stands, locked, log
from app.actions.faults import Damaged
from app.actions.records import missing
from app.rules.access import Resource, Verb
from app.rules.extensions import (
    Act,
    Document,
    check_count,
    check_size,
    document_name,
    media_type_of,
    move,
)
from app.storage import extensions
from app.storage.documents import content_of, insert_document
from app.storage.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it came: what it was called there, and its bytes. What it says of its kind is not asked."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document with its bytes, which are those that were attached."""

    document: Document
    content: bytes


def attach(call: Call, extension_id: str, upload: Upload, told: Told) -> Answered:
    """The document is attached to the request, which nobody has decided on yet; the same content again adds nothing.

    By the provider's side; a caregiver attaches to its own requests only. Raises Refused E2 for what is no PDF, JPEG or
    PNG, too large or one too many; E3, A1 (404), A2.
    """
    call.check(Resource.EXTENSION, Verb.REQUEST)
    check_size(len(upload.content), call.settings.document_bytes)
    media = media_type_of(upload.content)
    sha256 = hashlib.sha256(upload.content).hexdigest()
    with call.database.transaction() as tx:
        request = locked(tx, call, extension_id, Act.ATTACH)
        move(request.state, Act.ATTACH)
        if any(one.sha256 == sha256 for one in request.documents):
            return answer_as_it_stands(tx, call, extension_id, told, None)
        check_count(request.documents)
        document = Document(
            id=new_id(),
            extension_id=extension_id,
            name=document_name(upload.name, media),
            media_type=media,
            size=len(upload.content),
            sha256=sha256,
            by=call.actor.id,
            at=call.now,
        )
        insert_document(tx, call.care_system_id, document, upload.content)
        return answer_as_it_stands(tx, call, extension_id, told, "extension.requested")


def read_document(call: Call, extension_id: str, document_id: str) -> Opened:
    """The document with its bytes; the read is logged. Raises Refused A1 (404), A2, and `Damaged` where the bytes that
    are kept are no longer those that were attached.
    """
    call.check(Resource.EXTENSION, Verb.READ)
    with call.database.transaction() as tx:
        scope = call.scope(Resource.EXTENSION)
        request = extensions.get_extension(
            tx, call.care_system_id, extension_id, scope=scope, today=call.today, asker=call.actor.id
        )
        found = None if request is None else next((one for one in request.documents if one.id == document_id), None)
        if request is None or found is None:
            raise missing()
        log(tx, call, [request])
        content = content_of(tx, call.care_system_id, found.sha256)
    if content is None or hashlib.sha256(content).hexdigest() != found.sha256:
        raise Damaged(document_id)
    return Opened(document=found, content=content)
