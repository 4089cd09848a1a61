"""What the office shows instead of a page that is refused."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.response import Redirect

from bookonce.accounts.roles import Right
from bookonce.platform.errors import (
    BookonceError,
    ForbiddenError,
    MovedError,
    ProofRequiredError,
    TryAgainError,
    UnauthenticatedError,
)
from bookonce.web import errors
from bookonce.web.errors import STATUS
from bookonce.web.office.page import Office
from bookonce.web.office.return_to import HOME, came_from, with_return
from bookonce.web.office.words import right_name


def refused(
    request: Request[Any, Any, Any], error: BookonceError
) -> Response[str] | Response[bytes] | Redirect:
    """A refusal, as a page in the reader's language."""
    office = Office.of(request)
    _ = office.language.words.gettext
    there = office.here if request.method == "GET" else came_from(request)
    if isinstance(error, UnauthenticatedError):
        return office.redirect(with_return(HOME, there))
    if isinstance(error, ProofRequiredError):
        return office.redirect(with_return("/office/account/proof", there))
    if isinstance(error, MovedError):
        return errors.refused(request, error)
    status = STATUS[error.code]
    heading, text = _("That didn't work"), _("Please try again in a moment.")
    if status == 404:
        heading = _("There is nothing here")
        text = _("The address may be mistyped, or what was here is gone.")
    elif isinstance(error, ForbiddenError):
        heading, text = _("You may not do this"), _forbidden(office, error)
    elif not isinstance(error, TryAgainError):
        text = error.detail
    return office.render("problem.html", status=status, heading=heading, text=text)


def _forbidden(office: Office, error: ForbiddenError) -> str:
    _ = office.language.words.gettext
    if name := error.facts.get("right"):
        text = _("Your role lacks the right “%(right)s”. An owner of the business can give it.")
        return text % {"right": right_name(Right(name), office.language.words)}
    if error.facts.get("is_opening"):
        return _("You may not open a business here. Whoever runs the installation may let you.")
    if error.facts.get("is_rank"):
        return _("Nobody can give or take more than they may do themselves.")
    return _("This form is out of date. Go back, load the page again and send it once more.")
