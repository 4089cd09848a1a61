"""The errors a route may answer with, for the OpenAPI document."""

from __future__ import annotations

from litestar.openapi.datastructures import ResponseSpec

from bookonce.web.errors import MEDIA_TYPE, Problem

_DESCRIPTIONS = {
    401: "UNAUTHENTICATED: sign in, or send a key",
    403: "FORBIDDEN, with the right that is missing",
    402: "PAYMENT_DECLINED (with attempts_left): nothing was taken",
    404: "NOT_FOUND: no such business, service, staff or appointment",
    405: "METHOD_NOT_ALLOWED",
    408: "TOO_SLOW: the body didn't come in time",
    409: "BOOKING_CONFLICT (with alternatives), TOO_MANY_BOOKINGS, TOO_LATE, STATUS_CONFLICT, "
    "HOLD_EXPIRED or PAYMENT_UNAVAILABLE",
    412: "VERSION_CONFLICT (with version and since): somebody changed the business meanwhile",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE: send application/json",
    422: "VALIDATION (with errors), NOT_OFFERED or IDEMPOTENCY_MISMATCH",
    428: "PROOF_OF_WORK_NEEDED (with challenge): send the solution in Proof-Of-Work, with the same key",
    429: "RATE_LIMITED: wait for Retry-After seconds",
    503: "TRY_AGAIN: nothing was booked, or the same Idempotency-Key finds it",
}


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Problem details for these statuses."""
    return {
        status: ResponseSpec(
            Problem,
            description=_DESCRIPTIONS[status],
            media_type=MEDIA_TYPE,
            generate_examples=False,
        )
        for status in statuses
    }


READING = problems(404, 422, 429, 503)
BOOKING = problems(404, 408, 409, 413, 415, 422, 428, 429, 503)
CHANGING = problems(404, 408, 409, 413, 415, 422, 429, 503)
PAYING = problems(402, 404, 408, 409, 413, 415, 422, 429, 503)
OFFICE_READING = problems(401, 403) | READING
OFFICE_CHANGING = problems(401, 403) | CHANGING
