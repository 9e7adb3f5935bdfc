"""Registrations, corrections, and the visits they come to."""

from schemas.visits.corrections import (
    CorrectionApprovalRequestSchema,
    CorrectionRequestSchema,
    CorrectionSchema,
    about,
)
from schemas.visits.documents import registration_document, visit_document
from schemas.visits.outward import PartSchema, VisitSchema, VisitView
from schemas.visits.registrations import (
    RegistrationRequestSchema,
    RegistrationSchema,
    SentSchema,
    canonical_content,
    registration_from,
    registration_view,
)

__all__ = [
    "CorrectionApprovalRequestSchema",
    "CorrectionRequestSchema",
    "CorrectionSchema",
    "PartSchema",
    "RegistrationRequestSchema",
    "RegistrationSchema",
    "SentSchema",
    "VisitSchema",
    "VisitView",
    "about",
    "canonical_content",
    "registration_document",
    "registration_from",
    "registration_view",
    "visit_document",
]
