"""Who books, as they describe themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated

import msgspec
from email_validator import EmailNotValidError, validate_email
from msgspec import Meta

from bookonce.platform.errors import FieldError
from bookonce.platform.text import text_problem

NAME_LENGTH_MAX = 200
NOTES_LENGTH_MAX = 2_000
_PHONE = re.compile(r"(?=(?:[^0-9]*[0-9]){3})\+?[0-9 ()/.\-]{3,40}")


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A visitor's particulars. Any script and emoji are kept as they are."""

    name: Annotated[str, Meta(examples=["Zoe"])]
    email: Annotated[str, Meta(examples=["zoe@example.com"])]
    phone: Annotated[str | None, Meta(examples=["+49 30 1234567"])] = None


def client_errors(client: Client, place: str = "client") -> Iterator[FieldError]:
    """What is wrong with a visitor's particulars, place by place."""
    name = client.name.strip()
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
    if (
        client.phone is not None
        and client.phone.strip()
        and not _PHONE.fullmatch(client.phone.strip())
    ):
        yield FieldError(f"{place}.phone", 'expected a number such as "+49 30 1234567"')


def notes_errors(notes: str | None, place: str = "notes") -> Iterator[FieldError]:
    """What is wrong with a visitor's note."""
    if notes is None:
        return
    if len(notes) > NOTES_LENGTH_MAX:
        yield FieldError(place, f"at most {NOTES_LENGTH_MAX} characters")
    elif problem := text_problem(notes):
        yield FieldError(place, problem)


@lru_cache(maxsize=1_000)
def normal_email(email: str) -> str:
    """The address by which a client is recognised. Raises EmailNotValidError.

    A booking asks several times over, and parsing an address takes a tenth of a booking's time.
    """
    checked = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    top_level = checked.domain.rpartition(".")
    if not top_level[0] or top_level[2].isdecimal():
        raise EmailNotValidError(
            "The part after the @-sign should be a domain such as example.com."
        )
    return checked.normalized.lower()


def normal_phone(phone: str) -> str:
    """The digits by which a number is recognised, an international prefix dialled or not."""
    digits = "".join(character for character in phone if character.isdecimal())
    return digits.removeprefix("00")
