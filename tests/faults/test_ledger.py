"""Sealing that is killed at any moment, and done again, leaves a whole ledger and a whole file. FAULTS 9, 47."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.actions.ledger.verify import Exported
from app.commands.seals_file import read_seals
from app.storage.database import open_database
from tests.counts import count
from tests.settings import settings_for
from tests.storage.appended import write_check_ins
from tests.storage.care import settle
from tests.storage.ledgers import KEY, checked

ROOT = Path(__file__).resolve().parents[2]
SEAL = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from app.actions.ledger import seal
from app.commands.seals_file import append_seals
from app.storage.database import open_database
from tests.settings import settings_for
from tests.storage.care import CS, NOON

seal.AT_ONCE = 7
key = load_pem_private_key(Path(sys.argv[2]).read_bytes(), password=None)
settings = settings_for(sys.argv[1], seal_key=key)
database = open_database(settings)
print("begun", flush=True)
seal.seal_new(database, settings, CS, NOON)
append_seals(Path(sys.argv[3]), CS, lambda after: seal.seals_of(database, CS, after))
"""


def test_F47_a_seal_that_is_killed_is_made_whole_by_the_next(database_url: str, tmp_path: Path) -> None:
    chance, rows = random.Random(9), 400
    key, file = tmp_path / "key.pem", tmp_path / "seals.jsonl"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with closing(open_database(settings_for(database_url))) as database:
        settle(database)
        with database.transaction() as tx:
            write_check_ins(tx, "a", rows)
        for _ in range(count(30)):
            _killed(database_url, key, file, chance.uniform(0, 0.25))
            exported = _exported(file)
            assert checked(database, exported).fault is None
        subprocess.run(_command(database_url, key, file), cwd=ROOT, check=True, capture_output=True)
        exported, found = _exported(file), checked(database)
        assert (found.leaves, found.waiting, found.fault) == (rows, 0, None)
        assert checked(database, exported).fault is None
        assert [one.seal.sequence for one in exported if one.seal] == list(range(1, found.seals + 1))
        assert all(json.loads(line)["size"] for line in file.read_text().splitlines())


def _command(database_url: str, key: Path, file: Path) -> list[str]:
    return [sys.executable, "-c", SEAL, database_url, str(key), str(file)]


def _killed(database_url: str, key: Path, file: Path, seconds: float) -> None:
    """Sealing has begun, and was killed so long after."""
    process = subprocess.Popen(_command(database_url, key, file), cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


def _exported(file: Path) -> list[Exported]:
    return [Exported(line=line, seal=one) for line, one in read_seals(file)] if file.exists() else []
