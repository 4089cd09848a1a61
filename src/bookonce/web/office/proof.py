"""A fresh proof of who is at the keyboard, for money, exports, roles and what one signs in with."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import passkeys
from bookonce.accounts.passkeys import Site
from bookonce.accounts.sessions import Session
from bookonce.accounts.sign_in import prove
from bookonce.platform.errors import SlowDownError, TryAgainError
from bookonce.web.forms import form_fields
from bookonce.web.office import cookie
from bookonce.web.office.dependencies import Page, SignedIn
from bookonce.web.office.front_door import busy, slowed_down, too_often
from bookonce.web.office.guard import SIGNED_IN
from bookonce.web.office.page import Office
from bookonce.web.office.return_to import return_to


@get("/account/proof", include_in_schema=False, media_type=MediaType.HTML, needs=SIGNED_IN)
async def proof_page(office: Page, session: SignedIn) -> Response[str]:
    """Asks for it, by what the account has."""
    return await _proof(office, session, return_to(office.request.query_params.get("next")))


async def _proof(
    office: Office, session: Session, there: str, wrong: str = "", status: int = 200
) -> Response[str]:
    keys = await passkeys.passkeys_of(office.installation.database, session.account.account_id)
    return office.render(
        "proof.html",
        status=status,
        next=there,
        wrong=wrong,
        by_code=session.account.has_totp,
        by_password=session.account.has_password and not session.account.has_totp,
        by_passkey=bool(keys) and Site(office.base).can_have_passkeys,
    )


@post(
    "/account/proof",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def prove_by_form(
    office: Page, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Takes it, and goes on to where it was needed."""
    fields, _ = await form_fields(request), office.language.words.gettext
    there = return_to(str(fields.get("next") or ""))
    database, wrong = office.installation.database, _("That wasn't right. Please try again.")
    try:
        if credential := str(fields.get("credential") or ""):
            token = await passkeys.prove(
                database, session, credential, Site(office.base), now=office.now
            )
        else:
            token = await prove(
                database,
                session,
                str(fields.get("password") or ""),
                str(fields.get("code") or ""),
                secret_key=office.settings.secret_key,
                now=office.now,
            )
    except SlowDownError as error:
        page = await _proof(office, session, there, too_often(office, error), 429)
        return slowed_down(error, page)
    except TryAgainError:
        return await _proof(office, session, there, busy(office), 503)
    if token is None:
        return await _proof(office, session, there, wrong, 422)
    cookie.give(request, office.settings, token)
    return office.redirect(there)
