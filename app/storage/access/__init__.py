"""Who may sign in and who has, as named queries: actors, accounts, sessions."""

from __future__ import annotations

from app.storage.access.actors import Subject, actor_columns, actor_from_row, find_actor, select_actor

__all__ = ["Subject", "actor_columns", "actor_from_row", "find_actor", "select_actor"]
