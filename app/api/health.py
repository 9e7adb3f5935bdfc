"""Two questions that a load balancer or supervisor asks without signing in."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from app.actions.health import is_ready
from app.api.problems import Problem, Slug, answer_problem

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process is up; nothing is asked of the database."""
    return jsonify(product="hemtid", status="up")


@health.get("/readyz")
def readyz() -> Response:
    """Requests can be served, or 503 with `Retry-After` while the database is away."""
    if not is_ready(current_app.extensions["hemtid"].database):
        return answer_problem(Problem(Slug.UNAVAILABLE))
    return jsonify(product="hemtid", status="ready")
