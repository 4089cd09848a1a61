"""Every error as problem details (RFC 9457): one table from codes to statuses."""

from __future__ import annotations

import http
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.exceptions import ValidationException as LitestarValidationException

from bookonce.booking.fit import Unfit
from bookonce.platform.errors import (
    BlockConflictError,
    BookingConflictError,
    BookonceError,
    FieldError,
    MovedError,
    RateLimitedError,
    UnfitError,
    VersionConflictError,
)
from bookonce.platform.errors import ValidationError as InputError
from bookonce.web.whole_body import IncompleteBodyError

log = structlog.get_logger("bookonce.web")

STATUS = {
    "MOVED": 308,
    "NOT_FOUND": 404,
    "NOT_OFFERED": 422,
    "BOOKING_CONFLICT": 409,
    "BLOCK_CONFLICT": 409,
    "STATUS_CONFLICT": 409,
    "TOO_LATE": 409,
    "UNFIT": 409,
    "VERSION_CONFLICT": 412,
    "TOO_MANY_BOOKINGS": 409,
    "HOLD_EXPIRED": 409,
    "PAYMENT_DECLINED": 402,
    "PAYMENT_UNAVAILABLE": 409,
    "IDEMPOTENCY_MISMATCH": 422,
    "VALIDATION": 422,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "PROOF_REQUIRED": 403,
    "SLOW_DOWN": 429,
    "LAST_OWNER": 409,
    "PROOF_OF_WORK_NEEDED": 428,
    "RATE_LIMITED": 429,
    "TRY_AGAIN": 503,
}
RETRY_AFTER_S = 1
MEDIA_TYPE = "application/problem+json"
_FRAMEWORK_CODES = {
    400: (422, "VALIDATION"),
    404: (404, "NOT_FOUND"),
    405: (405, "METHOD_NOT_ALLOWED"),
    408: (408, "TOO_SLOW"),
    413: (413, "TOO_LARGE"),
    415: (415, "UNSUPPORTED_MEDIA_TYPE"),
}


# Where a handler's parameter can't be named as the query or header is.
_OUTSIDE_NAMES = {
    "first": "from",
    "last": "to",
    "idempotency_key": "Idempotency-Key",
    "if_match": "If-Match",
}
_MISSING = re.compile(r"Missing required \w+ parameter '([^']+)'")


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong with the request."""

    field: str
    message: str


class Alternative(msgspec.Struct, frozen=True):
    """A start that can be booked instead."""

    start: datetime
    staff: str


class MadeMeanwhile(msgspec.Struct, frozen=True):
    """A version that was made since the one that a change was meant for."""

    version: int
    at: datetime
    by: str
    changes: list[str]


class UnfitAppointment(msgspec.Struct, frozen=True):
    """An appointment that a change leaves without what it was booked for, and why."""

    id: UUID
    start: datetime
    services: list[str]
    staff: list[str]
    reasons: list[str]


class InTheWay(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has a time that was to be blocked."""

    kind: str
    start: datetime
    end: datetime
    appointment_id: UUID | None = None
    client: str | None = None
    service: str | None = None
    reason: str | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error: `code` for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None
    alternatives: list[Alternative] | None = None
    attempts_left: int | None = None
    version: int | None = None
    since: list[MadeMeanwhile] | None = None
    right: str | None = None
    in_the_way: list[InTheWay] | None = None
    unfit: list[UnfitAppointment] | None = None
    challenge: dict[str, Any] | None = None


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response[bytes]:
    """A problem details answer; `more` is what else a `Problem` may have."""
    body = _problem(status, code, detail, **more)
    return Response(
        msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def problem_of(error: BookonceError) -> Problem:
    """What a refusal of the product says to programs."""
    return _problem(STATUS[error.code], error.code, error.detail, **_facts(error))


def _problem(status: int, code: str, detail: str, **more: Any) -> Problem:
    title = http.HTTPStatus(status).phrase
    return Problem("about:blank", title, status, detail, code, **more)


def refused(request: Request[Any, Any, Any], error: BookonceError) -> Response[bytes]:
    """A refusal of the product."""
    headers: dict[str, str] | None = None
    if isinstance(error, MovedError):
        # Not to be kept: a business may go back to the address that it had.
        headers = {"Location": _moved(request, error.facts["slug"]), "Cache-Control": "no-cache"}
    status = STATUS[error.code]
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    if isinstance(error, RateLimitedError):
        headers = {"Retry-After": str(error.facts["wait_s"])}
    if status == 503:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        log.warning("try again", cause=repr(error.__cause__))
    return problem(status, error.code, error.detail, headers=headers, **_facts(error))


def _facts(error: BookonceError) -> dict[str, Any]:
    """What a refusal says to programs."""
    known = {
        name: error.facts.get(name) for name in ("attempts_left", "version", "right", "challenge")
    }
    if isinstance(error, VersionConflictError):
        known["since"] = [
            MadeMeanwhile(one.version, one.at, one.actor.name or one.actor.kind, one.changes)
            for one in error.facts["since"]
        ]
    if isinstance(error, UnfitError):
        known["unfit"] = unfit_appointments(error.facts["unfit"], error.facts["zone"])
    if isinstance(error, InputError):
        known["errors"] = [FieldProblem(field, message) for field, message in error.errors]
    if isinstance(error, BookingConflictError):
        zone = error.facts["zone"]
        known["alternatives"] = [
            Alternative(start.astimezone(zone), staff)
            for start, staff in error.facts["alternatives"]
        ]
    if isinstance(error, BlockConflictError):
        known["in_the_way"] = [
            InTheWay(
                one["kind"],
                one["start"],
                one["end"],
                one["appointment_id"],
                one["client_name"],
                one["service"],
                one["reason"],
            )
            for one in error.facts["in_the_way"]
        ]
    return known


def unfit_appointments(unfit: Iterable[Unfit], zone: ZoneInfo) -> list[UnfitAppointment]:
    """Appointments that no longer fit, for programs: services and staff by their keys."""
    return [
        UnfitAppointment(
            one.upcoming.appointment_id,
            one.upcoming.start.astimezone(zone),
            [part.service for part in one.upcoming.parts],
            list(dict.fromkeys(part.staff for part in one.upcoming.parts)),
            list(one.reasons),
        )
        for one in unfit
    ]


def _moved(request: Request[Any, Any, Any], slug: str) -> str:
    """The address that was asked for, at a business's address of now: path and query stay."""
    path: list[str] = request.scope["raw_path"].decode("latin-1").partition("?")[0].split("/")
    path[3 if path[1] == "api" else 1] = slug
    query = request.scope["query_string"].decode("latin-1")
    return "/".join(path) + (f"?{query}" if query else "")


def refused_by_framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """A refusal before any of our code was reached."""
    if isinstance(error, LitestarValidationException):
        if missing := _MISSING.match(error.detail):
            return refused(request, InputError([FieldError(missing[1], "is required")]))
        fields = error.extra if isinstance(error.extra, list) else []
        return refused(
            request,
            InputError(
                [
                    FieldError(
                        _OUTSIDE_NAMES.get(one.get("key", ""), str(one.get("key", ""))),
                        str(one.get("message", "is not valid")),
                    )
                    for one in fields
                    if isinstance(one, dict)
                ]
                or [FieldError("", "is not valid")]
            ),
        )
    if isinstance(error, IncompleteBodyError):
        return problem(400, "VALIDATION", IncompleteBodyError.detail)
    if error.status_code not in _FRAMEWORK_CODES:
        return crashed(request, error)
    status, code = _FRAMEWORK_CODES[error.status_code]
    details = {
        404: "There is nothing at this address.",
        405: f"{request.method} isn't possible here.",
        413: "The request is too large.",
    }
    headers = dict(error.headers or {})
    return problem(status, code, details.get(status, error.detail), headers=headers)


def crashed(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A fault of ours: told to the operator whole, to the visitor only that it happened."""
    log.error("unexpected error", exc_info=error)
    return problem(500, "INTERNAL", "Something went wrong on our side. It has been logged.")
