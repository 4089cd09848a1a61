"""What is listed in a section."""

from __future__ import annotations

from typing import Any

from litestar import Response

from bookonce.accounts.access import Access
from bookonce.business.document import Business, Staff
from bookonce.business.hours import WEEKDAYS
from bookonce.platform.languages import Language
from bookonce.web.office.page import Office
from bookonce.web.office.settings.sections import Section
from bookonce.web.office.settings.show import home, nav
from bookonce.web.office.settings.words import add_names, none_yet, section_names


def list_page(
    office: Office, access: Access, section: Section, wrong: str = "", status: int = 200
) -> Response[str]:
    """The things of a section, in the order in which visitors see them."""
    business, words = office.business.business, office.language.words
    listed = getattr(business, section.table)
    saved = office.request.query_params.get("saved", "")
    return office.render(
        "settings/templates/list.html",
        status=status,
        nav=nav(office, access),
        here=section.path,
        section=section_names(words)[section.path],
        add=add_names(words)[section.path],
        empty=none_yet(words)[section.path],
        base=f"{home(office)}/{section.path}",
        items=[(each.key, each.name, _line(each, business, office.language)) for each in listed],
        version=office.business.version,
        saved=office.business.version if saved == str(office.business.version) else None,
        wrong=wrong,
    )


def _line(each: Any, business: Business, reader: Language) -> str:
    """What tells a thing from the others of its list, in a line."""
    _ = reader.words.gettext
    if isinstance(each, Staff):
        return _days(each, reader) or _("No working hours yet")
    if hasattr(each, "duration_min"):
        price = reader.amount(each.price, business.business.currency) if each.price else ""
        return reader.joined(reader.duration(each.duration_min), price)
    if hasattr(each, "kind"):
        places = {place.key: place.name for place in business.location}
        return reader.joined(each.kind, places.get(each.location or "", ""))
    return str(getattr(each, "address", "")).replace("\n", reader.comma)


def _days(staff: Staff, reader: Language) -> str:
    """The weekdays on which somebody works anywhere."""
    weeks = [staff.hours, *(each.hours for each in staff.at)]
    return reader.joined(
        *(
            short
            for number, short, _ in reader.weekdays()
            if any(getattr(week, WEEKDAYS[number]) for week in weeks)
        )
    )
