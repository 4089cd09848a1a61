"""The office's clients for programs: found, written down, put right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, patch, post
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.clients import said, search_rows, visit_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.keep import add_client, change_client, find_client
from bookonce.clients.particulars import ClientChange, NewClient
from bookonce.clients.scope import performer_of
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.api.clients_cursor import cursor_of, read_cursor
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.bookings import IdempotencyKey
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING
from bookonce.web.requests import json_body

ONE = "/{client_id:uuid}"


class ListedClient(msgspec.Struct, frozen=True, omit_defaults=True):
    """A client of a list."""

    id: UUID
    name: str
    email: str | None = None
    phone: str | None = None
    flags: tuple[str, ...] = ()


class ClientsPage(msgspec.Struct, frozen=True):
    """Some clients, by name; `next_cursor` null: there are no more."""

    items: list[ListedClient]
    next_cursor: str | None


class ClientAnswer(msgspec.Struct, frozen=True):
    """A client, with their history in numbers."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    notes: str | None
    flags: tuple[str, ...]
    created_at: datetime
    visits: int
    no_shows: int
    cancellations: int
    ahead: int
    messages: int
    last_visit: datetime | None


@get("/", needs=Right.SEE_CLIENTS, responses=OFFICE_READING, summary="The clients")
async def list_clients(
    slug: Slug,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    q: Annotated[
        str, Parameter(description="parts of name, mail address or number; accents don't matter")
    ] = "",
    cursor: str | None = None,
    limit: Annotated[
        int, Parameter(ge=1, le=LIMIT_MAX, description="how many at most")
    ] = LIMIT_DEFAULT,
) -> ClientsPage:
    """All by name, or those of whom everything that `q` says is so."""
    directory: Directory = request.state.directory
    found = await installation.database.run(
        search_rows.listed,
        access.business_id,
        said.read(q, country_of(directory)),
        performer_id=performer_of(directory, access),
        after=read_cursor(cursor),
        limit=limit + 1,
    )
    shown = found[:limit]
    return ClientsPage(
        [ListedClient(one.id, one.name, one.email, one.phone, one.flags) for one in shown],
        cursor_of(shown[-1].found_by, shown[-1].id) if len(found) > limit else None,
    )


@post(
    "/", needs=Right.EDIT_CLIENTS, responses=OFFICE_CHANGING, before_request=json_body(NewClient),
    summary="Write a client down",
)  # fmt: skip
async def add(
    slug: Slug,
    data: NewClient,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    idempotency_key: IdempotencyKey = None,
) -> Response[ClientAnswer]:
    """Of many the name is all that is known. Several may have one mail address."""
    known = await add_client(
        installation.database, request.state.directory, data, access=access,
        now=datetime.now(UTC), idempotency_key=idempotency_key,
    )  # fmt: skip
    address = f"/api/v1/{request.state.directory.slug}/office/clients/{known.id}"
    return Response(await _answer(installation, access, known), headers={"Location": address})


@get(ONE, needs=Right.SEE_CLIENTS, responses=OFFICE_READING, summary="One client")
async def one_client(
    slug: Slug,
    client_id: UUID,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> ClientAnswer:
    """Of one who was merged into another, that other one: see `id`."""
    known = await find_client(
        installation.database, request.state.directory, client_id, access=access
    )
    return await _answer(installation, access, known)


@patch(
    ONE, needs=Right.EDIT_CLIENTS, responses=OFFICE_CHANGING,
    before_request=json_body(ClientChange), summary="Put a client right",
)  # fmt: skip
async def change(
    slug: Slug,
    client_id: UUID,
    data: ClientChange,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> ClientAnswer:
    """What is absent stays; null takes it out. Appointments keep what was given for them."""
    known = await change_client(
        installation.database, request.state.directory, client_id, data, access=access,
        now=datetime.now(UTC),
    )  # fmt: skip
    return await _answer(installation, access, known)


async def _answer(installation: Here, access: Admitted, known: Known) -> ClientAnswer:
    summary = await installation.database.run(
        visit_rows.summary, access.business_id, known.id, datetime.now(UTC)
    )
    who = known.particulars
    return ClientAnswer(
        known.id, who.name, who.email, who.phone, who.notes, who.flags, known.created_at,
        summary.visits, summary.no_shows, summary.cancellations, summary.ahead, summary.messages,
        summary.last_visit,
    )  # fmt: skip


router = Router("/clients", route_handlers=[list_clients, add, one_client, change])
