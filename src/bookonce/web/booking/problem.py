"""A refusal that no step of a booking can show."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response

from bookonce.core.errors import BookonceError
from bookonce.web import errors
from bookonce.web.errors import STATUS
from bookonce.web.languages import language
from bookonce.web.templates import render


def refused(
    request: Request[Any, Any, Any], error: BookonceError
) -> Response[str] | Response[bytes]:
    """A refusal that no page could show: for people in their language, for programs as such."""
    if MediaType.HTML not in request.headers.get("accept", ""):
        return errors.refused(request, error)
    spoken = language(None, request.headers.get("accept-language"), "en")
    _ = spoken.words.gettext
    status = STATUS[error.code]
    heading = _("There is nothing here") if status == 404 else _("That didn't work")
    text = (
        _("The address may be mistyped, or what was here is gone.")
        if status == 404
        else _("Please try again in a moment.")
    )
    return render(
        "problem.html", spoken, status=status, business=None, embed=None, languages=[],
        heading=heading, text=text,
    )  # fmt: skip
