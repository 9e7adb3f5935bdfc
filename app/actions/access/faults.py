"""Why somebody is not let in. What these say is for anyone to read: never which half of name and secret was wrong."""

from __future__ import annotations


class NotSignedIn(Exception):
    """Nobody that we know, or not any more."""


class WrongPhone(NotSignedIn):
    """The phone has proven its key, and nobody may be signed in on it; only whoever has the key is told why."""

    def __init__(self, told: str, *, revoked: bool) -> None:
        super().__init__(told)
        self.revoked = revoked


class TooManyTries(Exception):
    """The name has been tried too often; it may be tried again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries; try again in {seconds} seconds")
        self.seconds = seconds


class ChangedMeanwhile(Exception):
    """Another version of the account stands now than the one to be replaced."""
