"""Who may open which page of the office: decided before any handler runs, and denied by default.

Each handler says what it needs, by `needs=`: a right in the business of the address, `SIGNED_IN`
for what belongs to an account, `BROWSER` and `ANYONE` for signing in and out. One that says nothing
is shown to nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from bookonce.accounts import members, sessions
from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.accounts.sessions import Session
from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.keys import issue
from bookonce.platform.errors import (
    ForbiddenError,
    MovedError,
    NotFoundError,
    UnauthenticatedError,
)
from bookonce.platform.settings import Settings
from bookonce.web.forms import form_fields
from bookonce.web.office import cookie
from bookonce.web.origin import is_from_here

ANYONE = "anyone"
"""Whoever comes. A form sent there begins a session and acts as none."""
BROWSER = "browser"
"""Whoever comes; but a form of a browser that has a session must be made for it."""
SIGNED_IN = "signed in"
MEMBER = "member"
"""Whoever belongs to the business, whatever their rights."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger("bookonce.web")


async def guard_page(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Let a request for a page pass. A form must be one of ours, made for the session it comes
    with. Raises UnauthenticatedError, ForbiddenError, NotFoundError and MovedError.
    """
    request = _request(connection)
    needs, session = await _recognised(request, handler)
    if request.method not in READING and not _is_free(needs, session):
        sent = str((await form_fields(request)).get("form_token") or "")
        if session is None or not session.owns_form(sent):
            raise _foreign()
    await _admitted(request, needs, session)


def _is_free(needs: Any, session: Session | None) -> bool:
    """Whether a form needs no token."""
    return needs == ANYONE or (needs == BROWSER and session is None)


async def guard_api(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Let a request of a program pass: of one with a key, or of a script of our own pages with its
    session. Raises as `guard_page` does.
    """
    request = _request(connection)
    if (sent := request.headers.get("authorization")) is not None:
        await _admit_key(request, _needs(handler, request), sent)
        return
    needs, session = await _recognised(request, handler)
    await _admitted(request, needs, session)


async def _recognised(
    request: Request[Any, Any, Any], handler: BaseRouteHandler
) -> tuple[Any, Session | None]:
    """What a handler needs, and whose session the request comes with."""
    settings: Settings = request.app.state.settings
    installation: Installation = request.app.state.installation
    needs = _needs(handler, request)
    if request.method not in READING and not is_from_here(request, settings):
        raise _foreign()
    session = None
    if token := cookie.session_token(request, settings):
        session = await sessions.find(installation.database, token, now=datetime.now(UTC))
    # Of pages asked for at once one gives the new id; the others answer as who they were.
    is_due = session is not None and session.is_to_rotate and request.method == "GET"
    if is_due and session and (new := await sessions.rotate(installation.database, session.token)):
        cookie.give(request, settings, new)
        session = session.with_token(new)
    request.state.session = session
    return needs, session


def _needs(handler: BaseRouteHandler, request: Request[Any, Any, Any]) -> Any:
    needs = handler.opt.get("needs")
    if needs is None and request.method != "OPTIONS":  # that is the framework's own handler
        log.error("a page of the office says nobody may see it", path=handler.name)
    if needs is None:
        raise NotFoundError("There is nothing at this address.")
    return needs


async def _admit_key(request: Request[Any, Any, Any], needs: Any, sent: str) -> None:
    """A browser sends no key by itself, so where the request was sent from doesn't matter."""
    scheme, _, secret = sent.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError("Send a key as: Authorization: Bearer bko_…")
    installation: Installation = request.app.state.installation
    key, access = await issue.recognise(
        installation.database, secret.strip(), now=datetime.now(UTC)
    )
    directory = await _directory_of(installation, request.path_params["slug"], key.business_id)
    request.state.session, request.state.directory, request.state.access = None, directory, access
    if needs != MEMBER:
        access.require(Right(needs))


async def _directory_of(installation: Installation, slug: str, business_id: UUID) -> Directory:
    """The business at an address, for a key of this one: another is one that doesn't exist. Raises
    NotFoundError, and MovedError if it has another address now.
    """
    try:
        directory = await installation.current(slug)
    except MovedError as error:
        moved = await installation.current(error.facts["slug"])
        if moved.business_id == business_id:
            raise
        raise NotFoundError("There is no such business.") from None
    if directory.business_id != business_id:
        raise NotFoundError("There is no such business.")
    return directory


async def _admitted(request: Request[Any, Any, Any], needs: Any, session: Session | None) -> None:
    if needs in (ANYONE, BROWSER):
        return
    if session is None or session.lacks_code:
        raise UnauthenticatedError("Sign in first.")
    if needs == SIGNED_IN:
        return
    directory, access = await _belongs(
        request.app.state.installation, session, request.path_params["slug"]
    )
    request.state.directory, request.state.access = directory, access
    if needs != MEMBER:
        access.require(Right(needs))


async def _belongs(
    installation: Installation, session: Session, slug: str
) -> tuple[Directory, Access]:
    """The business at an address and what the account may do there. A business that it doesn't
    belong to is one that doesn't exist, whatever it is called now. Raises NotFoundError, and
    MovedError to a member of a business that has another address now.
    """
    moved: MovedError | None = None
    try:
        directory = await installation.current(slug)
    except MovedError as error:
        moved = error
        directory = await installation.current(error.facts["slug"])
    access = await members.access_of(installation.database, directory.business_id, session.account)
    if access is None:
        raise NotFoundError("There is no such business.")
    if moved is not None:
        raise moved
    return directory, access


def _request(connection: ASGIConnection[Any, Any, Any, Any]) -> Request[Any, Any, Any]:
    assert isinstance(connection, Request)
    return connection


def _foreign() -> ForbiddenError:
    return ForbiddenError(
        "This form wasn't sent from a page of this session. Open the page again, then send it."
    )
