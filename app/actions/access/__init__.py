"""Signing in, being who one is, and keeping users and clients."""
