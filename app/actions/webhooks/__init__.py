"""Webhooks: kept by the clients that want them, signed, and delivered to."""
