"""The pages of webhooks: the list, a new one, one with its deliveries, and what is done to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.platform.errors import StatusConflictError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.changes.words import groups, what
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.webhooks.words import disabled_name, done, fates, said
from bookonce.webhooks import log, subscribe, webhook_rows
from bookonce.webhooks.configured import reach_of
from bookonce.webhooks.log_rows import Delivery
from bookonce.webhooks.payload import SENT_KINDS
from bookonce.webhooks.subscribe import NAME_LENGTH_MAX, Change, Wish
from bookonce.webhooks.webhook_rows import Webhook

PATH = "/{slug:str}/webhooks"
ONE = f"{PATH}/{{webhook_id:uuid}}"
HTML: dict[str, Any] = {
    "include_in_schema": False,
    "media_type": MediaType.HTML,
    "needs": Right.SETTINGS,
}


@get(PATH, **HTML)
async def webhooks_page(office: Page, access: Admitted) -> Response[str]:
    """Which webhooks there are, and a form for a new one."""
    return await _list(office, access, Wish(""), {})


@post(PATH, status_code=200, **HTML)
async def create_by_form(
    office: Page, access: Admitted, request: Request[Any, Any, Any]
) -> Response[str]:
    """Makes one, and shows its secret: once."""
    wish = await _wish(request)
    try:
        webhook, secret = await subscribe.create(
            office.installation.database,
            access.business_id,
            wish,
            reach=reach_of(office.settings),
            secret_key=office.installation.secret_key,
            actor=access.actor,
            now=office.now,
        )
    except ValidationError as error:
        return await _list(office, access, wish, _wrong(office, error), 422)
    except StatusConflictError as error:
        return await _list(office, access, wish, {"": str(error)}, 409)
    return _secret(office, webhook, secret)


@get(ONE, **HTML)
async def webhook_page(office: Page, access: Admitted, webhook_id: UUID) -> Response[str]:
    """One webhook, with what was sent."""
    return await _one(office, access, webhook_id)


@post(ONE, status_code=200, **HTML)
async def change_by_form(
    office: Page, access: Admitted, webhook_id: UUID, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Changes its address, name and kinds."""
    wish = await _wish(request)
    try:
        await _change(office, access, webhook_id, Change(wish.url, wish.name, wish.kinds))
    except ValidationError as error:
        wrong = _wrong(office, error)
        return await _one(office, access, webhook_id, wish=wish, errors=wrong, status=422)
    return _done(office, webhook_id, "saved")


@post(f"{ONE}/disable", **HTML)
async def disable_by_form(office: Page, access: Admitted, webhook_id: UUID) -> Redirect:
    """Sends it nothing any more."""
    await _change(office, access, webhook_id, Change(is_active=False))
    return _done(office, webhook_id, "saved")


@post(f"{ONE}/enable", **HTML)
async def enable_by_form(office: Page, access: Admitted, webhook_id: UUID) -> Redirect:
    """Begins anew."""
    await _change(office, access, webhook_id, Change(is_active=True))
    return _done(office, webhook_id, "saved")


@post(f"{ONE}/rotation", status_code=200, **HTML)
async def rotate_by_form(office: Page, access: Admitted, webhook_id: UUID) -> Response[str]:
    """Gives it another secret, and shows it: once."""
    webhook, secret = await subscribe.rotate(
        office.installation.database,
        access.business_id,
        webhook_id,
        secret_key=office.installation.secret_key,
        actor=access.actor,
        now=office.now,
    )
    return _secret(office, webhook, secret)


@post(f"{ONE}/test", **HTML)
async def test_by_form(
    office: Page, access: Admitted, webhook_id: UUID
) -> Response[str] | Redirect:
    """Tries it out."""
    try:
        await log.test(
            office.installation.database,
            access.business_id,
            webhook_id,
            actor=access.actor,
            now=office.now,
        )
    except StatusConflictError:
        _ = office.language.words.gettext
        refused = _("A test is on its way already, or the webhook is disabled.")
        return await _one(office, access, webhook_id, errors={"": refused}, status=409)
    return _done(office, webhook_id, "tested")


@post(f"{ONE}/remove", **HTML)
async def remove_by_form(office: Page, access: Admitted, webhook_id: UUID) -> Redirect:
    """Forgets it."""
    await subscribe.remove(
        office.installation.database,
        access.business_id,
        webhook_id,
        actor=access.actor,
        now=office.now,
    )
    return office.redirect(f"{_home(office)}?done=removed")


@post(f"{ONE}/deliveries/{{event_id:uuid}}/retry", **HTML)
async def retry_by_form(
    office: Page, access: Admitted, webhook_id: UUID, event_id: UUID
) -> Response[str] | Redirect:
    """Sends one again."""
    try:
        await log.retry(
            office.installation.database, access.business_id, webhook_id, event_id, now=office.now
        )
    except StatusConflictError:
        _ = office.language.words.gettext
        refused = _("It is being sent at this moment, or the webhook is disabled.")
        return await _one(office, access, webhook_id, errors={"": refused}, status=409)
    return _done(office, webhook_id, "resent")


async def _change(office: Office, access: Access, webhook_id: UUID, edit: Change) -> None:
    await subscribe.change(
        office.installation.database,
        access.business_id,
        webhook_id,
        edit,
        reach=reach_of(office.settings),
        actor=access.actor,
        now=office.now,
    )


async def _wish(request: Request[Any, Any, Any]) -> Wish:
    fields = await form_fields(request)
    kinds = [kind for kind in SENT_KINDS if fields.get(f"kind_{kind}")]
    return Wish(str(fields.get("url") or ""), str(fields.get("name") or ""), kinds)


async def _list(
    office: Office, access: Access, wish: Wish, errors: dict[str, str], status: int = 200
) -> Response[str]:
    found = await office.installation.database.run(webhook_rows.of_business, access.business_id)
    return office.render(
        "webhooks/templates/webhooks.html",
        status=status,
        errors=errors,
        done=done(office.request.query_params.get("done", ""), office.language.words),
        webhooks=[_line(webhook, office) for webhook in found],
        form=_form(office, wish),
    )


async def _one(
    office: Office,
    access: Access,
    webhook_id: UUID,
    *,
    wish: Wish | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    database, query = office.installation.database, office.request.query_params
    webhook = await log.find(database, access.business_id, webhook_id)
    cursor = query.get("cursor")
    try:
        found = await log.deliveries(database, access.business_id, webhook_id, cursor=cursor)
    except ValidationError:  # a cursor that is none
        found = await log.deliveries(database, access.business_id, webhook_id)
    return office.render(
        "webhooks/templates/webhook.html",
        status=status,
        errors=errors or {},
        done=done(query.get("done", ""), office.language.words),
        webhook=_line(webhook, office),
        form=_form(office, wish or Wish(webhook.url, webhook.name, webhook.kinds)),
        deliveries=[_delivery(one, office) for one in found.items],
        older=f"?cursor={found.next_cursor}" if found.next_cursor else "",
        is_first=cursor is None,
    )


def _line(webhook: Webhook, office: Office) -> dict[str, Any]:
    language, zone = office.language, office.business.zone
    since = webhook.failing_since
    return {
        "id": webhook.id,
        "name": webhook.name or webhook.url,
        "url": webhook.url,
        "kinds": language.listed([what(kind, language) for kind in webhook.kinds]),
        "disabled": disabled_name(webhook.disabled_why, language.words)
        if webhook.disabled_why
        else "",
        "failing_since": language.moment(since.astimezone(zone)) if since else "",
    }


def _delivery(one: Delivery, office: Office) -> dict[str, Any]:
    language, zone = office.language, office.business.zone
    return {
        "id": one.event_id,
        "kind": what(one.kind, language),
        "at": language.moment(one.event_at.astimezone(zone)),
        "machine_at": one.event_at.astimezone(zone).isoformat(),
        "fate": fates(language.words)[one.status],
        "status": one.status,
        "said": said(one, language.words),
        "attempts": one.attempts,
        "next": language.moment(one.next_at.astimezone(zone)) if one.next_at else "",
    }


def _form(office: Office, wish: Wish) -> dict[str, Any]:
    """The fields of a webhook, with the kinds by what they are about."""
    names = groups(office.language.words)
    return {
        "url": wish.url,
        "name": wish.name,
        "name_length_max": NAME_LENGTH_MAX,
        "groups": [
            (
                names[group],
                [
                    (kind, what(kind, office.language), kind in wish.kinds)
                    for kind in SENT_KINDS
                    if kind.partition(".")[0] == group
                ],
            )
            for group in dict.fromkeys(kind.partition(".")[0] for kind in SENT_KINDS)
        ],
    }


def _secret(office: Office, webhook: Webhook, secret: str) -> Response[str]:
    return office.render(
        "webhooks/templates/secret.html", webhook=_line(webhook, office), secret=secret
    )


def _wrong(office: Office, error: ValidationError) -> dict[str, str]:
    """What to say by which field."""
    _ = office.language.words.gettext
    texts = {
        "url": _("Please enter a public address that begins with https://."),
        "name": _("Please use at most 100 ordinary characters."),
        "kinds": _("Please choose again."),
    }
    return {each.field: texts[each.field] for each in error.errors if each.field in texts}


def _home(office: Office) -> str:
    return f"/office/{office.business.slug}/webhooks"


def _done(office: Office, webhook_id: UUID, name: str) -> Redirect:
    return office.redirect(f"{_home(office)}/{webhook_id}?done={name}")


HANDLERS = [
    webhooks_page,
    create_by_form,
    webhook_page,
    change_by_form,
    disable_by_form,
    enable_by_form,
    rotate_by_form,
    test_by_form,
    remove_by_form,
    retry_by_form,
]
