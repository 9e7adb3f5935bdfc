"""Temporary extensions: asked for, completed, asked about, answered, decided, withdrawn, and what waits (E1–E6)."""

from __future__ import annotations

from app.actions.extensions.asking import complete, request_extension, request_for_visit
from app.actions.extensions.attaching import Opened, Upload, attach, read_document
from app.actions.extensions.deciding import Judging, answer_question, decide, withdraw
from app.actions.extensions.reading import Queue, list_extensions, queue, read
from app.actions.extensions.showing import Shown
from app.storage.waiting import Place

__all__ = [
    "Judging",
    "Opened",
    "Place",
    "Queue",
    "Shown",
    "Upload",
    "answer_question",
    "attach",
    "complete",
    "decide",
    "list_extensions",
    "queue",
    "read",
    "read_document",
    "request_extension",
    "request_for_visit",
    "withdraw",
]
