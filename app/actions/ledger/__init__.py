"""The ledger: sealed, verified, and proven to whoever holds a receipt (A5)."""
