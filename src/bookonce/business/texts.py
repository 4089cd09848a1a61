"""What a business says in other languages than its own.

Each text stands beside what it says otherwise, once for a language; a field that is left out falls
back to the business's own words.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

NOT_BLANK = r"\S"
Name = Annotated[str, Meta(pattern=NOT_BLANK, max_length=200)]
Description = Annotated[str, Meta(max_length=200)]
Details = Annotated[str, Meta(max_length=4_000)]
Preparation = Annotated[str, Meta(max_length=1_000)]
Role = Annotated[str, Meta(max_length=100)]
Choice = Annotated[str, Meta(pattern=NOT_BLANK, max_length=200)]
Welcome = Annotated[str, Meta(max_length=2_000)]
Announcement = Annotated[str, Meta(max_length=300)]


class NameText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a category or a location is called in another language."""

    language: str
    name: Name | None = None


class ServiceText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a service is called and what is said of it in another language."""

    language: str
    name: Name | None = None
    description: Description | None = None
    details: Details | None = None
    preparation: Preparation | None = None


class QuestionText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked in another language; `choices` in the order of the business's own."""

    language: str
    name: Name | None = None
    details: Details | None = None
    choices: tuple[Choice, ...] = ()


class StaffText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody is called by trade in another language."""

    language: str
    role: Role | None = None


class PageText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the page says in another language."""

    language: str
    welcome: Welcome | None = None
    announcement: Announcement | None = None
