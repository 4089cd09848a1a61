"""Passkeys: what the script of the pages asks for, and the forms that it sends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import passkeys
from bookonce.accounts.passkeys import Site
from bookonce.platform.errors import NotFoundError
from bookonce.web.forms import form_fields
from bookonce.web.office import cookie
from bookonce.web.office.account import HERE
from bookonce.web.office.dependencies import Caller, Page, SignedIn
from bookonce.web.office.front_door import sign_in_page
from bookonce.web.office.guard import ANYONE, SIGNED_IN
from bookonce.web.office.page import Office
from bookonce.web.office.return_to import return_to


def _site(office: Office) -> Site:
    site = Site(office.base)
    if not site.can_have_passkeys:
        raise NotFoundError("There are no passkeys at this address.")
    return site


@get("/account/passkeys", include_in_schema=False, media_type=MediaType.HTML, needs=SIGNED_IN)
async def passkey_page(office: Page, session: SignedIn) -> Response[str]:
    """Asks for a name and makes a passkey, which needs a script."""
    session.require_proof(office.now)
    _site(office)
    return office.render("passkey.html", wrong="")


@post(
    "/account/passkeys/challenge",
    include_in_schema=False,
    status_code=200,
    needs=SIGNED_IN,
)
async def challenge_to_add(office: Page, session: SignedIn) -> Response[str]:
    """What a browser needs to make one."""
    session.require_proof(office.now)
    options = await passkeys.options_to_add(
        office.installation.database, session.account, _site(office), now=office.now
    )
    return Response(options, media_type=MediaType.JSON)


@post(
    "/account/passkeys",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def add_passkey(
    office: Page, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Keeps the passkey that the browser has made."""
    fields = await form_fields(request)
    if not await passkeys.add(
        office.installation.database,
        session,
        str(fields.get("credential") or ""),
        str(fields.get("name") or ""),
        _site(office),
        now=office.now,
    ):
        _ = office.language.words.gettext
        wrong = _("The browser didn't make a passkey. Please try again.")
        return office.render("passkey.html", status=422, wrong=wrong)
    return office.redirect(f"{HERE}?done=saved")


@post(
    "/account/passkeys/{passkey_id:uuid}/remove",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def remove_passkey(office: Page, session: SignedIn, passkey_id: UUID) -> Redirect:
    """Takes one away."""
    await passkeys.remove(office.installation.database, session, passkey_id, now=office.now)
    return office.redirect(f"{HERE}?done=saved")


@post("/account/passkey/challenge", include_in_schema=False, status_code=200, needs=ANYONE)
async def challenge_to_sign_in(office: Page) -> Response[str]:
    """What a browser needs to sign in, or to prove once more who is there."""
    options = await passkeys.options_to_sign_in(
        office.installation.database, _site(office), now=office.now
    )
    return Response(options, media_type=MediaType.JSON)


@post(
    "/account/passkey",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=ANYONE,
)
async def sign_in_by_passkey(
    office: Page, browser: Caller, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Signs in."""
    fields = await form_fields(request)
    there = return_to(str(fields.get("next") or ""))
    token = await passkeys.sign_in(
        office.installation.database,
        str(fields.get("credential") or ""),
        browser,
        _site(office),
        now=office.now,
    )
    if token is None:
        _ = office.language.words.gettext
        wrong = _("This passkey isn't known here. Please sign in in another way.")
        return sign_in_page(office, there, "", wrong, 422)
    cookie.give(request, office.settings, token)
    return office.redirect(there)
