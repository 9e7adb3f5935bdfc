"""The page at the door: what a phone's own camera opens from a tag, and how it opens without coverage."""

from __future__ import annotations
