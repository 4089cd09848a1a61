"""Two clients who are one: suggested, compared field by field, merged, taken apart again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from babel.support import NullTranslations
from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.country import country_of
from bookonce.clients import said, search_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.duplicates import pairs
from bookonce.clients.keep import find_client
from bookonce.clients.merge import merge_clients, unmerge_client
from bookonce.clients.merging import FIELDS, JOINED, Field, MergeRequest, Source
from bookonce.clients.scope import performer_of
from bookonce.clients.search_rows import FoundClient
from bookonce.platform.errors import BookonceError, FieldError, NotFoundError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.clients.words import field_name, reason_text
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.desk_form import DeskForm, status_of, told
from bookonce.web.office.page import Office

ONE = "/{slug:str}/clients/{client_id:uuid}"
Answer = Response[str] | Redirect


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that the two differ in, as each has it. `both`: what it is of both, if it can be."""

    name: str
    label: str
    into: str
    client: str
    both: str
    chosen: str


@get(
    "/{slug:str}/clients/duplicates", include_in_schema=False, media_type=MediaType.HTML,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def duplicates_page(office: Page, access: Admitted) -> Response[str]:
    """Who may be the same, two and two."""
    found = await pairs(office.installation.database, access=access)
    words = office.language.words
    return office.render(
        "clients/templates/duplicates.html",
        pairs=[(each.first, each.second, reason_text(each.reason, words)) for each in found],
    )


@get(f"{ONE}/merge", include_in_schema=False, media_type=MediaType.HTML, needs=Right.EDIT_CLIENTS)
async def merge_page(office: Page, access: Admitted, client_id: UUID) -> Answer:
    """Finds the other one, or compares the two."""
    return await _page(office, access, client_id, DeskForm(dict(office.request.query_params)))


@post(
    f"{ONE}/merge", include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def merge_by_form(office: Page, access: Admitted, client_id: UUID) -> Answer:
    """Makes the two one: the one of this page."""
    form = DeskForm(await form_fields(office.request))
    try:
        other_id = _id(form.text("with"))
        fields = {
            name: cast(Source, form.text(name))
            for name in FIELDS
            if form.text(name) in ("into", "client", "both")
        }
        one = await merge_clients(
            office.installation.database, office.business, other_id,
            MergeRequest(into=client_id, fields=fields), access=access, now=office.now,
        )  # fmt: skip
    except NotFoundError:
        raise
    except BookonceError as error:
        return await _page(office, access, client_id, form, error)
    return office.redirect(f"/office/{office.business.slug}/clients/{one.id}?done=merged")


@post(
    f"{ONE}/unmerge", include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def unmerge_by_form(office: Page, access: Admitted, client_id: UUID) -> Redirect:
    """Takes the one of this page out of the other again."""
    one = await unmerge_client(
        office.installation.database, office.business, client_id, access=access, now=office.now
    )
    return office.redirect(f"/office/{office.business.slug}/clients/{one.id}?done=unmerged")


async def _page(
    office: Office,
    access: Access,
    client_id: UUID,
    form: DeskForm,
    refused: BookonceError | None = None,
) -> Answer:
    database, language = office.installation.database, office.language
    known = await find_client(database, office.business, client_id, access=access)
    other, found = None, list[FoundClient]()
    if form.text("with") and refused is None:
        other = await find_client(database, office.business, _id(form.text("with")), access=access)
    elif text := form.text("q"):
        found = [
            each
            for each in await database.run(
                search_rows.search, access.business_id,
                said.read(text, country_of(office.business)),
                performer_id=performer_of(office.business, access),
            )
            if each.id != known.id
        ]  # fmt: skip
    if other is not None and other.id == known.id:
        return office.redirect(f"/office/{office.business.slug}/clients/{known.id}")
    return office.render(
        "clients/templates/merge.html",
        status=status_of(refused) if refused else 200,
        refused=told(refused, language) if refused else "",
        client=known,
        other=other,
        q=form.text("q"),
        found=found,
        choices=_choices(known, other, language.words) if other else [],
    )


def _choices(into: Known, client: Known, words: NullTranslations) -> list[Choice]:
    """The fields that the two differ in."""
    found = []
    for name in FIELDS:
        ours, theirs = _text(into, name), _text(client, name)
        if ours == theirs:
            continue
        joined = name in JOINED and bool(ours) and bool(theirs)
        separator = "\n" if name == "notes" else ", "
        chosen = "both" if joined else "into" if ours else "client"
        found.append(
            Choice(
                name, field_name(name, words), ours, theirs,
                f"{ours}{separator}{theirs}" if joined else "", chosen,
            )
        )  # fmt: skip
    return found


def _text(known: Known, name: Field) -> str:
    value = getattr(known.particulars, name)
    return ", ".join(value) if isinstance(value, tuple) else value or ""


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError([FieldError("with", "choose one of those found")]) from None


HANDLERS = [duplicates_page, merge_page, merge_by_form, unmerge_by_form]
