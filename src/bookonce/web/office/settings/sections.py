"""The sections of the settings: which part of the document each is about, and with which controls.

A field that is added to the document shows by itself, with the control of its type. Its words are a
line in `labels.py`; where another control is better, or its place is elsewhere, that is a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec

from bookonce.business.deposits import DepositFor, Payments
from bookonce.business.document import (
    Business,
    Category,
    HoursAt,
    Location,
    Policy,
    Profile,
    Protection,
    Question,
    QuestionKind,
    Resource,
    Service,
    Staff,
)
from bookonce.business.messages import TEMPLATE_KINDS, Messages, Template
from bookonce.business.page import Page
from bookonce.business.texts import NameText, PageText, QuestionText, ServiceText, StaffText
from bookonce.platform.languages import LANGUAGES
from bookonce.web.office.settings.composite import Everywhere, Group, Rows
from bookonce.web.office.settings.controls import (
    Amount,
    Choice,
    Colour,
    Control,
    Key,
    Lines,
    Several,
    Text,
    Week,
)
from bookonce.web.office.settings.derive import Place, group_of


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the settings. `table` is the part of the document that it is about; `is_list`: it
    has things with keys, each with a page of its own.
    """

    path: str
    table: str
    struct: type[msgspec.Struct]
    is_list: bool = False
    is_money: bool = False
    """Whether it takes the right to see to money, and a fresh proof of who it is."""


SECTIONS = (
    Section("business", "business", Profile),
    Section("locations", "location", Location, is_list=True),
    Section("people", "staff", Staff, is_list=True),
    Section("rooms", "resource", Resource, is_list=True),
    Section("services", "service", Service, is_list=True),
    Section("categories", "category", Category, is_list=True),
    Section("questions", "question", Question, is_list=True),
    Section("rules", "policy", Policy),
    Section("page", "page", Page),
    Section("messages", "messages", Messages),
    Section("payments", "payments", Payments, is_money=True),
    Section("protection", "protection", Protection),
)
"""In the order in which they are listed."""
BY_PATH = {section.path: section for section in SECTIONS}
BY_TABLE = {section.table: section for section in SECTIONS}

SPOKEN = Choice(is_required=True, given=LANGUAGES, source="languages")
SPOKEN_TEXTS = (NameText, PageText, QuestionText, ServiceText, StaffText)
BETTER: Mapping[Place, Control | None] = {
    (Profile, "slug"): Text(is_required=True, length_max=63),
    (Profile, "timezone"): Choice(is_required=True, source="zones"),
    (Profile, "currency"): Choice(is_required=True, source="currencies"),
    (Profile, "locale"): Choice(is_required=True, source="locales"),
    (Profile, "phone"): Text(looks="tel", length_max=40),
    (Profile, "email"): Text(looks="email"),
    (Profile, "website"): Text(looks="url", length_max=200),
    (Page, "colour"): Colour(length_max=7),
    (Page, "logo"): None,  # pictures are files, sent by forms of their own
    (Page, "cover"): None,
    (Page, "imprint"): Text(looks="url", length_max=200),
    (Page, "privacy"): Text(looks="url", length_max=200),
    (Page, "terms"): Text(looks="url", length_max=200),
    (Profile, "address"): Text(lines=3),
    (Location, "key"): Key(),
    (Location, "timezone"): Choice(source="zones"),
    (Location, "hours"): Week(is_optional=True),
    (HoursAt, "location"): Choice(is_required=True, source="locations"),
    (Staff, "key"): Key(),
    (Staff, "email"): Text(looks="email"),
    (Staff, "picture"): None,
    (Staff, "time_off"): None,  # absences have a life of their own: the calendar's blocked time
    (Resource, "key"): Key(),
    (Resource, "kind"): Text(is_required=True, length_max=63),
    (Resource, "location"): Choice(source="locations"),
    (Resource, "time_off"): None,
    (Category, "key"): Key(),
    (Service, "key"): Key(),
    (Service, "category"): Choice(source="categories"),
    (Service, "description"): Text(length_max=200),
    (Service, "picture"): None,
    (Service, "price"): Amount(length_max=20),
    (Service, "deposit"): Text(length_max=20),
    (Service, "deposit_for"): Several(given=tuple(each.value for each in DepositFor)),
    (Service, "staff"): Several(source="staff", can_be_all=True),
    (Service, "needs"): Several(source="kinds"),
    (Service, "locations"): Several(source="locations", can_be_all=True),
    (Question, "key"): Key(),
    (Question, "kind"): Choice(is_required=True, given=tuple(kind.value for kind in QuestionKind)),
    (Question, "choices"): Lines(),
    (Question, "services"): Several(source="services", can_be_all=True),
    (QuestionText, "choices"): Lines(),
    (Payments, "provider"): Choice(source="providers"),
    (Messages, "reply_to"): Text(looks="email"),
    (Messages, "owner_copy"): Lines(),
    **{(text, "language"): SPOKEN for text in SPOKEN_TEXTS},
    (Template, "kind"): Choice(
        is_required=True, given=tuple(kind.value for kind in TEMPLATE_KINDS)
    ),
    (Template, "language"): SPOKEN,
    (Template, "body"): Text(is_required=True, lines=6, length_max=2_000),
}
"""Controls that types can't tell, and fields that have their place elsewhere."""

ADVANCED: Mapping[type, tuple[str, ...]] = {
    Profile: ("slug",),
    Location: ("text", "key"),
    Staff: ("text", "key"),
    Page: ("text", "sites"),
    Resource: ("key",),
    Category: ("text", "key"),
    Question: ("text", "key"),
    Service: (
        "phases",
        "details",
        "preparation",
        "hidden",
        "price_is_from",
        "phone_required",
        "text",
        "key",
    ),
}
"""Fields that few need: they stand at the end, folded up."""


PICTURES: Mapping[type, tuple[str, ...]] = {
    Page: ("cover", "logo"),
    Staff: ("picture",),
    Service: ("picture",),
}
"""Fields that are pictures."""


@lru_cache
def fields_of(section: Section) -> Group:
    """The controls of a section's form."""
    return group_of(section.struct, BETTER)


def form_of(section: Section, business: Business) -> Group:
    """The controls that make sense for a business: with several locations people have hours at each
    of them, with one nobody asks for a location.
    """
    group = fields_of(section)
    several = len(business.location) > 1
    fields = dict(group.fields)
    if section.struct is Staff:
        if several:
            rows = fields["at"]
            assert isinstance(rows, Rows)
            inner = {name: one for name, one in rows.group.fields.items() if name != "location"}
            places = tuple((each.key, each.name) for each in business.location)
            fields["at"] = Everywhere(Group(HoursAt, inner), places)
            del fields["hours"], fields["dates"]
        else:
            del fields["at"]
    if not several and section.struct in (Resource, Service):
        fields.pop("location", None)
        fields.pop("locations", None)
    return replace(group, fields=fields)
