"""`flask seal` and `flask verify`: what they write, what they print, and how they end (A5, FAULTS 47)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app.commands.seals_file import append_seals, read_seals
from app.rules.ledger.signed import Seal
from app.storage.database import open_database
from tests.settings import settings_for
from tests.storage.appended import write_check_ins
from tests.storage.care import CS, settle
from tests.storage.ledgers import KEY, administrator


@pytest.fixture
def app(make_app: Callable[..., Flask], database_url: str) -> Flask:
    """The product with some check-ins in it and a key to seal with."""
    with closing(open_database(settings_for(database_url))) as database:
        settle(database)
        with database.transaction() as tx:
            write_check_ins(tx, "a", 5)
    return make_app(database_url, seal_key=KEY)


def run(app: Flask, *arguments: str) -> Result:
    """What the command did."""
    return app.test_cli_runner().invoke(args=[*arguments])


def told(app: Flask, *arguments: str, code: int = 0) -> Any:
    """The one line of JSON that the command printed."""
    found = run(app, *arguments)
    assert found.exit_code == code, found.output
    return json.loads(found.output)


def more(app: Flask, prefix: str, count: int) -> None:
    """So many check-ins more."""
    with app.extensions["hemtid"].database.transaction() as tx:
        write_check_ins(tx, prefix, count)


def test_A5_seal_appends_each_root_once_and_verify_holds_against_the_file(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    assert told(app, "seal", "--to", str(file)) == {"care_system_id": CS, "leaves": 5, "seals": 1, "size": 5}
    assert told(app, "seal", "--to", str(file))["leaves"] == 0
    more(app, "b", 2)
    assert told(app, "seal", "--to", str(file))["size"] == 7
    kept = [Seal.of(json.loads(line)) for line in file.read_text().splitlines()]
    assert [(one.sequence, one.size) for one in kept] == [(1, 5), (2, 7)]
    verified = told(app, "verify", "--against", str(file))
    assert verified == {"care_system_id": CS, "leaves": 7, "seals": 2, "waiting": 0, "fault": None}


def test_A5_what_the_file_lacks_is_appended_and_a_line_cut_short_is_written_anew(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    told(app, "seal")
    assert not file.exists()
    told(app, "seal", "--to", str(file))
    whole = file.read_bytes()
    more(app, "b", 2)
    told(app, "seal", "--to", str(file))
    both = file.read_bytes()
    assert both.startswith(whole)
    os.truncate(file, len(both) - 20)
    told(app, "seal", "--to", str(file))
    assert file.read_bytes() == both


def test_A5_many_who_write_at_once_write_each_line_once(app: Flask, tmp_path: Path) -> None:
    told(app, "seal", "--to", str(tmp_path / "one"))
    ((_, one),) = read_seals(tmp_path / "one")
    assert one is not None
    file = tmp_path / "many"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: append_seals(file, CS, lambda after: [one] if after < 1 else []), range(40)))
    assert [seal for _, seal in read_seals(file)] == [one]


def test_A5_a_file_that_cannot_be_written_fails_the_command_and_loses_no_seal(app: Flask, tmp_path: Path) -> None:
    failed = run(app, "seal", "--to", str(tmp_path / "nowhere" / "seals.jsonl"))
    assert failed.exit_code == 1
    assert "nowhere" in failed.output
    told(app, "seal", "--to", str(tmp_path / "seals.jsonl"))
    assert len((tmp_path / "seals.jsonl").read_text().splitlines()) == 1


def test_F47_verify_names_what_was_changed_and_exits_1(app: Flask, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    told(app, "seal", "--to", str(file))
    with administrator(database_url) as owner, owner.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE registration SET customer_id = NULL, note = 'x' WHERE id = 'a0003'")
    fault = told(app, "verify", "--against", str(file), code=1)["fault"]
    assert fault == {"what": "changed", "kind": "registration", "row_id": "a0003", "position": 3}


def test_F47_verify_misses_a_tail_and_a_whole_care_system_that_were_cut_off(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "seals.jsonl"
    told(app, "seal", "--to", str(file))
    with administrator(database_url) as owner, owner.engine.begin() as connection:
        for table in ("registration", "ledger_leaf", "seal"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert told(app, "verify")["fault"] is None
    assert told(app, "verify", "--against", str(file), code=1)["fault"] == {"what": "cut_off", "position": 0}
    line = json.loads(file.read_text()) | {"care_system_id": "gone"}
    file.write_text(json.dumps(line) + "\n")
    lines = [json.loads(one) for one in run(app, "verify", "--against", str(file)).output.splitlines()]
    assert {one["care_system_id"]: one["fault"]["what"] for one in lines} == {CS: "not_ours", "gone": "not_ours"}


def test_A5_without_a_key_seal_says_what_is_missing(make_app: Callable[..., Flask], app: Flask) -> None:
    keyless = make_app(app.extensions["hemtid"].settings.database_url)
    failed = run(keyless, "seal")
    assert failed.exit_code == 1
    assert "HEMTID_SEAL_KEY is not set" in failed.output


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"receipt": {"salt": 1}}'])
def test_A5_what_holds_no_receipt_is_refused(app: Flask, tmp_path: Path, content: str) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(content)
    failed = run(app, "verify", "--receipt", str(file))
    assert failed.exit_code == 2
    assert "holds no receipt" in failed.output
