"""What leaves the office: all clients as a file, everything of one of them, and erasing them."""

from __future__ import annotations

from uuid import UUID

from litestar import MediaType, Response, get, post
from litestar.response import Redirect, Stream

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.clients.erase_client import erase_at_desk
from bookonce.clients.export import export_all, export_person
from bookonce.clients.keep import find_client
from bookonce.platform.errors import StatusConflictError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page, SignedIn
from bookonce.web.office.desk_form import DeskForm
from bookonce.web.office.page import Office

ONE = "/{slug:str}/clients/{client_id:uuid}"


def attachment(name: str, media_type: str) -> dict[str, str]:
    """The headers of a file that is kept, not shown. `name` is ASCII of ours."""
    return {
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


@get("/{slug:str}/clients/export", include_in_schema=False, needs=Right.EXPORT)
async def export_clients(office: Page, access: Admitted, session: SignedIn) -> Stream:
    """All of them, as CSV."""
    session.require_proof(office.now)
    found = await export_all(office.installation.database, office.business, access=access)
    name = f"clients-{office.business.slug}-{office.now:%Y-%m-%d}.csv"
    return Stream(found, headers=attachment(name, "text/csv; charset=utf-8"))


@get(f"{ONE}/export", include_in_schema=False, needs=Right.EXPORT)
async def export_one(
    office: Page, access: Admitted, session: SignedIn, client_id: UUID
) -> Response[str]:
    """Everything that is kept of them, as JSON."""
    session.require_proof(office.now)
    found = await export_person(
        office.installation.database, office.business, client_id, access=access
    )
    name = f"client-{client_id}.json"
    return Response(found, headers=attachment(name, "application/json"))


@get(f"{ONE}/erasure", include_in_schema=False, media_type=MediaType.HTML, needs=Right.EDIT_CLIENTS)
async def erasure_page(
    office: Page, access: Admitted, session: SignedIn, client_id: UUID
) -> Response[str]:
    """Asks whether it is meant."""
    session.require_proof(office.now)
    return await _page(office, access, client_id)


@post(
    f"{ONE}/erasure", include_in_schema=False, media_type=MediaType.HTML, status_code=200,
    needs=Right.EDIT_CLIENTS,
)  # fmt: skip
async def erase_by_form(
    office: Page, access: Admitted, session: SignedIn, client_id: UUID
) -> Response[str] | Redirect:
    """Erases them, if the box is ticked."""
    session.require_proof(office.now)
    _ = office.language.words.gettext
    form = DeskForm(await form_fields(office.request))
    if not form.is_on("sure"):
        return await _page(office, access, client_id, _("Tick the box if you mean it."), 422)
    try:
        await erase_at_desk(
            office.installation.database, office.business, client_id, access=access, now=office.now
        )
    except StatusConflictError:
        wrong = _("Some of their appointments aren't over. Cancel them first, or wait.")
        return await _page(office, access, client_id, wrong, 409)
    return office.redirect(f"/office/{office.business.slug}/clients?done=erased")


async def _page(
    office: Office, access: Access, client_id: UUID, wrong: str = "", status: int = 200
) -> Response[str]:
    known = await find_client(
        office.installation.database, office.business, client_id, access=access
    )
    return office.render("clients/templates/erasure.html", status=status, client=known, wrong=wrong)


HANDLERS = [export_clients, export_one, erasure_page, erase_by_form]
