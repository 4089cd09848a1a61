"""The list of clients, one client, and somebody new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Status
from bookonce.business.country import country_of
from bookonce.clients import merge_rows, said, search_rows, visit_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.duplicates import duplicates_of
from bookonce.clients.keep import add_client, change_client, find_client
from bookonce.clients.particulars import ClientChange, NewClient, split_flags
from bookonce.clients.scope import performer_of
from bookonce.clients.visit_rows import Summary, Visit
from bookonce.platform import money
from bookonce.platform.cursor import decoded, encoded
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.languages import Language
from bookonce.web.forms import form_fields
from bookonce.web.office.clients.words import done_text, reason_text, wrong_fields
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.desk_form import DeskForm
from bookonce.web.office.page import Office
from bookonce.web.office.words import status_name

LIST = "/{slug:str}/clients"
ONE = "/{slug:str}/clients/{client_id:uuid}"
SHOWN_MAX = 50
ALIKE_MAX = 10
Answer = Response[str] | Redirect


@get(LIST, include_in_schema=False, media_type=MediaType.HTML, needs=Right.SEE_CLIENTS)
async def clients_page(office: Page, access: Admitted) -> Response[str]:
    """All by name, or those of whom something was said."""
    query = office.request.query_params
    text = query.get("q", "").strip()[: said.SAID_LENGTH_MAX]
    directory = office.business
    performer_id = performer_of(directory, access)
    next_url, has_more = "", False
    meant = said.read(text, country_of(directory))
    run = office.installation.database.run
    found: Sequence[search_rows.Listed | search_rows.FoundClient]
    if meant.is_nothing:
        listed = await run(
            search_rows.listed, access.business_id, meant, performer_id=performer_id,
            after=decoded(cursor, search_rows.ByName) if (cursor := query.get("cursor")) else None, limit=SHOWN_MAX + 1,
        )  # fmt: skip
        found = listed[:SHOWN_MAX]
        if len(listed) > SHOWN_MAX:
            last = listed[SHOWN_MAX - 1]
            next_url = f"?cursor={encoded((last.found_by, last.id))}"
    else:
        ranked = await run(
            search_rows.search, access.business_id, meant, performer_id=performer_id,
            limit=SHOWN_MAX + 1,
        )  # fmt: skip
        found, has_more = ranked[:SHOWN_MAX], len(ranked) > SHOWN_MAX
    return office.render(
        "clients/templates/clients.html",
        q=text,
        found=found,
        has_more=has_more,
        next_url=next_url,
        is_first=not query.get("cursor"),
        may_edit=access.may(Right.EDIT_CLIENTS),
        may_export=access.may(Right.EXPORT),
        done=done_text(query.get("done", ""), office.language.words),
    )


@get(f"{LIST}/new", include_in_schema=False, media_type=MediaType.HTML, needs=Right.EDIT_CLIENTS)
async def new_client_page(office: Page) -> Response[str]:
    """The form for somebody new."""
    return _new_page(office, {"name": office.request.query_params.get("name", "")[:200]})


@post(
    f"{LIST}/new", include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def add_by_form(office: Page, access: Admitted) -> Answer:
    """Writes them down."""
    form = DeskForm(await form_fields(office.request))
    try:
        known = await add_client(
            office.installation.database,
            office.business,
            NewClient(
                name=form.text("name"),
                email=form.optional("email"),
                phone=form.optional("phone"),
                notes=form.optional("notes"),
                flags=split_flags(form.text("flags")),
            ),
            access=access,
            now=office.now,
        )
    except ValidationError as error:
        return _new_page(office, _typed(form), error.errors)
    return office.redirect(f"/office/{office.business.slug}/clients/{known.id}?done=added")


@get(ONE, include_in_schema=False, media_type=MediaType.HTML, needs=Right.SEE_CLIENTS)
async def client_page(office: Page, access: Admitted, client_id: UUID) -> Answer:
    """One client: particulars, and what there was."""
    known = await find_client(
        office.installation.database, office.business, client_id, access=access
    )
    if known.id != client_id:  # was merged into another, at whose address they are now
        return office.redirect(f"/office/{office.business.slug}/clients/{known.id}")
    return await _client_page(office, access, known)


@post(
    ONE, include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def change_by_form(office: Page, access: Admitted, client_id: UUID) -> Answer:
    """Puts them right."""
    form = DeskForm(await form_fields(office.request))
    database = office.installation.database
    try:
        known = await change_client(
            database,
            office.business,
            client_id,
            ClientChange(
                name=form.text("name"),
                email=form.optional("email"),
                phone=form.optional("phone"),
                notes=form.optional("notes"),
                flags=split_flags(form.text("flags")),
            ),
            access=access,
            now=office.now,
        )
    except ValidationError as error:
        known = await find_client(database, office.business, client_id, access=access)
        return await _client_page(office, access, known, _typed(form), error.errors)
    return office.redirect(f"/office/{office.business.slug}/clients/{known.id}?done=saved")


FIELDS = ("name", "email", "phone", "notes", "flags")


def _typed(form: DeskForm) -> dict[str, str]:
    return {name: form.text(name) for name in FIELDS}


def _new_page(
    office: Office, values: dict[str, str], errors: Sequence[FieldError] = ()
) -> Response[str]:
    return office.render(
        "clients/templates/new_client.html",
        status=422 if errors else 200,
        values=defaultdict(str, values),
        errors=defaultdict(str, wrong_fields(errors, office.language.words)),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """An appointment in the history."""

    url: str
    when: str
    machine_when: str
    what: str
    status: str
    status_name: str
    price: str
    paid: str
    notes: str


async def _client_page(
    office: Office,
    access: Access,
    known: Known,
    typed: dict[str, str] | None = None,
    errors: Sequence[FieldError] = (),
) -> Response[str]:
    run, language = office.installation.database.run, office.language
    visits = await run(visit_rows.visits, access.business_id, known.id)
    summary = await run(visit_rows.summary, access.business_id, known.id, office.now)
    may_edit = access.may(Right.EDIT_CLIENTS)
    merged = await run(merge_rows.merged_into, access.business_id, known.id) if may_edit else []
    alike = (
        await duplicates_of(office.installation.database, known, access=access) if may_edit else []
    )
    seen = [each for each in visits if any(access.may_see(key) for key in each.staff_keys)]
    lines = [(each, _line(each, office, access)) for each in seen if not _is_lost(each, office.now)]
    particulars = known.particulars
    values = typed or {
        "name": particulars.name,
        "email": particulars.email or "",
        "phone": particulars.phone or "",
        "notes": particulars.notes or "",
        "flags": ", ".join(particulars.flags),
    }
    return office.render(
        "clients/templates/client.html",
        status=422 if errors else 200,
        client=known,
        particulars=particulars,
        values=values,
        errors=defaultdict(str, wrong_fields(errors, language.words)),
        upcoming=[line for visit, line in reversed(lines) if _is_ahead(visit, office.now)],
        past=[line for visit, line in lines if not _is_ahead(visit, office.now)],
        facts=_facts(summary, office, access),
        since=language.long_day(known.created_at.astimezone(office.business.zone).date()),
        merged=[
            (client_id, name, language.long_day(at.astimezone(office.business.zone).date()))
            for client_id, name, at in merged
        ],
        alike=[
            (
                each.client,
                language.joined(*(reason_text(one, language.words) for one in each.reasons)),
            )
            for each in alike[:ALIKE_MAX]
        ],
        may_edit=may_edit,
        may_export=access.may(Right.EXPORT),
        may_book=access.may(Right.BOOK),
        sees_money=access.may(Right.MONEY),
        done=done_text(office.request.query_params.get("done", ""), language.words),
    )


def _is_ahead(visit: Visit, now: datetime) -> bool:
    return visit.status in (Status.CONFIRMED, Status.HELD) and visit.end > now


def _is_lost(visit: Visit, now: datetime) -> bool:
    """Whether it is a hold that has run out, which was never anybody's appointment."""
    is_over = visit.hold_expires_at is None or visit.hold_expires_at <= now
    return visit.status == Status.EXPIRED or (visit.status == Status.HELD and is_over)


def _line(visit: Visit, office: Office, access: Access) -> Line:
    language = office.language
    start = visit.start.astimezone(ZoneInfo(visit.zone))
    status = Status(visit.status)
    people = language.in_turn(visit.staff_names)
    return Line(
        url=f"/office/{office.business.slug}/appointments/{visit.id}",
        when=language.moment(start),
        machine_when=start.isoformat(),
        what=language.joined(language.listed(visit.services), people),
        status=status.value,
        status_name=status_name(status, language.words),
        price=_amount(visit.price_minor, visit.currency, language),
        paid=_amount(visit.paid_minor or None, visit.currency, language)
        if access.may(Right.MONEY)
        else "",
        notes=visit.notes or "",
    )


def _facts(summary: Summary, office: Office, access: Access) -> list[tuple[str, str]]:
    """The history in numbers, each with its name."""
    _ = office.language.words.gettext
    facts = [
        (_("Visits"), str(summary.visits)),
        (_("Missed"), str(summary.no_shows)),
        (_("Cancelled"), str(summary.cancellations)),
        (_("Messages sent"), str(summary.messages)),
    ]
    if summary.last_visit:
        last = summary.last_visit.astimezone(office.business.zone)
        facts.append((_("Last visit"), office.language.long_day(last.date())))
    if access.may(Right.MONEY):
        currency = office.business.business.business.currency
        facts.append(
            (_("Price of all visits"), _amount(summary.spent_minor, currency, office.language))
        )
    return facts


def _amount(minor: int | None, currency: str, language: Language) -> str:
    return language.amount(money.major(minor, currency), currency) if minor is not None else ""


HANDLERS = [
    clients_page,
    new_client_page,
    add_by_form,
    client_page,
    change_by_form,
]
