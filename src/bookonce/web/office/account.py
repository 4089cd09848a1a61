"""One's own account: name, language, password, second factor, sessions, businesses."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import members, passkeys, profile, second_factor, sessions
from bookonce.accounts.passkeys import Site
from bookonce.accounts.passwords import LENGTH_MIN
from bookonce.accounts.sessions import Session
from bookonce.platform.actor import Role
from bookonce.platform.errors import NotFoundError, TryAgainError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office import cookie
from bookonce.web.office.dependencies import Page, SignedIn
from bookonce.web.office.front_door import busy
from bookonce.web.office.guard import SIGNED_IN
from bookonce.web.office.page import Office
from bookonce.web.office.words import role_name

HERE = "/office/account"


@get("/account", include_in_schema=False, media_type=MediaType.HTML, needs=SIGNED_IN)
async def account_page(office: Page, session: SignedIn) -> Response[str]:
    """All of it on one page."""
    return await _account(office, session)


async def _account(
    office: Office, session: Session, *, status: int = 200, wrong: str = ""
) -> Response[str]:
    database, account = office.installation.database, session.account
    zone, businesses, should = ZoneInfo("UTC"), [], False
    for business_id, role in await members.businesses_of(database, account.account_id):
        try:
            directory = await office.installation.by_id(business_id)
        except NotFoundError:
            continue  # it is gone
        zone, profile_ = directory.zone, directory.business.business
        should = should or role in (Role.OWNER, Role.MANAGER)
        businesses.append((profile_.slug, profile_.name, role_name(role, office.language.words)))
    keys = await passkeys.passkeys_of(database, account.account_id)
    return office.render(
        "account.html",
        status=status,
        wrong=wrong,
        done=office.request.query_params.get("done", ""),
        businesses=businesses,
        should_have_second_factor=should and not account.has_totp and not keys,
        codes_left=await second_factor.recovery_codes_left(database, account.account_id),
        passkeys=[
            (one.passkey_id, one.name, office.language.day(one.created_at.astimezone(zone).date()))
            for one in keys
        ],
        can_have_passkeys=Site(office.base).can_have_passkeys,
        sessions=[
            {
                "id": one.session_id,
                "browser": one.user_agent,
                "seen": office.language.moment(one.seen_at.astimezone(zone)),
                "is_this": one.session_id == session.session_id,
            }
            for one in await sessions.listed(database, account.account_id, now=office.now)
        ],
    )


@post(
    "/account/profile",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def change_profile(
    office: Page, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Another name or language."""
    fields = await form_fields(request)
    try:
        await profile.change_profile(
            office.installation.database,
            session.account.account_id,
            str(fields.get("name") or ""),
            str(fields.get("language") or "") or None,
        )
    except ValidationError:
        _ = office.language.words.gettext
        wrong = _("Please say what to call you, in at most 200 characters.")
        return await _account(office, session, status=422, wrong=wrong)
    return office.redirect(f"{HERE}?done=saved")


@get("/account/password", include_in_schema=False, media_type=MediaType.HTML, needs=SIGNED_IN)
async def password_page(office: Page, session: SignedIn) -> Response[str]:
    """Asks for another password."""
    session.require_proof(office.now)
    return _password(office)


def _password(office: Office, wrong: str = "", status: int = 200) -> Response[str]:
    return office.render("password.html", status=status, wrong=wrong, length_min=LENGTH_MIN)


@post(
    "/account/password",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def change_password(
    office: Page, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Another password; every other session ends."""
    _ = office.language.words.gettext
    try:
        token = await profile.change_password(
            office.installation.database,
            session,
            str((await form_fields(request)).get("password") or ""),
            now=office.now,
        )
    except ValidationError:
        wrong = _(
            "Please choose at least %(count)s characters that nobody guesses, such as a few words "
            "that don't belong together."
        )
        return _password(office, wrong % {"count": LENGTH_MIN}, 422)
    except TryAgainError:
        return _password(office, busy(office), 503)
    cookie.give(request, office.settings, token)
    return office.redirect(f"{HERE}?done=saved")


@get("/account/second-factor", include_in_schema=False, media_type=MediaType.HTML, needs=SIGNED_IN)
async def second_factor_page(office: Page, session: SignedIn) -> Response[str]:
    """The secret for an authenticator app, as a QR code and as text."""
    session.require_proof(office.now)
    return await _second_factor(office, session)


async def _second_factor(
    office: Office, session: Session, wrong: str = "", status: int = 200
) -> Response[str]:
    secret = await second_factor.propose(
        office.installation.database,
        session.account.account_id,
        secret_key=office.settings.secret_key,
    )
    uri = second_factor.provisioning_uri(secret, session.account.email)
    return office.render(
        "second_factor.html",
        status=status,
        wrong=wrong,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        uri=uri,
        qr=qr_code(uri),
    )


@post(
    "/account/second-factor",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def confirm_second_factor(
    office: Page, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str]:
    """Takes the first code; shows the recovery codes, once."""
    session.require_proof(office.now)
    codes = await second_factor.confirm(
        office.installation.database,
        session.account.account_id,
        str((await form_fields(request)).get("code") or ""),
        secret_key=office.settings.secret_key,
        now=office.now,
    )
    if codes is None:
        _ = office.language.words.gettext
        wrong = _(
            "This code isn't right. Please wait for the next one, and look at the clock of "
            "your phone."
        )
        return await _second_factor(office, session, wrong, 422)
    await _rotated(office, session)
    return office.render("recovery_codes.html", codes=codes)


@post(
    "/account/second-factor/off",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def turn_second_factor_off(office: Page, session: SignedIn) -> Redirect:
    """Does without."""
    session.require_proof(office.now)
    await second_factor.turn_off(office.installation.database, session.account.account_id)
    await _rotated(office, session)
    return office.redirect(f"{HERE}?done=saved")


@post(
    "/account/recovery-codes",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def renew_recovery_codes(office: Page, session: SignedIn) -> Response[str]:
    """New ones in place of the old ones, shown once."""
    session.require_proof(office.now)
    if not session.account.has_totp:
        raise NotFoundError("There is no second factor.")
    codes = await second_factor.renew_recovery_codes(
        office.installation.database, session.account.account_id
    )
    return office.render("recovery_codes.html", codes=codes)


@post(
    "/account/sessions/{session_id:uuid}/end",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=SIGNED_IN,
)
async def end_session(office: Page, session: SignedIn, session_id: UUID) -> Redirect:
    """Signs one browser out."""
    if not await sessions.revoke(
        office.installation.database, session.account.account_id, session_id
    ):
        raise NotFoundError("There is no such session.")
    return office.redirect(f"{HERE}?done=saved")


async def _rotated(office: Office, session: Session) -> None:
    """Another id for the session at hand, at once."""
    if token := await sessions.rotate(office.installation.database, session.token):
        cookie.give(office.request, office.settings, token)
        office.session = session.with_token(token)


def qr_code(text: str) -> str:
    """A QR code as SVG that a page can hold: no styles, black on white on dark pages, too."""
    return segno.make(text, micro=False).svg_inline(scale=4, border=3, dark="#000", light="#fff")
