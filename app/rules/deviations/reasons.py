"""The reasons that a provider may choose among when it explains deviations at the desk."""

from __future__ import annotations

from enum import StrEnum


class ExplanationReason(StrEnum):
    """Why something was otherwise: V3's and V10's codes, and some of their own. Source: our decision."""

    FORGOT_TO_REGISTER = "forgot_to_register"
    TAG_MISSING = "tag_missing"
    TAG_DAMAGED = "tag_damaged"
    NO_ACCESS_TO_TAG = "no_access_to_tag"
    PHONE_FAILED = "phone_failed"
    PHONE_FORGOTTEN = "phone_forgotten"
    VISIT_STARTED_ELSEWHERE = "visit_started_elsewhere"
    WRONG_CUSTOMER = "wrong_customer"
    WRONG_SERVICE = "wrong_service"
    DOUBLE_REGISTRATION = "double_registration"
    CUSTOMER_AWAY = "customer_away"
    CUSTOMER_DECLINED = "customer_declined"
    CUSTOMER_NEEDED_MORE = "customer_needed_more"
    CUSTOMER_NEEDED_LESS = "customer_needed_less"
    STAFF_MISSING = "staff_missing"
    PLAN_WRONG = "plan_wrong"
    ORDER_LATE = "order_late"
    OTHER = "other"
