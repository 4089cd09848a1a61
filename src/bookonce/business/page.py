"""The face of a business: what its booking page says and shows beside services and times."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from bookonce.business.texts import Announcement, PageText, Welcome

COLOUR_PATTERN = r"^#[0-9A-Fa-f]{6}\Z"
SITE_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z"
# All of them stand in a header of every page.
SITES_MAX = 20
SITE_LENGTH_MAX = 253
WEBSITE_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!#-;=?-Z_a-z~%]*)?\Z"
WebAddress = Annotated[str, Meta(pattern=WEBSITE_PATTERN, max_length=200)]


class Kind(Enum):
    """What a business is, as search engines ask it."""

    HAIR_SALON = "hair_salon"
    BEAUTY_SALON = "beauty_salon"
    NAIL_SALON = "nail_salon"
    SPA = "spa"
    TATTOO = "tattoo"
    FITNESS = "fitness"
    MEDICAL = "medical"
    DENTIST = "dentist"
    OTHER = "other"

    @property
    def schema_type(self) -> str:
        """Its name at schema.org."""
        return _SCHEMA_TYPES[self]


_SCHEMA_TYPES = {
    Kind.HAIR_SALON: "HairSalon",
    Kind.BEAUTY_SALON: "BeautySalon",
    Kind.NAIL_SALON: "NailSalon",
    Kind.SPA: "DaySpa",
    Kind.TATTOO: "TattooParlor",
    Kind.FITNESS: "HealthClub",
    Kind.MEDICAL: "MedicalBusiness",
    Kind.DENTIST: "Dentist",
    Kind.OTHER: "LocalBusiness",
}


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the booking page looks, what it tells of the business, and which sites may show it in a
    frame.
    """

    kind: Kind = Kind.OTHER
    """What the business is, for search engines."""
    colour: Annotated[str, Meta(pattern=COLOUR_PATTERN)] | None = None
    logo: str | None = None
    cover: str | None = None
    """A wide picture at the top of the page."""
    welcome: Welcome = ""
    """What the business says to those who come to its page."""
    announcement: Announcement = ""
    """What everybody should know now, on every step: a holiday, a move."""
    team: bool = True
    """Whether the page shows who works there."""
    hours: bool = True
    """Whether the page shows when it is open."""
    imprint: WebAddress | None = None
    privacy: WebAddress | None = None
    terms: WebAddress | None = None
    sites: tuple[str, ...] = ()
    text: tuple[PageText, ...] = ()
