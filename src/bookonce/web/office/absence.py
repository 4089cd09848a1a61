"""Blocked time: made, looked at, given back."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.block import BlockKind
from bookonce.desk import agenda_rows
from bookonce.desk.block import AbsenceRequest, block_at_desk, unblock_at_desk
from bookonce.platform.errors import (
    BlockConflictError,
    BookonceError,
    NotFoundError,
    ValidationError,
)
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.desk_form import DeskForm, instant, status_of, told
from bookonce.web.office.page import Office

PATH = "/{slug:str}/absences"
FIELDS = ("staff", "date", "time", "until_date", "until_time", "reason", "kind")


@get(f"{PATH}/new", include_in_schema=False, media_type=MediaType.HTML, needs=Right.BLOCK)
async def block_page(office: Page, access: Admitted) -> Response[str]:
    """The form, with what the address says filled in."""
    return _page(office, access, DeskForm(dict(office.request.query_params)))


@post(f"{PATH}/new", include_in_schema=False, media_type=MediaType.HTML, needs=Right.BLOCK)
async def block_by_form(office: Page, access: Admitted) -> Response[str] | Redirect:
    """Blocks the time, or shows the form again with what is in the way."""
    request: Request[Any, Any, Any] = office.request
    form = DeskForm(await request.form())
    directory = office.business
    try:
        absence = AbsenceRequest(
            staff=form.text("staff"),
            from_=form.instant(directory.zone),
            to=instant(
                directory.zone,
                form.text("until_date") or form.text("date"),
                form.text("until_time"),
                "until_date",
                "until_time",
            ),
            reason=form.optional("reason"),
            kind=BlockKind.TIME_OFF if form.text("kind") == "time_off" else BlockKind.BLOCKED,
        )
        await block_at_desk(
            office.installation, directory.slug, absence, access=access, now=office.now
        )
    except BookonceError as error:
        return _page(office, access, form, error)
    return office.redirect(f"/office/{directory.slug}/calendar?date={form.text('date')}")


@get(
    f"{PATH}/{{absence_id:uuid}}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.SEE_CALENDAR,
)
async def blocked_page(office: Page, access: Admitted, absence_id: UUID) -> Response[str]:
    """Blocked time, with what gives it back."""
    directory, language = office.business, office.language
    found = await office.installation.database.run(
        agenda_rows.block_by_id, access.business_id, absence_id
    )
    if found is None or not access.may_see(found.resource):
        raise NotFoundError("There is no such block.")
    start, end = found.start.astimezone(directory.zone), found.end.astimezone(directory.zone)
    return office.render(
        "absence.html",
        absence=found,
        when=language.stretch(start, end),
        who=directory.staff_name(found.resource),
        back=f"/office/{directory.slug}/calendar?date={start.date()}",
        may_remove=access.may(Right.BLOCK)
        and (not access.is_own_only or found.resource == access.staff_key)
        and found.source == "office",
    )


@post(
    f"{PATH}/{{absence_id:uuid}}/removal",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.BLOCK,
)
async def unblock_by_form(office: Page, access: Admitted, absence_id: UUID) -> Redirect:
    """Gives the time back."""
    directory = office.business
    await unblock_at_desk(
        office.installation, directory.slug, absence_id, access=access, now=office.now
    )
    return office.redirect(f"/office/{directory.slug}/calendar")


def _page(
    office: Office, access: Access, form: DeskForm, refused: BookonceError | None = None
) -> Response[str]:
    directory, language = office.business, office.language
    today = office.now.astimezone(directory.zone).date().isoformat()
    values = {name: form.text(name) for name in FIELDS} | {
        "date": form.text("date") or today,
        "until_date": form.text("until_date") or form.text("date") or today,
        "time": form.text("time") or "12:00",
        "until_time": form.text("until_time") or "13:00",
    }
    in_the_way = []
    if isinstance(refused, BlockConflictError):
        in_the_way = [
            (
                language.moment(one["start"].astimezone(directory.zone)),
                one["client_name"] or one["reason"] or language.words.gettext("Walk-in"),
                one["appointment_id"],
            )
            for one in refused.facts["in_the_way"]
        ]
    errors = refused.errors if isinstance(refused, ValidationError) else []
    return office.render(
        "new_absence.html",
        status=status_of(refused) if refused else 200,
        refused=told(refused, language) if refused else "",
        errors=defaultdict(str, {error.field: error.message for error in errors}),
        in_the_way=in_the_way,
        values=values,
        staff=[
            (each.key, each.name)
            for each in directory.business.staff
            if not access.is_own_only or each.key == access.staff_key
        ],
        back=f"/office/{directory.slug}/calendar?date={values['date']}",
    )


HANDLERS = [block_page, block_by_form, blocked_page, unblock_by_form]
