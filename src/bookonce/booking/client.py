"""Who books, as they describe themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import msgspec
from email_validator import EmailNotValidError, validate_email
from msgspec import Meta

from bookonce.booking.phone import normal_phone
from bookonce.platform.errors import FieldError
from bookonce.platform.text import clean_address, clean_line, clean_lines, text_problem

NAME_LENGTH_MAX = 200
NOTES_LENGTH_MAX = 2_000


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor's particulars. Any script and emoji are kept as they are."""

    name: Annotated[str, Meta(examples=["Zoe"])]
    email: Annotated[str, Meta(examples=["zoe@example.com"])]
    phone: Annotated[str | None, Meta(examples=["+49 30 1234567"])] = None


def client_errors(
    client: Client, place: str = "client", country: str | None = None
) -> Iterator[FieldError]:
    """What is wrong with a visitor's particulars, place by place. `country` is where a telephone
    number is dialled that says none.
    """
    name = clean_line(client.name)
    if not name:
        yield FieldError(f"{place}.name", "is required")
    elif len(name) > NAME_LENGTH_MAX:
        yield FieldError(f"{place}.name", f"at most {NAME_LENGTH_MAX} characters")
    elif problem := text_problem(name, lines=False):
        yield FieldError(f"{place}.name", problem)
    try:
        normal_email(client.email)
    except EmailNotValidError as error:
        yield FieldError(f"{place}.email", str(error))
    try:
        normal_phone(client.phone or "", country)
    except ValueError as error:
        yield FieldError(f"{place}.phone", str(error))


def notes_errors(notes: str | None, place: str = "notes") -> Iterator[FieldError]:
    """What is wrong with a visitor's note."""
    cleaned = normal_notes(notes) or ""
    if len(cleaned) > NOTES_LENGTH_MAX:
        yield FieldError(place, f"at most {NOTES_LENGTH_MAX} characters")
    elif problem := text_problem(cleaned):
        yield FieldError(place, problem)


def normal_client(client: Client, country: str | None) -> Client:
    """Particulars without fault as they are kept."""
    return Client(
        clean_line(client.name),
        normal_email(client.email),
        normal_phone(client.phone or "", country) or None,
    )


def normal_notes(notes: str | None) -> str | None:
    """A note as it is kept; None if there is nothing to be seen."""
    return clean_lines(notes or "") or None


@lru_cache(maxsize=1_000)
def normal_email(email: str) -> str:
    """The address by which a client is recognised. Raises EmailNotValidError.

    A booking asks several times over, and parsing an address takes a tenth of a booking's time.
    """
    checked = validate_email(
        clean_address(email), check_deliverability=False, globally_deliverable=False
    )
    top_level = checked.domain.rpartition(".")
    if not top_level[0] or top_level[2].isdecimal():
        raise EmailNotValidError(
            "The part after the @-sign should be a domain such as example.com."
        )
    return checked.normalized.lower()
