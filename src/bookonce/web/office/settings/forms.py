"""The forms of the settings: a section, a thing in a list, a new one."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.change import Edit
from bookonce.platform.errors import (
    NotFoundError,
    UnfitError,
    ValidationError,
    VersionConflictError,
)
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.settings.beside import Beside, beside
from bookonce.web.office.settings.derive import defaults_of
from bookonce.web.office.settings.lists import list_page
from bookonce.web.office.settings.parts import Part, read
from bookonce.web.office.settings.preview import previews
from bookonce.web.office.settings.save import ANYWAY, STRICT, save
from bookonce.web.office.settings.sections import BY_PATH, Section, form_of
from bookonce.web.office.settings.sent import Sent, known_version
from bookonce.web.office.settings.show import Filled, address, form_page, home, unfit_page
from bookonce.web.office.settings.typed import Typed

FORM_BYTES_MAX = 1024 * 1024
"""A business may have many texts of its own."""
PATH = "/{slug:str}/settings/{section:str}"
PAGE: dict[str, Any] = {
    "include_in_schema": False,
    "media_type": MediaType.HTML,
    "needs": Right.SETTINGS,
}
FORM: dict[str, Any] = PAGE | {"status_code": 200, "request_max_body_size": FORM_BYTES_MAX}


@get(PATH, **PAGE)
async def section_page(office: Page, access: Admitted, section: str) -> Response[str]:
    """A section: its form, or what is listed in it."""
    found = section_at(office, access, section)
    if found.is_list:
        return list_page(office, access, found)
    return shown_form(office, access, Part(found))


@post(PATH, **FORM)
async def change_section(
    office: Page, access: Admitted, section: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Saves a section."""
    found = section_at(office, access, section)
    if found.is_list:
        raise NotFoundError("There is nothing at this address.")
    return await _change(office, access, Part(found), request)


@get(f"{PATH}/new", **PAGE)
async def new_page(office: Page, access: Admitted, section: str) -> Response[str]:
    """Asks for a new thing."""
    return shown_form(office, access, Part(list_section(office, access, section), is_new=True))


@post(f"{PATH}/new", **FORM)
async def add_by_form(
    office: Page, access: Admitted, section: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Adds a thing to a list."""
    part = Part(list_section(office, access, section), is_new=True)
    return await _change(office, access, part, request)


@get(f"{PATH}/items/{{key:str}}", **PAGE)
async def item_page(office: Page, access: Admitted, section: str, key: str) -> Response[str]:
    """One thing of a list."""
    part = Part(list_section(office, access, section), key)
    return shown_form(office, access, part, aside=await beside(office, part))


@post(f"{PATH}/items/{{key:str}}", **FORM)
async def change_item(
    office: Page, access: Admitted, section: str, key: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Saves one thing of a list."""
    return await _change(office, access, Part(list_section(office, access, section), key), request)


def section_at(office: Office, access: Access, path: str) -> Section:
    """The section at an address. Raises NotFoundError, and ForbiddenError if it takes a right of
    its own.
    """
    if path not in BY_PATH:
        raise NotFoundError("There is no such section of the settings.")
    section = BY_PATH[path]
    if section.is_money:
        access.require(Right.MONEY)
        assert office.session is not None
        office.session.require_proof(office.now)
    return section


def list_section(office: Office, access: Access, path: str) -> Section:
    """The section at an address, which must be a list. Raises as `section_at` does."""
    section = section_at(office, access, path)
    if not section.is_list:
        raise NotFoundError("There is nothing at this address.")
    return section


def shown_form(
    office: Office,
    access: Access,
    part: Part,
    *,
    picture_errors: dict[str, str] | None = None,
    aside: Beside | None = None,
) -> Response[str]:
    """The form with what the document says."""
    directory = office.business
    group = form_of(part.section, directory.business)
    typed = Typed(group.write("", _shown_value(part, office)))
    filled = Filled(part, typed, directory.version, aside=aside)
    return form_page(office, access, filled, saved=_saved(office), picture_errors=picture_errors)


def _shown_value(part: Part, office: Office) -> dict[str, Any]:
    """What the document says, with the defaults of what it leaves out."""
    value = part.value(office.business.business)
    return defaults_of(part.section.struct) | value


def _saved(office: Office) -> int | None:
    """The version that was just saved, if the address says so and it is the one that is shown."""
    text = office.request.query_params.get("saved", "")
    return office.business.version if text == str(office.business.version) else None


async def _change(
    office: Office, access: Access, part: Part, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Do what a form says: save, save anyway, go back, copy hours, show more rows."""
    directory, sent = office.business, await Sent.of(request)
    _ = office.language.words.gettext
    group = form_of(part.section, directory.business)
    filled = Filled(part, sent.typed, known_version(sent, directory.version), sent.spare)
    if sent.verb == "copy":
        sent.copy_day()
        filled.note = _("The hours are copied. Nothing is saved yet.")
    if sent.verb not in ("save", "anyway", "preview"):
        return form_page(office, access, filled)
    values = read(group, sent.typed, part, part.taken(directory.business))
    edit = part.edit(group, values)
    if sent.verb == "preview":
        return _preview(office, access, filled, edit)
    return await make(office, access, filled, edit, is_sure=sent.verb == "anyway")


def _preview(office: Office, access: Access, filled: Filled, edit: Edit) -> Response[str]:
    """The form with the messages that its words make; nothing is saved."""
    try:
        filled.previews = previews(
            edit(office.business.business), office.language.words, office.now
        )
    except ValidationError as error:
        return form_page(office, access, filled, error)
    return form_page(office, access, filled)


async def make(
    office: Office, access: Access, filled: Filled, edit: Edit, *, is_sure: bool
) -> Response[str] | Redirect:
    """Save, or show the form again with what is in the way."""
    try:
        applied = await save(office, access, filled.version, edit, ANYWAY if is_sure else STRICT)
    except UnfitError as error:
        return unfit_page(office, access, filled, error)
    except (ValidationError, VersionConflictError) as error:
        return form_page(office, access, filled, error)
    office.directory = await office.installation.by_id(office.business.business_id)
    part = filled.part
    there = f"{home(office)}/{part.section.path}" if part.is_new else address(office, part)
    return office.redirect(f"{there}?saved={applied.version}")


HANDLERS = [section_page, change_section, new_page, add_by_form, item_page, change_item]
