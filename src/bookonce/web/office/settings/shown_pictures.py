"""The pictures of a part of the settings, each with the form that puts another in its place."""

from __future__ import annotations

from dataclasses import dataclass

from bookonce.platform.errors import NotFoundError
from bookonce.web.booking_page.brand import logo_url
from bookonce.web.booking_page.pictures import WIDTHS_PX, shown
from bookonce.web.office.page import Office
from bookonce.web.office.settings.parts import Part
from bookonce.web.office.settings.sections import PICTURES
from bookonce.web.office.settings.words import picture_names


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture: its field, what it is called, where it is (empty: there is none), what is wrong
    with the one that was sent.
    """

    name: str
    label: str
    hint: str
    url: str
    error: str


def shown_pictures(office: Office, part: Part, errors: dict[str, str]) -> list[ShownPicture]:
    """Those of a thing that is there; a new one gets its pictures later."""
    if part.is_new:
        return []
    names = picture_names(office.language.words)
    try:
        value = part.value(office.business.business)
    except NotFoundError:
        return []
    return [
        ShownPicture(
            name,
            names[part.section.table, name][0],
            names[part.section.table, name][1],
            _url(office, name, value.get(name)),
            errors.get(name, ""),
        )
        for name in PICTURES.get(part.section.struct, ())
    ]


def _url(office: Office, name: str, text: str | None) -> str:
    if name == "logo":
        return logo_url(office.business)
    picture = shown(office.business, text)
    return picture.url(WIDTHS_PX[0]) if picture else ""
