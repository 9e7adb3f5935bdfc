"""Documents attached to requests: what is known of them, and apart from it their bytes, by hash.

The bytes lie in the database, in a table of their own: they are kept in the transaction that tells of them, so that
there is never one without the other, and every backup of the database has them too. Source: our decision.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.rules.extensions import Document
from app.storage.database import Transaction
from app.storage.statements import Row, among, insert_new_rows, insert_rows, mappings
from app.storage.tables.extensions import document_content, extension_document


def insert_document(tx: Transaction, care_system_id: str, value: Document, content: bytes) -> None:
    """The document is kept with its bytes, which are there once however many documents have them.

    Raises IntegrityError where the request has the same content already.
    """
    kept = {"care_system_id": care_system_id, "sha256": value.sha256, "content": content}
    insert_new_rows(tx, document_content, [kept])
    row = {
        "care_system_id": care_system_id,
        "id": value.id,
        "extension_id": value.extension_id,
        "name": value.name,
        "media_type": value.media_type,
        "size": value.size,
        "sha256": value.sha256,
        "by": value.by,
        "at": value.at,
    }
    insert_rows(tx, extension_document, [row])


def document_of(row: Row) -> Document:
    """The value of a row."""
    return Document(
        id=row["id"],
        extension_id=row["extension_id"],
        name=row["name"],
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
        by=row["by"],
        at=row["at"],
    )


def documents_of(
    tx: Transaction, care_system_id: str, extension_ids: Collection[str]
) -> dict[str, tuple[Document, ...]]:
    """What is attached to these requests by request, in the order attached; no bytes are read."""
    if not extension_ids:
        return {}
    rows = extension_document
    statement = select(rows).where(
        rows.c.care_system_id == care_system_id, among(tx, rows.c.extension_id, extension_ids)
    )
    found: dict[str, tuple[Document, ...]] = {}
    for row in mappings(tx, statement.order_by(rows.c.at, rows.c.id)):
        found[row["extension_id"]] = (*found.get(row["extension_id"], ()), document_of(row))
    return found


def content_of(tx: Transaction, care_system_id: str, sha256: str) -> bytes | None:
    """The bytes kept under the hash, as they are now; None where there are none."""
    kept = document_content
    statement = select(kept.c.content).where(kept.c.care_system_id == care_system_id, kept.c.sha256 == sha256)
    found = tx.connection.execute(statement).scalar_one_or_none()
    return None if found is None else bytes(found)
