"""Pictures: sent as files by forms of their own, and kept in the document."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from bookonce.business.logos import Logo
from bookonce.business.pictures import COVER, OF_SERVICE, PORTRAIT, UPLOAD_BYTES_MAX, Frame, kept
from bookonce.platform.errors import NotFoundError, ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.settings.forms import FORM, section_at, shown_form
from bookonce.web.office.settings.parts import Part
from bookonce.web.office.settings.save import ANYWAY, save
from bookonce.web.office.settings.sections import PICTURES
from bookonce.web.office.settings.show import address
from bookonce.web.office.settings.told import wrong

FRAMES = {"page": COVER, "staff": PORTRAIT, "service": OF_SERVICE}
"""How large the pictures of a table are kept; a logo stays as it is."""
SIGNATURES = (
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/webp", b"RIFF"),
)
"""How pictures begin; one that begins otherwise is taken for a drawing, and refused if it isn't."""
FORM_BYTES_MAX = UPLOAD_BYTES_MAX + 64 * 1024


@post(
    "/{slug:str}/settings/picture",
    takes_file=True,
    **FORM | {"request_max_body_size": FORM_BYTES_MAX},
)
async def change_picture(
    office: Page, access: Admitted, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Puts a picture in the place of the one that was there, or none."""
    fields = await form_fields(request)
    section = section_at(office, access, str(fields.get("_section") or ""))
    part = Part(section, str(fields.get("_key") or "") if section.is_list else None)
    name, sent = str(fields.get("_name") or ""), fields.get("picture")
    if name not in PICTURES.get(section.struct, ()):
        raise NotFoundError("There is no such picture.")
    frame = None if name == "logo" else FRAMES[section.table]
    try:
        picture = None
        if fields.get("_do") != "remove":
            content = await sent.read() if isinstance(sent, UploadFile) else b""
            picture = await asyncio.to_thread(as_kept, content, frame)
        applied = await save(office, access, None, part.setting(name, picture), ANYWAY)
    except ValidationError as error:
        problem = error.errors[0].message
    except ValueError as error:
        problem = str(error)
    else:
        return office.redirect(f"{address(office, part)}?saved={applied.version}")
    told = wrong(problem, office.language.words)
    return shown_form(office, access, part, picture_errors={name: told})


def as_kept(content: bytes, frame: Frame | None) -> str:
    """A picture as the document has it. Raises ValueError saying what is wrong with it."""
    media_type = next(
        (kind for kind, begins in SIGNATURES if content.startswith(begins)), "image/svg+xml"
    )
    text = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
    if frame is not None:
        return kept(text, frame)
    Logo.parse(text)
    return text


HANDLERS = [change_picture]
