"""Refusals that no step of a booking can show: for people a page in their language, for programs
problem details.
"""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import HTTPException, NotFoundException
from litestar.response import Redirect
from litestar.types import Receive, Scope, Send

from bookonce.business import business_rows
from bookonce.business.checks import RESERVED_SLUGS
from bookonce.platform.errors import BookonceError, MovedError, NotFoundError, RateLimitedError
from bookonce.platform.languages import Language, language
from bookonce.web import errors
from bookonce.web.booking_page.visit import Visit
from bookonce.web.client_address import header
from bookonce.web.dependencies import Here
from bookonce.web.errors import STATUS
from bookonce.web.templates import render

PROGRAMS = ("/api/", "/schema", "/webhooks/")
"""What these paths begin with is for programs, whatever they accept."""


@get("/", include_in_schema=False)
async def front_page(
    request: Request[Any, Any, Any], installation: Here
) -> Response[str] | Redirect:
    """The business, if there is only one; else what this is, for people who have no business's
    address.
    """
    slug = await installation.database.run(business_rows.only_slug)
    if slug is not None:
        return Redirect(f"/{slug}", status_code=302)
    if not _is_for_people(request):
        raise NotFoundException
    spoken = _spoken(request)
    _ = spoken.words.gettext
    text = _(
        "Salons, studios and practices take bookings here, each on a page of its own. To book with "
        "one, please use the address that it gave you."
    )
    return _page(spoken, 200, _("Appointments, booked online"), text)


@get(
    ["/{slug:str}/{rest:path}", "/{slug:str}/a", "/{slug:str}/a/{token:str}/{rest:path}"],
    include_in_schema=False,
)
async def nothing_below(
    slug: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str]:
    """Whatever else is asked for below a business's address, such as half of a link."""
    if slug in RESERVED_SLUGS:
        raise NotFoundException
    visit = await Visit.of(request, installation, slug, request.query_params)
    raise NotFoundError("There is nothing at this address.", visit=visit)


def refused(
    request: Request[Any, Any, Any], error: BookonceError
) -> Response[str] | Response[bytes]:
    """A refusal that no page could show. `facts["visit"]` is of whose page, if that is known."""
    if isinstance(error, MovedError) or not _is_for_people(request):
        return errors.refused(request, error)
    if isinstance(error, RateLimitedError):
        answer = errors.refused(request, error)
        spoken = header(request.scope, b"accept-language")
        page = too_many_requests(spoken, error.facts["wait_s"])
        page.headers["Retry-After"] = answer.headers["Retry-After"]
        return page
    return _told(request, STATUS[error.code], error.facts.get("visit"))


def refused_by_framework(
    request: Request[Any, Any, Any], error: HTTPException
) -> Response[str] | Response[bytes]:
    """A refusal before any of our code was reached."""
    answer = errors.refused_by_framework(request, error)
    return _told(request, answer.status_code or 500) if _is_for_people(request) else answer


def crashed(request: Request[Any, Any, Any], error: Exception) -> Response[str] | Response[bytes]:
    """A fault of ours."""
    answer = errors.crashed(request, error)
    return _told(request, answer.status_code or 500) if _is_for_people(request) else answer


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """A 404 for addresses that no file or row could have."""
    request: Request[Any, Any, Any] = Request(scope)
    response: Response[Any] = errors.problem(404, "NOT_FOUND", "There is nothing at this address.")
    if _is_for_people(request):
        response = _told(request, 404)
    await response.to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]


async def no_such_host(scope: Scope, receive: Receive, send: Send) -> None:
    """A 400 for requests that are meant for a host that there can't be."""
    response = errors.problem(400, "VALIDATION", "The Host header names no host.")
    await response.to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]


def too_many_requests(accept_language: str | None, wait_s: int) -> Response[str]:
    """Tells people that they were too quick, and for how long to wait."""
    spoken = language(None, accept_language, "en")
    _ = spoken.words.gettext
    text = _(
        "Many requests came from your network in a short time. Nothing is lost: please try again "
        "in %(time)s."
    ) % {"time": spoken.seconds(wait_s)}
    more = _("Go back in your browser: what you typed is still there.")
    return _page(spoken, 429, _("That didn't work yet"), text, more)


def _is_for_people(request: Request[Any, Any, Any]) -> bool:
    scope = request.scope
    accepted = header(scope, b"accept") or ""
    return MediaType.HTML in accepted and not scope["path"].startswith(PROGRAMS)


def _spoken(request: Request[Any, Any, Any]) -> Language:
    chosen = request.query_params.get("lang")
    return language(chosen, header(request.scope, b"accept-language"), "en")


def _told(
    request: Request[Any, Any, Any], status: int, visit: Visit | None = None
) -> Response[str]:
    spoken = visit.language if visit else _spoken(request)
    _ = spoken.words.gettext
    if status in (404, 405):
        heading = _("There is nothing here")
        text = _("The address may be mistyped, or what was here is gone.")
    else:
        heading, text = _("That didn't work"), _("Please try again in a moment.")
    if visit is None:
        return _page(spoken, status, heading, text)
    return visit.render("problem.html", status=status, heading=heading, text=text, more="")


def _page(spoken: Language, status: int, heading: str, text: str, more: str = "") -> Response[str]:
    return render(
        "problem.html", spoken, status=status, business=None, embed=None, languages=[],
        contact=[], home="", heading=heading, text=text, more=more,
    )  # fmt: skip
