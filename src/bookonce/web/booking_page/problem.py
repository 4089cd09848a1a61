"""A refusal that no step of a booking can show."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response

from bookonce.platform.errors import BookonceError, MovedError
from bookonce.web import errors
from bookonce.web.errors import STATUS
from bookonce.web.languages import Language, language
from bookonce.web.templates import render


def refused(
    request: Request[Any, Any, Any], error: BookonceError
) -> Response[str] | Response[bytes]:
    """A refusal that no page could show: for people in their language, for programs as such."""
    is_moved = isinstance(error, MovedError)
    if is_moved or MediaType.HTML not in request.headers.get("accept", ""):
        return errors.refused(request, error)
    spoken = language(None, request.headers.get("accept-language"), "en")
    _ = spoken.words.gettext
    status = STATUS[error.code]
    if status == 404:
        text = _("The address may be mistyped, or what was here is gone.")
        return _page(spoken, status, _("There is nothing here"), text)
    return _page(spoken, status, _("That didn't work"), _("Please try again in a moment."))


def too_many_requests(accept_language: str | None, wait_s: int) -> Response[str]:
    """Tells people that they were too quick, and for how long to wait."""
    spoken = language(None, accept_language, "en")
    _ = spoken.words.gettext
    text = _(
        "There were too many requests from your network. Nothing is lost: "
        "please wait %(seconds)s seconds, go back and send the form once more."
    ) % {"seconds": wait_s}
    return _page(spoken, 429, _("That didn't work"), text)


def _page(spoken: Language, status: int, heading: str, text: str) -> Response[str]:
    return render(
        "problem.html", spoken, status=status, business=None, embed=None, languages=[],
        heading=heading, text=text,
    )  # fmt: skip
