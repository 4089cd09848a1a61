"""Invitations and sign-in links: a page that asks, and the form that uses the link up."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import links
from bookonce.accounts.account import Account
from bookonce.accounts.link_rows import Link, LinkKind
from bookonce.accounts.links import Welcome
from bookonce.accounts.passwords import LENGTH_MIN
from bookonce.platform.errors import (
    NotFoundError,
    StatusConflictError,
    TryAgainError,
    ValidationError,
)
from bookonce.web.forms import form_fields
from bookonce.web.office import cookie
from bookonce.web.office.dependencies import Caller, Page
from bookonce.web.office.front_door import busy
from bookonce.web.office.guard import ANYONE, BROWSER
from bookonce.web.office.page import Office
from bookonce.web.office.return_to import HOME
from bookonce.web.office.words import role_name, role_summary

INVITING = (LinkKind.INVITATION, LinkKind.FIRST_OWNER)


@get("/link/{token:str}", include_in_schema=False, media_type=MediaType.HTML, needs=ANYONE)
async def link_page(office: Page, token: str) -> Response[str]:
    """Asks whether to sign in."""
    try:
        link, account = await links.look(
            office.installation.database, token, LinkKind.SIGN_IN, now=office.now
        )
    except NotFoundError:
        return _gone(office)
    name = account.label if account else (link.email or "")
    return office.render("link.html", name=name, token=token)


@post(
    "/link/{token:str}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=ANYONE,
)
async def use_link(
    office: Page, browser: Caller, token: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Signs in, and the link is good no longer."""
    try:
        session = await links.sign_in_by_link(
            office.installation.database, token, browser, now=office.now
        )
    except NotFoundError:
        return _gone(office)
    cookie.give(request, office.settings, session)
    return office.redirect(HOME)


@get("/invitation/{token:str}", include_in_schema=False, media_type=MediaType.HTML, needs=ANYONE)
async def invitation_page(office: Page, token: str) -> Response[str]:
    """Asks whether to come in: as whom, into which business, as what."""
    try:
        link, account = await links.look(
            office.installation.database, token, *INVITING, now=office.now
        )
    except NotFoundError:
        return _gone(office)
    return await _invitation(office, token, link, account, Welcome(link.name, ""))


@post(
    "/invitation/{token:str}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=BROWSER,
)
async def accept(
    office: Page, browser: Caller, token: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Accepts: with a new account, or as who is signed in."""
    database, fields = office.installation.database, await form_fields(request)
    typed = {name: str(fields.get(name) or "") for name in ("name", "password", "email")}
    welcome = Welcome(**typed)
    try:
        link, account = await links.look(database, token, *INVITING, now=office.now)
        if account is not None:
            return await _accept_as_member(office, token, link, account)
        session = await links.accept_as_newcomer(database, token, welcome, browser, now=office.now)
    except NotFoundError:
        return _gone(office)
    except ValidationError as error:
        wrong = {one.field for one in error.errors}
        return await _invitation(office, token, link, None, welcome, wrong, 422)
    except StatusConflictError:  # somebody made the account a moment ago
        return office.redirect(f"/office/invitation/{token}")
    except TryAgainError:
        return office.render("problem.html", status=503, heading=busy(office), text="")
    cookie.give(request, office.settings, session)
    return office.redirect(HOME)


async def _accept_as_member(
    office: Office, token: str, link: Link, account: Account
) -> Response[str] | Redirect:
    session = office.session
    if session is None or session.lacks_code or session.account.email != account.email:
        return await _invitation(office, token, link, account, Welcome("", ""))
    await links.accept_as_member(
        office.installation.database, token, session.account, now=office.now
    )
    return office.redirect(HOME)


async def _invitation(
    office: Office,
    token: str,
    link: Link,
    account: Account | None,
    welcome: Welcome,
    wrong: set[str] | None = None,
    status: int = 200,
) -> Response[str]:
    _ = office.language.words.gettext
    business, role, summary = None, "", ""
    if link.business_id is not None and link.post is not None:
        business = (await office.installation.by_id(link.business_id)).business.business
        role = role_name(link.post.role, office.language.words)
        summary = role_summary(link.post.role, office.language.words)
    texts = {
        "name": _("Please say what to call you, in at most 200 characters."),
        "email": _("Please enter an email address such as anna@example.com."),
        "password": _(
            "Please choose at least %(count)s characters that nobody guesses, such as a few words "
            "that don't belong together."
        )
        % {"count": LENGTH_MIN},
    }
    session = office.session if office.session and not office.session.lacks_code else None
    return office.render(
        "invitation.html",
        status=status,
        token=token,
        email=link.email or welcome.email,
        asks_email=link.email is None,
        name=welcome.name,
        inviting=business,
        role=role,
        role_summary=summary,
        has_account=account is not None,
        is_theirs=account is not None
        and session is not None
        and session.account.email == account.email,
        signed_in_as=session.account.email if session else "",
        errors={field: text for field, text in texts.items() if field in (wrong or ())},
        length_min=LENGTH_MIN,
    )


def _gone(office: Office) -> Response[str]:
    _ = office.language.words.gettext
    return office.render(
        "problem.html",
        status=404,
        heading=_("This link isn't good any more"),
        text=_("Each link is good once, and for a while. Ask whoever gave it to you for another."),
    )
