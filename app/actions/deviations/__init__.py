"""Deviations: judged at every write, explained, and judged again where time alone brings them."""
