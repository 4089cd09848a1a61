"""Absences and blocked hours for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.desk import agenda_rows
from bookonce.desk.agenda import days_between, seen_of
from bookonce.desk.agenda_rows import BlockedTime
from bookonce.desk.block import AbsenceRequest, block_at_desk, unblock_at_desk
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.api.answers import AbsenceAnswer, AbsencesPage, absence_answer
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING
from bookonce.web.requests import json_body

DAYS_DEFAULT = 62


@get("/", needs=Right.SEE_CALENDAR, responses=OFFICE_READING, summary="Absences and blocked hours")
async def list_absences(
    slug: Slug,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    first: Annotated[date | None, Parameter(query="from")] = None,
    last: Annotated[date | None, Parameter(query="to", description="included")] = None,
    staff: Annotated[str | None, Parameter(description="keys, separated by commas")] = None,
) -> AbsencesPage:
    """Those that lie at least in part on the dates from `from` to `to`; absent: the next 62 days."""
    directory: Directory = request.state.directory
    first = first or datetime.now(directory.zone).date()
    last = last or first + timedelta(days=DAYS_DEFAULT)
    if last < first:
        raise ValidationError([FieldError("to", "must not be before from")])
    start, end = days_between(directory.zone, first, last)
    seen = seen_of(directory, staff.split(",") if staff else [], access)
    found = await installation.database.run(
        agenda_rows.blocks,
        directory.business_id,
        [directory.staff_ids[key] for key in seen],
        start,
        end,
    )
    return AbsencesPage([absence_answer(block, directory.zone) for block in found], None)


@post(
    "/",
    needs=Right.BLOCK,
    responses=OFFICE_CHANGING,
    before_request=json_body(AbsenceRequest),
    summary="Block time",
)
async def add_absence(
    slug: Slug,
    data: AbsenceRequest,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> Response[AbsenceAnswer]:
    """Refused with the appointments in the way (409)."""
    directory: Directory = request.state.directory
    made = await block_at_desk(installation, slug, data, access=access, now=datetime.now(UTC))
    block = BlockedTime(
        made.id, made.staff, made.start, made.end, made.kind.value, made.reason, "office"
    )
    return Response(absence_answer(block, directory.zone))


@delete(
    "/{absence_id:uuid}",
    needs=Right.BLOCK,
    responses=OFFICE_CHANGING,
    summary="Give blocked time back",
)
async def remove_absence(
    slug: Slug, absence_id: UUID, installation: Here, access: Admitted
) -> None:
    """The time is anybody's again."""
    await unblock_at_desk(installation, slug, absence_id, access=access, now=datetime.now(UTC))


router = Router("/absences", route_handlers=[list_absences, add_absence, remove_absence])
