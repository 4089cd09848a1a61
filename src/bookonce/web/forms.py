"""Reading forms of pages."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures.multi_dicts import FormMultiDict
from litestar.exceptions import HTTPException

from bookonce.platform.errors import ForbiddenError
from bookonce.web.origin import is_from_here
from bookonce.web.requests import media_type_of

FORM = "application/x-www-form-urlencoded"
WITH_FILE = "multipart/form-data"


async def form_fields(request: Request[Any, Any, Any]) -> FormMultiDict:
    """The fields of a form of our pages, as text; none if nothing was sent.

    Pages send forms in one encoding, so no other is read: what a part of several may be (a file, a
    text in any of a hundred encodings) isn't what handlers are made for. One that says
    `takes_file=True` is read in parts, too. Raises HTTPException (415), and ForbiddenError if a page
    of another site sent it: its visitors would do what they don't know of.
    """
    if not is_from_here(request, request.app.state.settings):
        raise ForbiddenError("This form was sent from another site. Open our page, then send it.")
    takes_file = bool(request.route_handler.opt.get("takes_file"))
    expected = WITH_FILE if takes_file else FORM
    if await request.body() and media_type_of(request) not in (FORM, expected):
        named = media_type_of(request) or "nothing"
        raise HTTPException(status_code=415, detail=f"Send the form as {expected}, not {named}.")
    try:
        return await request.form()
    except (LookupError, UnicodeError, ValueError) as error:  # a part in an encoding of its own
        raise HTTPException(status_code=415, detail="Send the form as UTF-8.") from error
