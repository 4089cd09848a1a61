"""The front door: `/office` for whoever comes, the second factor, and signing out."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts import members, sessions
from bookonce.accounts.passkeys import Site
from bookonce.accounts.sessions import Session
from bookonce.accounts.sign_in import show_code, sign_in
from bookonce.platform.errors import NotFoundError, SlowDownError, TryAgainError
from bookonce.web.forms import form_fields
from bookonce.web.office import cookie
from bookonce.web.office.dependencies import Caller, Page
from bookonce.web.office.guard import ANYONE, BROWSER
from bookonce.web.office.page import Office
from bookonce.web.office.return_to import HOME, return_to
from bookonce.web.office.words import role_name


@get("/", include_in_schema=False, media_type=MediaType.HTML, needs=ANYONE)
async def front_door(office: Page) -> Response[str] | Redirect:
    """One's business, or a choice of them; signing in for whoever isn't."""
    session = office.session
    there = return_to(office.request.query_params.get("next"))
    if session is None:
        return sign_in_page(office, there)
    if session.lacks_code:
        return _code_page(office, there)
    return office.redirect(there) if there != HOME else await _choose(office, session)


async def _choose(office: Office, session: Session) -> Response[str] | Redirect:
    database = office.installation.database
    found = []
    for business_id, role in await members.businesses_of(database, session.account.account_id):
        try:
            directory = await office.installation.by_id(business_id)
        except NotFoundError:
            continue  # it is gone
        business = directory.business.business
        found.append((business.slug, business.name, role_name(role, office.language.words)))
    if len(found) == 1 and "all" not in office.request.query_params:
        return office.redirect(f"/office/{found[0][0]}")
    if not found and session.account.may_open:
        return office.redirect("/office/account/open")
    return office.render("choose.html", businesses=sorted(found, key=lambda one: one[1].lower()))


@post("/", include_in_schema=False, media_type=MediaType.HTML, status_code=200, needs=ANYONE)
async def sign_in_by_form(
    office: Page, browser: Caller, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Signs in with a password."""
    fields = await form_fields(request)
    email, password = str(fields.get("email") or ""), str(fields.get("password") or "")
    there = return_to(str(fields.get("next") or ""))
    _ = office.language.words.gettext
    try:
        begun = await sign_in(
            office.installation.database, email, password, browser, now=office.now
        )
    except SlowDownError as error:
        return slowed_down(error, sign_in_page(office, there, email, too_often(office, error), 429))
    except TryAgainError:
        return sign_in_page(office, there, email, busy(office), 503)
    if begun is None:
        wrong = _("This address and this password don't go together.")
        return sign_in_page(office, there, email, wrong, 422)
    cookie.give(request, office.settings, begun.token)
    if begun.lacks_code:
        return office.redirect(HOME if there == HOME else f"{HOME}?next={there}")
    return office.redirect(there)


@post(
    "/account/code",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    needs=BROWSER,
)
async def show_code_by_form(
    office: Page, browser: Caller, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Shows the code of the second factor."""
    fields, session = await form_fields(request), office.session
    there = return_to(str(fields.get("next") or ""))
    _ = office.language.words.gettext
    if session is None or not session.lacks_code:
        return office.redirect(HOME)
    try:
        token = await show_code(
            office.installation.database,
            session,
            str(fields.get("code") or ""),
            browser,
            secret_key=office.settings.secret_key,
            now=office.now,
        )
    except SlowDownError as error:
        return slowed_down(error, _code_page(office, there, too_often(office, error), 429))
    if token is None:
        return _code_page(office, there, _("This code isn't right, or was used already."), 422)
    cookie.give(request, office.settings, token)
    return office.redirect(there)


@post("/account/sign-out", include_in_schema=False, status_code=200, needs=BROWSER)
async def sign_out_by_form(office: Page, request: Request[Any, Any, Any]) -> Redirect:
    """Signs out here, or everywhere."""
    session = office.session
    if session is not None:
        database = office.installation.database
        if (await form_fields(request)).get("everywhere"):
            await sessions.sign_out_everywhere(database, session.account.account_id)
        await sessions.sign_out(database, session.token)
    cookie.give(request, office.settings, None)
    return office.redirect(HOME)


def sign_in_page(
    office: Office, there: str, email: str = "", wrong: str = "", status: int = 200
) -> Response[str]:
    """Asks for address and password."""
    return office.render(
        "sign_in.html",
        status=status,
        next=there,
        email=email,
        wrong=wrong,
        can_have_passkeys=Site(office.base).can_have_passkeys,
    )


def _code_page(office: Office, there: str, wrong: str = "", status: int = 200) -> Response[str]:
    return office.render("code.html", status=status, next=there, wrong=wrong)


def too_often(office: Office, error: SlowDownError) -> str:
    """That somebody has to wait, and for how long."""
    _ = office.language.words.gettext
    text = _("Several tries went wrong. Please wait %(time)s, then try again.")
    return text % {"time": office.language.seconds(error.facts["wait_s"])}


def busy(office: Office) -> str:
    """That many people sign in just now."""
    _ = office.language.words.gettext
    return _("Many people are signing in. Please try again in a moment.")


def slowed_down(error: SlowDownError, page: Response[str]) -> Response[str]:
    """A page with the time to wait, for programs."""
    page.headers["Retry-After"] = str(error.facts["wait_s"])
    return page
