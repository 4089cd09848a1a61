"""Bring clients in from a file: sent, its columns named, looked at, taken in, reported on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from babel.support import NullTranslations
from litestar import MediaType, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.country import country_of
from bookonce.clients import import_rows
from bookonce.clients.import_clients import choose, find_import, send_in, start
from bookonce.clients.import_file import FILE_BYTES_MAX
from bookonce.clients.import_mapping import TARGETS, judged, mapping_of
from bookonce.clients.import_rows import Import
from bookonce.clients.particulars import Particulars
from bookonce.platform.csv_text import BYTE_ORDER_MARK, lines
from bookonce.platform.errors import BookonceError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.clients.leaving import attachment
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.desk_form import DeskForm, status_of, told
from bookonce.web.office.page import Office

ALL = "/{slug:str}/clients/import"
ONE = f"{ALL}/{{import_id:uuid}}"
SHOWN = 8
BAD_SHOWN = 20
BODY_BYTES_MAX = FILE_BYTES_MAX + 64 * 1024
Answer = Response[str] | Redirect


@get(ALL, include_in_schema=False, media_type=MediaType.HTML, needs=Right.EDIT_CLIENTS)
async def import_page(office: Page) -> Response[str]:
    """Asks for the file."""
    return _file_page(office)


@post(
    ALL, include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS, takes_file=True, request_max_body_size=BODY_BYTES_MAX,
)  # fmt: skip
async def send_by_form(office: Page, access: Admitted) -> Answer:
    """Keeps it to be looked at."""
    file = (await form_fields(office.request)).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _file_page(office, office.language.words.gettext("Choose a file."), 422)
    try:
        import_id = await send_in(
            office.installation.database, await file.read(), file.filename, access=access,
            now=office.now,
        )  # fmt: skip
    except ValidationError as error:
        return _file_page(office, error.errors[0].message, 422)
    return office.redirect(_address(office, import_id))


@get(ONE, include_in_schema=False, media_type=MediaType.HTML, needs=Right.EDIT_CLIENTS)
async def one_import_page(office: Page, access: Admitted, import_id: UUID) -> Response[str]:
    """What will be taken in, how far it is, or what became of it."""
    return await _page(office, access, import_id)


@post(
    ONE, include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def import_by_form(office: Page, access: Admitted, import_id: UUID) -> Answer:
    """Looks again with other columns, or has it taken in."""
    form = DeskForm(await form_fields(office.request))
    found = await find_import(office.installation.database, import_id, access=access)
    database = office.installation.database
    try:
        mapping = mapping_of([form.text(f"column_{n}") for n in range(len(found.mapping))])
        with_head, existing = form.is_on("has_head"), form.text("existing")
        if form.is_on("start"):
            await start(
                database,
                import_id,
                mapping,
                existing,
                with_head=with_head,
                access=access,
                now=office.now,
            )
        else:
            await choose(database, import_id, mapping, existing, with_head=with_head, access=access)
    except BookonceError as error:
        return await _page(office, access, import_id, error)
    return office.redirect(_address(office, import_id))


@get(f"{ONE}/report", include_in_schema=False, needs=Right.EDIT_CLIENTS)
async def report(office: Page, access: Admitted, import_id: UUID) -> Response[str]:
    """The lines that were bad, each with why, as CSV."""
    found = await find_import(office.installation.database, import_id, access=access)
    text = BYTE_ORDER_MARK + lines([("line", "reason"), *((str(n), why) for n, why in found.bad)])
    return Response(text, headers=attachment(f"import-{import_id}.csv", "text/csv; charset=utf-8"))


def _address(office: Office, import_id: UUID) -> str:
    return f"/office/{office.business.slug}/clients/import/{import_id}"


def _file_page(office: Office, wrong: str = "", status: int = 200) -> Response[str]:
    return office.render(
        "clients/templates/import.html",
        status=status, wrong=wrong, megabytes=FILE_BYTES_MAX // 1024**2,
    )  # fmt: skip


async def _page(
    office: Office, access: Access, import_id: UUID, refused: BookonceError | None = None
) -> Response[str]:
    database, words = office.installation.database, office.language.words
    found = await find_import(database, import_id, access=access)
    values: dict[str, Any] = {}
    if found.status == "ready":
        rows = await database.run(import_rows.lines, access.business_id, import_id)
        good, bad = await asyncio.to_thread(
            judged, rows, found.mapping, country_of(office.business), with_head=found.has_head
        )
        values = {
            "columns": _columns(rows, found),
            "targets": [("", "–"), *((each, _target(each, words)) for each in TARGETS)],
            "first": [(line, _cells(who)) for line, who in good[:SHOWN]],
            "good_count": len(good),
        }
    else:
        bad = list(found.bad)
    return office.render(
        "clients/templates/one_import.html",
        status=status_of(refused) if refused else 200,
        refused=_refused(refused, office),
        found=found,
        is_over=found.status == "done",
        percent=100 * found.done_count // max(found.row_count, 1),
        bad=bad[:BAD_SHOWN],
        bad_count=len(bad),
        **({"columns": [], "targets": [], "first": [], "good_count": 0} | values),
    )


def _refused(refused: BookonceError | None, office: Office) -> str:
    if isinstance(refused, ValidationError):
        return office.language.words.gettext("Say which column is the name.")
    return told(refused, office.language) if refused else ""


def _columns(rows: Sequence[Sequence[str]], found: Import) -> list[tuple[int, str, str, str]]:
    """Each column: its number, its head, what is in it, and what it is taken for."""
    head = rows[0] if found.has_head else ()
    body = rows[1:] if found.has_head else rows
    return [
        (
            n,
            head[n] if n < len(head) else "",
            next((row[n] for row in body if n < len(row) and row[n]), "")[:80],
            target,
        )
        for n, target in enumerate(found.mapping)
    ]


def _cells(who: Particulars) -> tuple[str, str, str, str]:
    return who.name, who.email or "", who.phone or "", ", ".join(who.flags)


def _target(target: str, words: NullTranslations) -> str:
    _ = words.gettext
    return {
        "name": _("Name"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("Email"),
        "phone": _("Phone"),
        "notes": _("Notes"),
        "flags": _("Flags"),
    }[target]


HANDLERS = [import_page, send_by_form, one_import_page, import_by_form, report]
