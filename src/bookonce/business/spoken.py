"""A business in a language: its texts as it says them there, its own words where it says nothing.

In the file, a text may be written as a table of languages, `name.en = "Cut"` and `name.de =
"Schnitt"`. It is kept as the business's own words, with the other languages beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from bookonce.business.document import Business, Category, Location, Question, Service, Staff
from bookonce.business.page import Page
from bookonce.platform.errors import FieldError
from bookonce.platform.languages import LANGUAGES

Told = TypeVar("Told", Category, Location, Page, Question, Service, Staff)
_TOLD = {
    "page": ("welcome", "announcement"),
    "location": ("name",),
    "staff": ("role",),
    "category": ("name",),
    "service": ("name", "description", "details", "preparation"),
    "question": ("name", "details"),
}
"""The texts that may be in several languages, by table."""


def in_language(business: Business, code: str) -> Business:
    """The business as it speaks a language; itself if it says nothing in it."""
    changed = msgspec.structs.replace(
        business,
        page=_told(business.page, code),
        location=tuple(_told(each, code) for each in business.location),
        staff=tuple(_told(each, code) for each in business.staff),
        category=tuple(_told(each, code) for each in business.category),
        service=tuple(_told(each, code) for each in business.service),
        question=tuple(_told(each, code) for each in business.question),
    )
    return business if changed == business else changed


def _told(owner: Told, code: str) -> Told:
    text = next((each for each in owner.text if each.language == code), None)
    if text is None:
        return owner
    said = {name: value for name, value in msgspec.structs.asdict(text).items() if value}
    del said["language"]
    return msgspec.structs.replace(owner, **said)


def text_errors(business: Business) -> Iterator[FieldError]:
    """Languages that pages don't speak, or that stand twice."""
    yield from _language_errors("page", business.page)
    for table in ("location", "staff", "category", "service", "question"):
        for index, owner in enumerate(getattr(business, table)):
            yield from _language_errors(f"{table}[{index}]", owner)


def _language_errors(place: str, owner: Any) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, text in enumerate(owner.text):
        there = f"{place}.text[{index}].language"
        if text.language not in LANGUAGES:
            expected = ", ".join(LANGUAGES)
            yield FieldError(there, f"expected one of {expected}, got {text.language!r}")
        elif text.language in seen:
            yield FieldError(there, f"{text.language!r} stands here twice; once is enough")
        seen.add(text.language)


def with_own_words(tree: dict[str, Any]) -> dict[str, Any]:
    """A tree in which texts that were written as tables of languages stand as they are kept."""
    own = _own_language(tree)
    for table, names in _TOLD.items():
        rows = tree.get(table)
        for row in rows if isinstance(rows, list) else [rows]:
            if isinstance(row, dict):
                _fold(row, names, own)
    return tree


def _own_language(tree: dict[str, Any]) -> str:
    """The language of the business's own words: that of its locale."""
    profile = tree.get("business")
    locale = profile.get("locale") if isinstance(profile, dict) else None
    return str(locale or "en").replace("_", "-").partition("-")[0].lower()


def _fold(row: dict[str, Any], names: tuple[str, ...], own: str) -> None:
    for name in names:
        told = row.get(name)
        if not isinstance(told, dict) or not told:
            continue
        first = own if own in told else next(iter(told))
        row[name] = told[first]
        for code, text in told.items():
            if code != first:
                _say(row, code, name, text)


def _say(row: dict[str, Any], code: str, name: str, text: Any) -> None:
    texts = row.setdefault("text", [])
    if not isinstance(texts, list):
        return  # which is told as a mistake of its own
    for each in texts:
        if isinstance(each, dict) and each.get("language") == code:
            each.setdefault(name, text)
            return
    texts.append({"language": code, name: text})
