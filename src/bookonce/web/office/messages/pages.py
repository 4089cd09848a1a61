"""The pages of the log: every message, one message, and one sent again."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.clients.keep import present_id
from bookonce.messages.office_log import (
    MessageQuery,
    Preview,
    message_at_desk,
    messages_at_desk,
    preview,
    resend_at_desk,
)
from bookonce.messages.outgoing import Ways
from bookonce.platform.errors import StatusConflictError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.messages.lines import message_lines
from bookonce.web.office.messages.words import fates
from bookonce.web.office.page import Office

PATH = "/{slug:str}/messages"
UNSAID = ("waiting", "sending", "unreachable", "not_sent", "late", "failed")
"""Statuses of messages that may have no text yet: what they would say is composed."""


@get(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=Right.SEE_CLIENTS)
async def messages_page(office: Page, access: Admitted) -> Response[str]:
    """Who was told what, the newest first."""
    return await _list(office, access)


async def _list(office: Office, access: Access) -> Response[str]:
    query = office.request.query_params
    names = fates(office.language.words)
    status = query.get("status", "")
    status = status if status in names else ""
    appointment = _id(query.get("appointment"))
    client = _id(query.get("client"))
    if client is not None:
        client = await present_id(office.installation.database, access.business_id, client)
    cursor = query.get("cursor")
    which = MessageQuery(appointment, client, status or None, cursor)
    try:
        found = await messages_at_desk(office.installation, office.business, which, access=access)
    except ValidationError:  # a cursor that is none
        which = MessageQuery(appointment, client, status or None)
        found = await messages_at_desk(office.installation, office.business, which, access=access)
    kept = {"status": status, "appointment": appointment or "", "client": client or ""}
    narrowed = {name: value for name, value in kept.items() if value}
    return office.render(
        "messages/templates/messages.html",
        lines=message_lines(found.items, office.business, office.language, access),
        statuses=list(names.items()),
        chosen=status,
        kept={name: value for name, value in narrowed.items() if name != "status"},
        older="?" + urlencode(narrowed | {"cursor": found.next_cursor})
        if found.next_cursor
        else "",
        is_first=cursor is None,
        done=_done(office),
        has_mail=Ways.of(office.settings).has_mail,
    )


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _done(office: Office) -> str:
    _ = office.language.words.gettext
    is_done = office.request.query_params.get("done") == "resent"
    return _("It is being sent again, as it is true now.") if is_done else ""


@get(
    f"{PATH}/{{message_id:uuid}}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.SEE_CLIENTS,
)
async def message_page(office: Page, access: Admitted, message_id: UUID) -> Response[str]:
    """One message, with the text that was or would have been sent."""
    return await _one(office, access, message_id)


async def _one(
    office: Office, access: Access, message_id: UUID, *, refused: str = "", status: int = 200
) -> Response[str]:
    directory = office.business
    one = await message_at_desk(office.installation, directory, message_id, access=access)
    would_be = Preview()
    if one.body is None and one.status in UNSAID:
        would_be = await preview(
            office.installation,
            Ways.of(office.settings),
            directory,
            message_id,
            access=access,
            now=office.now,
        )
    (line,) = message_lines([one], directory, office.language, access)
    return office.render(
        "messages/templates/message.html",
        status=status,
        refused=refused,
        done=_done(office),
        line=line,
        attempts=one.attempts,
        spoken=one.language or "",
        body=one.body or would_be.body,
        subject=one.subject or would_be.subject,
        address=one.address or would_be.address,
        is_preview=one.body is None and bool(would_be.body),
        is_needless=would_be.is_needless,
        was_sent=one.status in ("sent", "unknown", "bounced"),
    )


@post(
    f"{PATH}/{{message_id:uuid}}/resend",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.BOOK,
)
async def resend_by_form(
    office: Page, access: Admitted, message_id: UUID
) -> Response[str] | Redirect:
    """Sends it again, as it is true now."""
    back = str((await form_fields(office.request)).get("back") or "")
    directory = office.business
    home = f"/office/{directory.slug}"
    try:
        resent = await resend_at_desk(
            office.installation, directory, message_id, access=access, now=office.now
        )
    except StatusConflictError:
        _ = office.language.words.gettext
        refused = _("A message that is about no appointment isn't sent again.")
        return await _one(office, access, message_id, refused=refused, status=409)
    if back == "appointment" or not access.may(Right.SEE_CLIENTS):
        return office.redirect(f"{home}/appointments/{resent.appointment_id}?done=resent")
    return office.redirect(f"{home}/messages?done=resent")


HANDLERS = [messages_page, message_page, resend_by_form]
