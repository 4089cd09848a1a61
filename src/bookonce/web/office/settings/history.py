"""The versions of a business: who changed what and when, and the way back."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.booking.change_business import Applied
from bookonce.business import versions
from bookonce.business.change import Entry
from bookonce.platform.errors import ValidationError, VersionConflictError
from bookonce.web.errors import STATUS
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.settings.changes import meanwhile, told_changes, who
from bookonce.web.office.settings.forms import FORM, PAGE
from bookonce.web.office.settings.save import ANYWAY, LOOK, save
from bookonce.web.office.settings.sent import Sent, known_version
from bookonce.web.office.settings.show import elsewhere, home, nav, told_unfit

ENTRIES_MAX = 30
PATH = "/{slug:str}/settings/history"


@get(PATH, **PAGE)
async def history_page(office: Page, access: Admitted) -> Response[str]:
    """The versions, the newest first, a page at a time."""
    directory = office.business
    text = office.request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
    found = await versions.history(
        office.installation.database, directory.business_id, ENTRIES_MAX + 1, before=before
    )
    shown, rest = found[:ENTRIES_MAX], found[ENTRIES_MAX:]
    return office.render(
        "settings/templates/history.html",
        nav=nav(office, access),
        here="history",
        base=f"{home(office)}/history",
        versions=[_entry(office, each) for each in shown],
        current=directory.version,
        older=shown[-1].version if rest else None,
    )


def _entry(office: Office, entry: Entry) -> dict[str, Any]:
    reader, directory = office.language, office.business
    return {
        "version": entry.version,
        "when": reader.moment(entry.at.astimezone(directory.zone)),
        "machine_when": entry.at.isoformat(),
        "who": who(entry.actor, reader.words),
        "changes": told_changes(entry.changes, directory.business, reader),
    }


@get(f"{PATH}/{{version:int}}", **PAGE)
async def version_page(office: Page, access: Admitted, version: int) -> Response[str]:
    """A version: what going back to it would change, and what would no longer fit."""
    current = office.business.version
    try:
        looked = await _back(office, access, version, current, dry=True)
    except (ValidationError, VersionConflictError) as error:
        return _page(office, access, version, None, error)
    return _page(office, access, version, looked)


@post(f"{PATH}/{{version:int}}/restoration", **FORM)
async def restore_by_form(
    office: Page, access: Admitted, version: int, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Goes back to a version, by making a new one that says the same."""
    sent = await Sent.of(request)
    known = known_version(sent, office.business.version)
    try:
        applied = await _back(office, access, version, known, dry=False)
    except (ValidationError, VersionConflictError) as error:
        return _page(office, access, version, None, error)
    office.directory = await office.installation.by_id(office.business.business_id)
    return office.redirect(f"{home(office)}/history?saved={applied.version}")


async def _back(office: Office, access: Access, version: int, known: int, *, dry: bool) -> Applied:
    database, business_id = office.installation.database, office.business.business_id
    then = await versions.document(database, business_id, version)
    return await save(office, access, known, versions.instead(then), LOOK if dry else ANYWAY)


def _page(
    office: Office,
    access: Access,
    version: int,
    looked: Applied | None,
    refused: ValidationError | VersionConflictError | None = None,
) -> Response[str]:
    business, reader = office.business.business, office.language
    conflict = refused if isinstance(refused, VersionConflictError) else None
    return office.render(
        "settings/templates/version.html",
        status=STATUS[refused.code] if refused else 200,
        nav=nav(office, access),
        here="history",
        base=f"{home(office)}/history",
        number=version,
        changes=told_changes(looked.changes, business, reader) if looked else [],
        unfit=told_unfit(office, looked.unfit) if looked else [],
        can_restore=looked is not None and bool(looked.changes),
        version=office.business.version,
        since=meanwhile(conflict.facts["since"], business, reader) if conflict else [],
        others=[
            elsewhere(office, each)
            for each in (refused.errors if isinstance(refused, ValidationError) else [])
        ],
    )


HANDLERS = [history_page, version_page, restore_by_form]
