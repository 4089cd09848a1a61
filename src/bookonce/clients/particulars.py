"""What a business keeps of a client: how they are reached, and what the desk should know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import msgspec
from email_validator import EmailNotValidError
from msgspec import UNSET, Meta, UnsetType

from bookonce.booking.client import (
    name_errors,
    normal_email,
    normal_notes,
    notes_errors,
    phone_errors,
)
from bookonce.booking.phone import normal_phone
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.text import clean_line, text_problem

FLAGS_MAX = 10
FLAG_LENGTH_MAX = 60

Name = Annotated[str, Meta(examples=["Zoe"])]
Email = Annotated[str, Meta(examples=["zoe@example.com"])]
Phone = Annotated[str, Meta(examples=["+49 30 1234567"])]
Flags = Annotated[tuple[str, ...], Meta(examples=[["Allergy: latex"]])]


class Particulars(msgspec.Struct, frozen=True, kw_only=True):
    """A client as they are kept: in normal form."""

    name: str
    email: str | None = None
    phone: str | None = None
    notes: str | None = None
    flags: tuple[str, ...] = ()

    def with_changes(self, changes: dict[str, Any]) -> Particulars:
        """The same with some fields replaced."""
        return msgspec.structs.replace(self, **changes)


class NewClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody to be kept. Of many the name is all that is known. `flags` are short words that are
    shown wherever the client is, such as an allergy.
    """

    name: Name
    email: Email | None = None
    phone: Phone | None = None
    notes: str | None = None
    flags: Flags = ()


class ClientChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is put right; what is absent stays, null takes it out."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    flags: Flags | UnsetType = UNSET


def read(typed: NewClient | ClientChange, country: str | None) -> dict[str, Any]:
    """The fields that are set, in normal form, by name. `country` is where a number is dialled that
    says none. Raises ValidationError naming each that is wrong.
    """
    fields = {
        name: value for name, value in msgspec.structs.asdict(typed).items() if value is not UNSET
    }
    if wrong := list(_errors(fields, country)):
        raise ValidationError(wrong)
    return {name: _normal(name, value, country) for name, value in fields.items()}


def _errors(fields: dict[str, Any], country: str | None) -> Iterator[FieldError]:
    for name, value in fields.items():
        match name:
            case "name":
                yield from _in_place(name, name_errors(value, ""))
            case "email":
                yield from email_errors(value)
            case "phone":
                yield from _in_place(name, phone_errors(value, "", country))
            case "notes":
                yield from notes_errors(value)
            case "flags":
                yield from flag_errors(value)


def _in_place(name: str, errors: Iterable[FieldError]) -> Iterator[FieldError]:
    return (FieldError(name, error.message) for error in errors)


def email_errors(typed: str | None, place: str = "email") -> Iterator[FieldError]:
    """What is wrong with a mail address, if there is one."""
    if clean_line(typed or ""):
        try:
            normal_email(typed or "")
        except EmailNotValidError as error:
            yield FieldError(place, str(error))


def flag_errors(typed: Iterable[str]) -> Iterator[FieldError]:
    """What is wrong with flags."""
    flags = clean_flags(typed)
    if len(flags) > FLAGS_MAX:
        yield FieldError("flags", f"at most {FLAGS_MAX}")
    for flag in flags:
        if len(flag) > FLAG_LENGTH_MAX:
            yield FieldError("flags", f"at most {FLAG_LENGTH_MAX} characters each")
        elif problem := text_problem(flag, lines=False):
            yield FieldError("flags", problem)


def clean_flags(typed: Iterable[str]) -> tuple[str, ...]:
    """Flags as they are kept: each once, without those that show nothing."""
    return tuple(dict.fromkeys(filter(None, map(clean_line, typed))))


def split_flags(text: str) -> tuple[str, ...]:
    """Flags as they are typed into one line, with commas or semicolons between them."""
    return clean_flags(text.replace(";", ",").replace("،", ",").replace("\n", ",").split(","))


def _normal(name: str, value: Any, country: str | None) -> Any:
    match name:
        case "name":
            return clean_line(value)
        case "email":
            return normal_email(value) if clean_line(value or "") else None
        case "phone":
            return normal_phone(value or "", country) or None
        case "notes":
            return normal_notes(value)
    return clean_flags(value)
