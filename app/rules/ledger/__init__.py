"""The ledger: what commits to a row, the tree over the commitments, its proofs, and what is signed of it (A5)."""
