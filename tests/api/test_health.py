"""What a load balancer is told, while the database is there, away, and there again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from app.storage.migrations import upgrade
from tests import postgres


def test_the_process_is_up_and_ready(database_url: str, make_app: Callable[..., Flask]) -> None:
    client = make_app(database_url).test_client()
    assert client.get("/healthz").json == {"product": "hemtid", "status": "up"}
    assert client.get("/readyz").json == {"product": "hemtid", "status": "ready"}


def test_F10_without_its_database_it_is_up_but_not_ready_and_comes_back_by_itself(
    postgres_binaries: Path, make_app: Callable[..., Flask]
) -> None:
    with postgres.Cluster.throwaway(postgres_binaries) as cluster:
        url = cluster.create("hemtid")
        upgrade(url)
        client = make_app(url).test_client()
        assert client.get("/readyz").status_code == 200
        cluster.kill()
        away = client.get("/readyz")
        assert (away.status_code, away.mimetype) == (503, "application/problem+json")
        assert int(away.headers["Retry-After"]) > 0
        assert client.get("/healthz").status_code == 200
        cluster.start()
        assert client.get("/readyz").status_code == 200
