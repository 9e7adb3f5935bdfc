"""Deviations: what the rules find between registered, planned, ordered and granted."""
