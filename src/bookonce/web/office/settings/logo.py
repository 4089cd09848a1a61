"""The logo: a picture that is sent as a file, and kept in the document."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from bookonce.business.document import Business
from bookonce.business.logos import BYTES_MAX, Logo
from bookonce.platform.errors import ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.settings.forms import FORM, shown_form
from bookonce.web.office.settings.parts import Part
from bookonce.web.office.settings.save import ANYWAY, save
from bookonce.web.office.settings.sections import BY_PATH
from bookonce.web.office.settings.show import home
from bookonce.web.office.settings.told import wrong

SIGNATURES = (
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/webp", b"RIFF"),
)
"""How pictures begin; one that begins otherwise is taken for a drawing, and refused if it isn't."""


@post("/{slug:str}/settings/logo", takes_file=True, **FORM)
async def change_logo(
    office: Page, access: Admitted, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Puts a picture in the place of the one that was there, or none."""
    fields = await form_fields(request)
    sent = fields.get("logo")
    try:
        logo = None
        if fields.get("_do") != "remove":
            logo = as_data_url(
                await sent.read(BYTES_MAX + 1) if isinstance(sent, UploadFile) else b""
            )
        applied = await save(office, access, None, _with_logo(logo), ANYWAY)
    except ValidationError as error:
        return _again(office, access, error.errors[0].message)
    except ValueError as error:
        return _again(office, access, str(error))
    return office.redirect(f"{home(office)}/page?saved={applied.version}")


def _again(office: Page, access: Admitted, message: str) -> Response[str]:
    told = wrong(message, office.language.words)
    return shown_form(office, access, Part(BY_PATH["page"]), logo_error=told)


def _with_logo(logo: str | None) -> Any:
    def edit(business: Business) -> Business:
        page = msgspec.structs.replace(business.page, logo=logo)
        return msgspec.structs.replace(business, page=page)

    return edit


def as_data_url(content: bytes) -> str:
    """A picture as the document has it. Raises ValueError saying what is wrong with it."""
    media_type = next(
        (kind for kind, begins in SIGNATURES if content.startswith(begins)), "image/svg+xml"
    )
    text = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    Logo.parse(text)
    return text


HANDLERS = [change_logo]
