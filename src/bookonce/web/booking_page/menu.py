"""The list of services: under their categories, and searched."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bookonce.web.booking_page.basket import Row
from bookonce.web.booking_page.visit import Visit

SEARCH_FROM = 12
"""With so many services one may search."""


@dataclass(frozen=True, slots=True)
class Section:
    """A category with its services; no name if it is the only one."""

    key: str
    name: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Menu:
    """The services to choose from. `query` is what was searched for."""

    sections: list[Section]
    can_search: bool
    query: str

    @property
    def has_chips(self) -> bool:
        """Whether there is more than one category to go to."""
        return len(self.sections) > 1


def menu_of(visit: Visit, rows: Sequence[Row]) -> Menu:
    """Services as the business sorts them; only those that are searched for, if any are."""
    _ = visit.language.words.gettext
    can_search = len(rows) >= SEARCH_FROM
    query = visit.query.strip() if can_search else ""
    categories = {each.key: each.name for each in visit.directory.business.category}
    by_key: dict[str, list[Row]] = {key: [] for key in categories}
    others: list[Row] = []
    for row in rows:
        category = row.service.category or ""
        if _matches(query, row, categories.get(category, "")):
            by_key.get(category, others).append(row)
    sections = [Section(key, categories[key], found) for key, found in by_key.items() if found]
    if others:
        sections.append(Section("", _("More") if sections else "", others))
    return Menu(sections, can_search, query)


def _matches(query: str, row: Row, category: str) -> bool:
    """Whether every word that is searched for stands in what the row says."""
    service = row.service
    text = _folded(f"{service.name} {service.description} {service.details} {category}")
    return all(word in text for word in _folded(query).split())


def _folded(text: str) -> str:
    """Without case and accents, as page.js does it."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
