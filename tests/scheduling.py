"""Which tests go to one test process together: those of a file that makes something once, and slowly."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = frozenset({"tests/api/test_demo.py"})
"""Files whose tests share what one of them makes: the demo is played once, for half a minute."""


class Together(LoadScopeScheduling):
    """Each test by itself to whoever is free, but those of the files above to one process.

    A group by xdist's own mark has no effect with the pytest in the lock.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid
