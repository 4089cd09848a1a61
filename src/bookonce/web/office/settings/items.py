"""Things of a list taken out and put in order."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.booking.fit import Unfit
from bookonce.platform.errors import FieldError, ValidationError, VersionConflictError
from bookonce.web.errors import STATUS
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.settings.changes import meanwhile
from bookonce.web.office.settings.forms import FORM, PAGE, PATH, list_section
from bookonce.web.office.settings.lists import list_page
from bookonce.web.office.settings.parts import Part, PartError
from bookonce.web.office.settings.save import ANYWAY, LOOK, save
from bookonce.web.office.settings.sent import Sent, known_version
from bookonce.web.office.settings.show import address, elsewhere, heading, home, nav, told_unfit
from bookonce.web.office.settings.words import section_names

STEPS = {"earlier": -1, "later": 1}


@get(f"{PATH}/items/{{key:str}}/removal", **PAGE)
async def removal_page(office: Page, access: Admitted, section: str, key: str) -> Response[str]:
    """Asks whether it is meant, with the appointments that would no longer fit."""
    part = Part(list_section(office, access, section), key)
    part.value(office.business.business)  # it is there
    version = office.business.version
    try:
        looked = await save(office, access, version, part.removal(), LOOK)
    except (ValidationError, VersionConflictError) as error:
        return _page(office, access, part, [], error)
    return _page(office, access, part, looked.unfit)


@post(f"{PATH}/items/{{key:str}}/removal", **FORM)
async def remove_by_form(
    office: Page, access: Admitted, section: str, key: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Takes it out: nobody can book it any more; what was booked stays."""
    part = Part(list_section(office, access, section), key)
    sent = await Sent.of(request)
    version = known_version(sent, office.business.version)
    try:
        applied = await save(office, access, version, part.removal(), ANYWAY)
    except (ValidationError, VersionConflictError) as error:
        return _page(office, access, part, [], error)
    return office.redirect(f"{home(office)}/{part.section.path}?saved={applied.version}")


def _page(
    office: Office,
    access: Access,
    part: Part,
    unfit: list[Unfit],
    refused: ValidationError | VersionConflictError | None = None,
) -> Response[str]:
    business, reader = office.business.business, office.language
    since = refused.facts["since"] if isinstance(refused, VersionConflictError) else []
    return office.render(
        "settings/templates/removal.html",
        status=STATUS[refused.code] if refused else 200,
        nav=nav(office, access),
        here=part.section.path,
        section=section_names(reader.words)[part.section.path],
        heading=heading(part, business),
        action=f"{address(office, part)}/removal",
        back=address(office, part),
        version=refused.facts["version"] if since else office.business.version,  # type: ignore[union-attr]
        unfit=told_unfit(office, unfit),
        since=meanwhile(since, business, reader),
        others=[elsewhere(office, each) for each in _errors(refused)],
    )


def _errors(refused: ValidationError | VersionConflictError | None) -> list[FieldError]:
    if isinstance(refused, PartError):
        return refused.others
    return refused.errors if isinstance(refused, ValidationError) else []


@post(f"{PATH}/items/{{key:str}}/place", **FORM)
async def move_by_form(
    office: Page, access: Admitted, section: str, key: str, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Has it come earlier or later in its list. Whatever others changed meanwhile stays."""
    part = Part(list_section(office, access, section), key)
    step = STEPS.get(str((await form_fields(request)).get("_do") or ""), 0)
    try:
        await save(office, access, None, part.moved(step), ANYWAY)
    except ValidationError as error:
        return list_page(office, access, part.section, error.detail, STATUS[error.code])
    return office.redirect(f"{home(office)}/{part.section.path}")


HANDLERS = [removal_page, remove_by_form, move_by_form]
