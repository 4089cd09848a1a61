"""What types can't say of a business's face: its logo, its sites, the languages of its people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from babel import Locale, UnknownLocaleError

from bookonce.business.document import Business, Service, Staff
from bookonce.business.logos import Logo
from bookonce.business.page import SITE_LENGTH_MAX, SITE_PATTERN, SITES_MAX, Page
from bookonce.platform.errors import FieldError

SPOKEN_MAX = 20


def face_errors(business: Business) -> Iterator[FieldError]:
    """What is wrong with what the page shows."""
    yield from _page_errors(business.page)
    for index, staff in enumerate(business.staff):
        yield from _language_errors(f"staff[{index}].languages", staff)
    for index, service in enumerate(business.service):
        yield from _line_errors(f"service[{index}].description", service)


def repeated(place: str, keys: Iterable[str | date]) -> Iterator[FieldError]:
    """Those that stand in a list more than once."""
    for key, count in Counter(keys).items():
        if count > 1:
            yield FieldError(place, f"{str(key)!r} stands here {count} times; once is enough")


def _page_errors(page: Page) -> Iterator[FieldError]:
    if page.logo is not None:
        try:
            Logo.parse(page.logo)
        except ValueError as error:
            yield FieldError("page.logo", str(error))
    yield from repeated("page.sites", page.sites)
    if len(page.sites) > SITES_MAX:
        yield FieldError("page.sites", f"at most {SITES_MAX}")
    for index, site in enumerate(page.sites):
        if len(site) > SITE_LENGTH_MAX:
            yield FieldError(f"page.sites[{index}]", f"at most {SITE_LENGTH_MAX} characters")
        elif not re.fullmatch(SITE_PATTERN, site):
            yield FieldError(
                f"page.sites[{index}]",
                f'expected a site such as "https://www.example.com", without a path, got {site!r}',
            )


def _language_errors(place: str, staff: Staff) -> Iterator[FieldError]:
    yield from repeated(place, staff.languages)
    if len(staff.languages) > SPOKEN_MAX:
        yield FieldError(place, f"at most {SPOKEN_MAX}")
    for index, code in enumerate(staff.languages):
        if not _is_language(code):
            yield FieldError(f"{place}[{index}]", f'expected a language such as "de", got {code!r}')


def _is_language(code: str) -> bool:
    """Whether people can be told what it is called."""
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name("en") is not None
    except (UnknownLocaleError, ValueError, TypeError):
        return False


def _line_errors(place: str, service: Service) -> Iterator[FieldError]:
    if "\n" in service.description:
        yield FieldError(place, "has several lines; put the rest into details")
