"""The pages of a form of the settings: the form itself, and the question whether to save anyway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Response

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.fit import Unfit
from bookonce.business.document import Business
from bookonce.payments.providers.configured import provider_names
from bookonce.platform.errors import (
    BookonceError,
    FieldError,
    UnfitError,
    ValidationError,
    VersionConflictError,
)
from bookonce.web.errors import STATUS
from bookonce.web.office.page import Office
from bookonce.web.office.settings.beside import Beside
from bookonce.web.office.settings.changes import meanwhile
from bookonce.web.office.settings.choices import Choices
from bookonce.web.office.settings.parts import Part, related
from bookonce.web.office.settings.preview import Preview
from bookonce.web.office.settings.sections import ADVANCED, BY_TABLE, SECTIONS, form_of
from bookonce.web.office.settings.shown_pictures import shown_pictures
from bookonce.web.office.settings.told import misfits, wrong
from bookonce.web.office.settings.typed import Typed
from bookonce.web.office.settings.view import Form, Shown, names_of, placed
from bookonce.web.office.settings.words import section_names, section_summaries

_IN_LIST = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass
class Filled:
    """A form with what stands in it. `version` is that of the business which it was made for."""

    part: Part
    typed: Typed
    version: int
    spare: dict[str, int] = field(default_factory=dict)
    note: str = ""
    """What to say above it, such as that hours were copied and nothing is saved yet."""
    previews: list[Preview] = field(default_factory=list)
    aside: Beside | None = None


def home(office: Office) -> str:
    """Where the settings of the business are."""
    return f"/office/{office.business.slug}/settings"


def address(office: Office, part: Part) -> str:
    """Where the form of a part is."""
    base = f"{home(office)}/{part.section.path}"
    if part.is_new:
        return f"{base}/new"
    return f"{base}/items/{part.key}" if part.section.is_list else base


def nav(office: Office, access: Access) -> list[tuple[str, str, str]]:
    """The sections that somebody sees: part of the address, name, what is found there."""
    words = office.language.words
    names, summaries = section_names(words), section_summaries(words)
    paths = [each.path for each in SECTIONS if not each.is_money or access.may(Right.MONEY)]
    return [(path, names[path], summaries[path]) for path in (*paths, "history")]


def form_page(
    office: Office,
    access: Access,
    filled: Filled,
    refused: BookonceError | None = None,
    *,
    saved: int | None = None,
    picture_errors: dict[str, str] | None = None,
) -> Response[str]:
    """The form, with what is wrong beside its fields."""
    business, words, part = office.business.business, office.language.words, filled.part
    own, others = _errors(refused, part)
    choices = Choices(business, office.language, provider_names(office.settings))
    group = form_of(part.section, business)
    fields = _fields(group, filled, {}, choices, office)
    told = {place: wrong(message, words) for place, message in own.items()}
    errors = placed(told, names_of(fields))
    if errors:
        fields = _fields(group, filled, errors, choices, office)
    since = refused.facts["since"] if isinstance(refused, VersionConflictError) else []
    version = refused.facts["version"] if isinstance(refused, VersionConflictError) else None
    return office.render(
        "settings/templates/form.html",
        status=STATUS[refused.code] if refused else 422 if picture_errors else 200,
        nav=nav(office, access),
        here=part.section.path,
        section=section_names(words)[part.section.path],
        heading=heading(part, business),
        part=part,
        fields=_split(fields, part),
        version=version or filled.version,
        wrong=bool(refused) and not since,
        overall=errors.get("", ""),
        others=[elsewhere(office, each) for each in others],
        since=meanwhile(since, business, office.language),
        saved=saved,
        note=filled.note,
        previews=filled.previews,
        aside=filled.aside,
        can_block=access.may(Right.BLOCK),
        pictures=shown_pictures(office, part, picture_errors or {}),
    )


def _fields(
    group: Any, filled: Filled, errors: Mapping[str, str], choices: Choices, office: Office
) -> list[Shown]:
    return Form(filled.typed, errors, choices, office.language, filled.spare).fields(group)


def _split(fields: list[Shown], part: Part) -> tuple[list[Shown], list[Shown]]:
    """What is shown at once, and what is folded up."""
    few = ADVANCED.get(part.section.struct, ())
    shown = [each for each in fields if each.name not in few]
    folded = [each for each in fields if each.name in few]
    return shown, folded


def heading(part: Part, business: Business) -> str:
    """The name of the thing; empty: the section's own."""
    if not part.section.is_list or part.is_new:
        return ""
    listed = getattr(business, part.section.table)
    return next((str(each.name) for each in listed if each.key == part.key), part.key or "")


def _errors(refused: BookonceError | None, part: Part) -> tuple[dict[str, str], list[FieldError]]:
    if not isinstance(refused, ValidationError):
        return {}, []
    error = related(refused, "" if part.section.is_list else part.section.table)
    return error.own, error.others


def elsewhere(office: Office, error: FieldError) -> tuple[str, str, str]:
    """What is wrong in another part of the settings: where, what, and the page to mend it on."""
    words, business = office.language.words, office.business.business
    table = error.field.partition(".")[0]
    match = _IN_LIST.fullmatch(table)
    section = BY_TABLE.get(match[1]) if match else None
    if match is None or section is None:
        return error.field, wrong(error.message, words), home(office)
    name, link = section_names(words)[section.path], f"{home(office)}/{section.path}"
    listed = getattr(business, section.table) if section.is_list else ()
    if match[2] and int(match[2]) < len(listed):
        each = listed[int(match[2])]
        name, link = each.name, f"{link}/items/{each.key}"
    return name, wrong(error.message, words), link


def unfit_page(
    office: Office, access: Access, filled: Filled, error: UnfitError, action: str = ""
) -> Response[str]:
    """The appointments that would no longer fit, and the choice to save anyway or go back."""
    return office.render(
        "settings/templates/unfit.html",
        status=STATUS[error.code],
        nav=nav(office, access),
        here=filled.part.section.path,
        section=section_names(office.language.words)[filled.part.section.path],
        unfit=told_unfit(office, error.facts["unfit"]),
        typed=list(filled.typed.pairs()),
        version=filled.version,
        action=action,
    )


def told_unfit(office: Office, unfit: list[Unfit]) -> list[dict[str, Any]]:
    """Appointments that no longer fit, as pages list them."""
    reader, directory = office.language, office.business
    found = []
    for each in unfit:
        one = each.upcoming
        zone = directory.zone_at(one.location)
        found.append(
            {
                "id": one.appointment_id,
                "when": reader.moment(one.start.astimezone(zone)),
                "what": reader.listed([part.service_name for part in one.parts]),
                "who": reader.listed(list(dict.fromkeys(part.staff_name for part in one.parts))),
                "why": misfits(each, reader.words),
            }
        )
    return found
