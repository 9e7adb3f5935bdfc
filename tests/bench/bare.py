"""What the check-in is measured against: a bare Flask view, the same token, and one hand-written statement.

It writes the rows that a clean check-in writes, and decides nothing.
"""

from __future__ import annotations

import os
import time
import uuid

import jwt
import orjson
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask, Response, request
from psycopg_pool import ConnectionPool

app = Flask(__name__)
_KEY = load_pem_private_key(os.environ["HEMTID_SIGNING_KEY"].encode(), None).public_key()
_POOL = ConnectionPool(
    os.environ["HEMTID_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://"),
    min_size=8,
    max_size=8,
    kwargs={"autocommit": True},
    open=False,
)
_verified: dict[str, int] = {}
_STATEMENT = """
WITH opened AS (
    INSERT INTO open_visit (care_system_id, caregiver_id, visit_id, since, latest, revision)
    VALUES (%(cs)s, %(caregiver)s, %(id)s, %(at)s, %(at)s, 1)
    ON CONFLICT (care_system_id, caregiver_id) DO UPDATE
    SET visit_id = excluded.visit_id, since = excluded.since, latest = excluded.latest,
        revision = open_visit.revision + 1
), entered AS (
    INSERT INTO door (care_system_id, customer_id, revision) VALUES (%(cs)s, %(customer)s, 1)
    ON CONFLICT (care_system_id, customer_id) DO UPDATE SET revision = door.revision + 1
), kept AS (
    INSERT INTO registration (
        care_system_id, id, recorded_at, recorded_by, content_hash, kind, caregiver_id, captured_at, captured_text,
        received_at, service, method, uid, extra_service, by_measuring_client, at, corrected_at, clock_grade,
        provider_id, tag_id, tag_customer_id, resolved_customer_id, evidence_grade
    ) VALUES (
        %(cs)s, %(id)s, %(now)s, %(by)s, %(hash)s, 'check_in', %(caregiver)s, %(at)s, %(text)s,
        %(now)s, 'personal_care', 'nfc', %(uid)s, false, true, %(at)s, %(at)s, 'verified',
        %(provider)s, %(tag)s, %(customer)s, %(customer)s, 1
    )
    ON CONFLICT (care_system_id, id) DO NOTHING
    RETURNING 1
), folded AS (
    INSERT INTO visit (
        care_system_id, id, caregiver_id, provider_id, state, placed_at, starts_at, registered_starts_at, customer_id,
        service, check_in, superseded, evidence_grade, clock_grade, registration_ids, recorded_at, planned_visit_id,
        named_plan, extra_service, service_changes, household, activities, corrected, correction_ids
    )
    SELECT %(cs)s, %(id)s, %(caregiver)s, %(provider)s, 'open', %(at)s, %(at)s, %(at)s, %(customer)s,
        'personal_care', %(end)s::jsonb, false, 1, 'verified', jsonb_build_array(%(id)s::text), %(now)s, %(plan)s,
        false, false, '[]', '[]', '[]', false, '[]'
    FROM kept
), told AS (
    INSERT INTO event_pending (care_system_id, at, type, resource_type, resource_id, provider_id, municipality, data)
    SELECT %(cs)s, %(now)s, told.type, told.resource, %(id)s, %(provider)s, '2029', %(data)s::jsonb
    FROM kept, (VALUES ('registration.recorded', 'registration'), ('visit.opened', 'visit')) AS told (type, resource)
), marked AS (
    INSERT INTO judgement_due (care_system_id, provider_id, customer_id, month, since)
    SELECT %(cs)s, %(provider)s, %(customer)s, to_char(%(at)s::timestamptz, 'YYYY-MM'), %(now)s FROM kept
    ON CONFLICT (care_system_id, provider_id, customer_id, month) DO UPDATE SET since = judgement_due.since
)
SELECT count(*) FROM kept
"""


@app.get("/readyz")
def ready() -> Response:
    """It answers."""
    _POOL.open()
    return Response("{}", mimetype="application/json")


@app.post("/api/v1/registrations")
def register() -> Response:
    """The rows are there."""
    _check_token(request.headers["Authorization"].removeprefix("Bearer "))
    told = orjson.loads(request.get_data())
    data = orjson.dumps(told).decode()
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    known = told.pop("known")
    parameters = {
        **known, "id": told["id"], "caregiver": told["caregiver_id"], "at": told["captured_at"], "now": now,
        "text": told["captured_at"], "uid": told["place"]["uid"], "hash": uuid.uuid4().hex * 2, "data": data,
        "end": data,
    }  # fmt: skip
    _POOL.open()
    with _POOL.connection() as connection:
        connection.execute(_STATEMENT, parameters)
    return Response(orjson.dumps(told), 201, mimetype="application/json")


def _check_token(token: str) -> None:
    """Returns for a token of the product; one that was verified before is only asked for its age."""
    until = _verified.get(token)
    if until is None:
        claims = jwt.decode(token, _KEY, algorithms=["ES256"], audience="hemtid")  # type: ignore[arg-type]
        until = _verified[token] = claims["exp"]
    if until < time.time():
        raise PermissionError(token)
