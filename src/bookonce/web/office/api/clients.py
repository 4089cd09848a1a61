"""The office's clients for programs: found, written down, put right."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, patch, post
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.accounts.sessions import Session
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.clients import said, search_rows, visit_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.erase_client import erase_at_desk
from bookonce.clients.export import export_person
from bookonce.clients.keep import add_client, change_client, find_client
from bookonce.clients.merge import merge_clients, unmerge_client
from bookonce.clients.merging import MergeRequest
from bookonce.clients.particulars import ClientChange, NewClient
from bookonce.clients.scope import performer_of
from bookonce.platform.cursor import decoded, encoded
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.dependencies import Admitted, SignedIn
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


class ErasureAnswer(msgspec.Struct, frozen=True):
    """In how many appointments somebody's particulars were, too."""

    appointments: int


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
        after=decoded(cursor, search_rows.ByName) if cursor else None,
        limit=limit + 1,
    )
    shown = found[:limit]
    return ClientsPage(
        [ListedClient(one.id, one.name, one.email, one.phone, one.flags) for one in shown],
        encoded((shown[-1].found_by, shown[-1].id)) if len(found) > limit else None,
    )


@post(
    "/", needs=Right.EDIT_CLIENTS, responses=OFFICE_CHANGING, before_request=json_body(NewClient),
    summary="Write a client down", operation_id="office_add_client",
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
    before_request=json_body(ClientChange), summary="Put a client right", operation_id="office_edit_client",
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


@post(
    f"{ONE}/merge", needs=Right.EDIT_CLIENTS, status_code=200, responses=OFFICE_CHANGING,
    before_request=json_body(MergeRequest), summary="Merge into another", operation_id="office_merge_client",
)  # fmt: skip
async def merge(
    slug: Slug,
    client_id: UUID,
    data: MergeRequest,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> ClientAnswer:
    """`into` stays, with the appointments of both; the other's id leads to it from then on."""
    known = await merge_clients(
        installation.database, request.state.directory, client_id, data, access=access,
        now=datetime.now(UTC),
    )  # fmt: skip
    return await _answer(installation, access, known)


@post(
    f"{ONE}/unmerge", needs=Right.EDIT_CLIENTS, status_code=200, responses=OFFICE_CHANGING,
    summary="Take apart what was merged", operation_id="office_unmerge_client",
)  # fmt: skip
async def unmerge(
    slug: Slug,
    client_id: UUID,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> ClientAnswer:
    """The one that went, with the appointments and particulars that were theirs. What was booked or
    put right since stays with the other.
    """
    known = await unmerge_client(
        installation.database, request.state.directory, client_id, access=access,
        now=datetime.now(UTC),
    )  # fmt: skip
    return await _answer(installation, access, known)


@get(
    f"{ONE}/export", needs=Right.EXPORT, responses=OFFICE_READING,
    summary="Everything that is kept of a client", operation_id="office_export_client",
)  # fmt: skip
async def export(
    slug: Slug,
    client_id: UUID,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    session: SignedIn,
) -> dict[str, Any]:
    """Theirs and that of those who were merged into them: particulars, appointments with payments,
    history and messages. Needs a fresh proof of who is signed in.
    """
    _require_proof(session)
    found = await export_person(
        installation.database, request.state.directory, client_id, access=access
    )
    person: dict[str, Any] = msgspec.json.decode(found)
    return person


@post(
    f"{ONE}/erasure", needs=Right.EDIT_CLIENTS, status_code=200, responses=OFFICE_CHANGING,
    summary="Erase a client", operation_id="office_erase_client",
)  # fmt: skip
async def erase(
    slug: Slug,
    client_id: UUID,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
    session: SignedIn,
) -> ErasureAnswer:
    """What is known of them goes, the books stay. Refused while an appointment of theirs isn't over
    (409). Needs a fresh proof of who is signed in.
    """
    _require_proof(session)
    erased = await erase_at_desk(
        installation.database, request.state.directory, client_id, access=access,
        now=datetime.now(UTC),
    )  # fmt: skip
    return ErasureAnswer(erased)


def _require_proof(session: Session | None) -> None:
    """A session that was left open proves nothing. A program has none: its key is the proof."""
    if session is not None:
        session.require_proof(datetime.now(UTC))


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


router = Router(
    "/clients",
    route_handlers=[list_clients, add, one_client, change, merge, unmerge, export, erase],
)
