"""Visits: from what was registered at the door to the stays that it adds up to."""
