"""Why an action did not do what it was asked, where no rule of the rulebook is the reason."""

from __future__ import annotations


class ChangedMeanwhile(Exception):
    """Another version stands now than the one to be replaced."""


class Taken(Exception):
    """Something else has this name already. `pointer` is the JSON pointer of the field."""

    def __init__(self, pointer: str) -> None:
        super().__init__(f"{pointer} is taken")
        self.pointer = pointer


class UnknownReferences(Exception):
    """Some of what is referred to is not there, or not within the scope; nobody can tell which. Source: A1."""

    def __init__(self, pointers: tuple[str, ...]) -> None:
        super().__init__(f"unknown: {', '.join(pointers)}")
        self.pointers = pointers


class Unfit(Exception):
    """A field cannot be as it is told."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer}: {message}")
        self.pointer = pointer
        self.message = message


class KeyReused(Exception):
    """An idempotency key has come before with other content."""


class Damaged(Exception):
    """What is kept is no longer what was given to be kept: its hash says so. It is not handed out."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"document {document_id} has other content than its hash says")
        self.document_id = document_id
