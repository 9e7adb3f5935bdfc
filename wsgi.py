"""Makes the app, nothing else."""

from __future__ import annotations

from app.factory import create_app

app = create_app()
