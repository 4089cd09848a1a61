"""Who books, as they describe themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated
from uuid import UUID

import msgspec
from email_validator import EmailNotValidError, validate_email
from msgspec import Meta

from bookonce.booking.phone import normal_phone
from bookonce.platform.errors import FieldError
from bookonce.platform.text import clean_address, clean_line, clean_lines, text_problem

NAME_LENGTH_MAX = 200
NOTES_LENGTH_MAX = 2_000
EMAIL_LENGTH_MAX = 1_000
"""As it was typed, with what nobody sees."""


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor's particulars. Any script and emoji are kept as they are."""

    name: Annotated[str, Meta(examples=["Zoe"])]
    email: Annotated[str, Meta(examples=["zoe@example.com"])]
    phone: Annotated[str | None, Meta(examples=["+49 30 1234567"])] = None


@dataclass(frozen=True, slots=True)
class Guest:
    """Whom an appointment is for, as it is written down: in normal form.

    A visitor is whoever has the mail address. Who works there may also name a client that the
    business knows, `client_id`, or somebody without an address; a walk-in has not even a name.
    """

    name: str
    email: str | None = None
    phone: str | None = None
    client_id: UUID | None = None

    @property
    def is_walk_in(self) -> bool:
        """Whether nobody was asked who they are."""
        return not self.name


WALK_IN = Guest("")


def client_errors(
    client: Client, place: str = "client", country: str | None = None
) -> Iterator[FieldError]:
    """What is wrong with a visitor's particulars, place by place. `country` is where a telephone
    number is dialled that says none.
    """
    yield from name_errors(client.name, place)
    try:
        normal_email(client.email)
    except EmailNotValidError as error:
        yield FieldError(f"{place}.email", str(error))
    yield from phone_errors(client.phone, place, country)


def name_errors(typed: str, place: str = "client") -> Iterator[FieldError]:
    """What is wrong with a name."""
    name = clean_line(typed)
    if not name:
        yield FieldError(f"{place}.name", "is required")
    elif len(name) > NAME_LENGTH_MAX:
        yield FieldError(f"{place}.name", f"at most {NAME_LENGTH_MAX} characters")
    elif problem := text_problem(name, lines=False):
        yield FieldError(f"{place}.name", problem)


def phone_errors(
    phone: str | None, place: str = "client", country: str | None = None
) -> Iterator[FieldError]:
    """What is wrong with a telephone number, if there is one."""
    try:
        normal_phone(phone or "", country)
    except ValueError as error:
        yield FieldError(f"{place}.phone", str(error))


def notes_errors(notes: str | None, place: str = "notes") -> Iterator[FieldError]:
    """What is wrong with a visitor's note."""
    cleaned = normal_notes(notes) or ""
    if len(cleaned) > NOTES_LENGTH_MAX:
        yield FieldError(place, f"at most {NOTES_LENGTH_MAX} characters")
    elif problem := text_problem(cleaned):
        yield FieldError(place, problem)


def guest_of(client: Client, country: str | None) -> Guest:
    """Particulars without fault as they are kept."""
    return Guest(
        clean_line(client.name),
        normal_email(client.email) if client.email else None,
        normal_phone(client.phone or "", country) or None,
    )


def normal_notes(notes: str | None) -> str | None:
    """A note as it is kept; None if there is nothing to be seen."""
    return clean_lines(notes or "") or None


@lru_cache(maxsize=1_000)
def normal_email(email: str) -> str:
    """The address by which a client is recognised. Raises EmailNotValidError.

    A booking asks several times over, and parsing an address takes a tenth of a booking's time. What
    is kept for that is short: whatever is longer is no address.
    """
    if len(email) > EMAIL_LENGTH_MAX:
        raise EmailNotValidError("An address has at most 254 characters.")
    checked = validate_email(
        clean_address(email), check_deliverability=False, globally_deliverable=False
    )
    top_level = checked.domain.rpartition(".")
    if not top_level[0] or top_level[2].isdecimal():
        raise EmailNotValidError(
            "The part after the @-sign should be a domain such as example.com."
        )
    return checked.normalized.lower()
