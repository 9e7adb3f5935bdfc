"""Registrations, the visits that they add up to, and corrections of these."""
