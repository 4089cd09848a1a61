"""The business's description for programs: read, put in place of what was there, put back."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.exceptions import SerializationException
from litestar.params import Parameter

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.change_business import Applied, Mode, change_business
from bookonce.business import versions
from bookonce.business.change import Edit
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.business.tree import as_tree, from_tree
from bookonce.platform.actor import ActorKind, Role
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.dependencies import Here, Slug
from bookonce.web.errors import UnfitAppointment, problem, unfit_appointments
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.dependencies import Admitted
from bookonce.web.office.settings.save import guarded
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING, problems
from bookonce.web.requests import JSON, media_type_of

DOCUMENT_BYTES_MAX = 4 * 1024 * 1024
"""Pictures are part of it."""
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
IfMatch = Annotated[
    str | None,
    Parameter(header="If-Match", description="the ETag of the version that the change is made for"),
]
DryRun = Annotated[bool, Parameter(description="say what would change, and change nothing")]
Strict = Annotated[bool, Parameter(description="refuse if appointments would no longer fit (409)")]
CHANGING = OFFICE_CHANGING | problems(412)


class BusinessChanged(msgspec.Struct, frozen=True):
    """What a change did, a line each, and which appointments no longer fit."""

    version: int
    changes: list[str]
    unfit: list[UnfitAppointment]


class VersionAnswer(msgspec.Struct, frozen=True):
    """One version: who made it, when, and what it changed."""

    version: int
    at: datetime
    by: str
    actor: ActorKind
    role: Role | None
    changes: list[str]


class VersionsPage(msgspec.Struct, frozen=True):
    """Versions, the newest first."""

    items: list[VersionAnswer]
    next_cursor: str | None


@get(
    "/",
    needs=Right.SETTINGS,
    responses=OFFICE_READING,
    summary="The business's description",
)
async def business(slug: Slug, request: Request[Any, Any, Any]) -> Response[dict[str, Any] | None]:
    """As the business file says it, without absences, which have a life of their own. Its version
    is the ETag.
    """
    directory: Directory = request.state.directory
    headers = {"ETag": _tag(directory.version), "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match", "") in (_tag(directory.version), "*"):
        return Response(None, status_code=304, headers=headers)
    return Response(as_tree(directory.business), headers=headers)


async def _document_body(request: Request[Any, Any, Any]) -> Any:
    """Refuse what isn't a JSON object before the handler is reached."""
    if media_type_of(request) != JSON:
        named = media_type_of(request) or "nothing"
        return problem(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the request as {JSON}, not {named}.")
    try:
        value = await request.json()
    except (SerializationException, RecursionError, ValueError):
        raise ValidationError([FieldError("", "the body is not valid JSON")]) from None
    if not isinstance(value, dict):
        raise ValidationError([FieldError("", "expected an object")])
    return None


@put(
    "/",
    needs=Right.SETTINGS,
    responses=CHANGING,
    before_request=_document_body,
    request_max_body_size=DOCUMENT_BYTES_MAX,
    summary="Put another description in its place",
)
async def put_business(
    slug: Slug,
    data: dict[str, Any],
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    strict: Strict = False,
) -> Response[BusinessChanged]:
    """All of it or nothing, judged by the same rules as the file. `If-Match` is required: if the
    business has changed meanwhile, the answer is 412, with who changed what.
    """
    if if_match is None:
        raise ValidationError(
            [FieldError("If-Match", "is required: the ETag of the version that you changed")]
        )
    expected = _expected(if_match, request.state.directory.version)
    described = await asyncio.to_thread(_described, data)  # pictures are drawn anew
    edit = versions.instead(described)
    mode = Mode(strict=strict, dry_run=dry_run)
    return await _changed(request, installation, access, expected, edit, mode)


def _described(data: dict[str, Any]) -> Business:
    """The business that a body describes. Raises ValidationError."""
    try:
        business = from_tree(data)
    except RecursionError:
        raise ValidationError([FieldError("", "nested too deeply")]) from None
    absent = [
        FieldError(f"{table}[{number}].time_off", "absences aren't changed here: POST /absences")
        for table in ("staff", "resource")
        for number, each in enumerate(getattr(business, table))
        if each.time_off
    ]
    if absent:
        raise ValidationError(absent)
    return business


@get("/versions", needs=Right.SETTINGS, responses=OFFICE_READING, summary="Who changed what, when")
async def list_versions(
    slug: Slug,
    installation: Here,
    access: Admitted,
    cursor: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> VersionsPage:
    """The newest first."""
    found = await versions.history(
        installation.database, access.business_id, limit + 1, before=_before(cursor)
    )
    items = [
        VersionAnswer(
            each.version,
            each.at,
            each.actor.name or each.actor.kind.value,
            each.actor.kind,
            each.actor.role,
            each.changes,
        )
        for each in found[:limit]
    ]
    return VersionsPage(items, str(items[-1].version) if len(found) > limit else None)


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", cursor):
        raise ValidationError([FieldError("cursor", "expected the next_cursor of the page before")])
    return int(cursor)


@post(
    "/versions/{version:int}/restoration",
    needs=Right.SETTINGS,
    status_code=200,
    responses=CHANGING,
    summary="Go back to a version",
)
async def restore_version(
    slug: Slug,
    version: Annotated[int, Parameter(ge=1, le=2**31 - 1)],
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    strict: Strict = False,
) -> Response[BusinessChanged]:
    """Makes a new version that says what an old one said."""
    then = await versions.document(installation.database, access.business_id, version)
    current = request.state.directory.version
    expected = None if if_match is None else _expected(if_match, current)
    mode = Mode(strict=strict, dry_run=dry_run)
    return await _changed(request, installation, access, expected, versions.instead(then), mode)


async def _changed(
    request: Request[Any, Any, Any],
    installation: Here,
    access: Access,
    expected: int | None,
    edit: Edit,
    mode: Mode,
) -> Response[BusinessChanged]:
    now = datetime.now(UTC)
    business_id: UUID = access.business_id
    applied: Applied = await change_business(
        installation.database,
        business_id,
        expected,
        guarded(edit, access, request.state.session, now),
        actor=access.actor,
        now=now,
        mode=mode,
    )
    unfit = unfit_appointments(applied.unfit, applied.zone)
    answer = BusinessChanged(applied.version, applied.changes, unfit)
    headers = {} if mode.dry_run else {"ETag": _tag(applied.version)}
    return Response(answer, headers=headers)


def _tag(version: int) -> str:
    return f'"{version}"'


def _expected(if_match: str, current: int) -> int | None:
    """The version that a condition names; None: whichever it is. One that was never given away is
    none that the business is at.
    """
    if if_match.strip() == "*":
        return None
    named = [text for text in _TAG.findall(if_match) if re.fullmatch(r"[1-9][0-9]{0,8}", text)]
    if str(current) in named:
        return current
    return max(map(int, named), default=0)


router = Router(
    "/business", route_handlers=[business, put_business, list_versions, restore_version]
)
