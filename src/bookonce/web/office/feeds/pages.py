"""Calendar feeds in the office: the list, a new one, and the end of one."""

from __future__ import annotations

from uuid import UUID

from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.desk.feed import MadeFeed, feeds_open_to, list_feeds, make_feed, revoke_feed
from bookonce.platform.errors import NotFoundError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page, SignedIn
from bookonce.web.office.page import Office

PATH = "/{slug:str}/feeds"


@get(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=Right.SEE_CALENDAR)
async def feeds_page(office: Page, access: Admitted) -> Response[str]:
    """Those that there are, and the form for a new one."""
    return await _page(office, access)


async def _page(
    office: Office,
    access: Access,
    *,
    made: MadeFeed | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response[str]:
    directory, language = office.business, office.language
    found = await list_feeds(office.installation, directory, access=access)
    open_to = feeds_open_to(directory, access)
    wished = office.request.query_params.get("staff") or access.staff_key
    address = f"{office.base}/calendar/{made.token}.ics" if made else ""
    return office.render(
        "feeds/templates/feeds.html",
        status=status,
        wrong=wrong,
        is_revoked=made is None and office.request.query_params.get("done") == "revoked",
        address=address,
        subscribe=f"webcal://{address.partition('://')[2]}" if address else "",
        made_for=directory.staff_name(made.staff) if made else "",
        people=[(key, directory.staff_name(key)) for key in open_to],
        chosen=wished,
        feeds=[
            {
                "id": feed.id,
                "staff": directory.staff_name(feed.staff),
                "names_clients": feed.names_clients,
                "made": language.day(feed.created_at.astimezone(directory.zone).date()),
                "is_own": feed.account_id == access.account_id,
            }
            for feed in found
        ],
    )


@post(
    PATH,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=Right.SEE_CALENDAR,
)
async def make_by_form(office: Page, access: Admitted, session: SignedIn) -> Response[str]:
    """Makes one, and shows its address once."""
    session.require_proof(office.now)
    fields = await form_fields(office.request)
    _ = office.language.words.gettext
    try:
        made = await make_feed(
            office.installation,
            office.business,
            str(fields.get("staff") or ""),
            names_clients=bool(fields.get("names_clients")),
            access=access,
            now=office.now,
        )
    except NotFoundError:
        wrong = _("Please choose whose appointments it shows.")
        return await _page(office, access, wrong=wrong, status=422)
    return await _page(office, access, made=made)


@post(
    f"{PATH}/{{feed_id:uuid}}/revoke",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.SEE_CALENDAR,
)
async def revoke_by_form(office: Page, access: Admitted, feed_id: UUID) -> Redirect:
    """Ends one."""
    await revoke_feed(office.installation, office.business, feed_id, access=access, now=office.now)
    return office.redirect(f"/office/{office.business.slug}/feeds?done=revoked")


HANDLERS = [feeds_page, make_by_form, revoke_by_form]
