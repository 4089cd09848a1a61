"""An account and what belongs to it, as values; what a mail address and a name must be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from bookonce.accounts.roles import Post
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.text import clean_address, clean_line, text_problem

NAME_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who signs in. `email` is as it is compared."""

    account_id: UUID
    email: str
    name: str
    language: str | None
    has_password: bool
    has_totp: bool
    may_open: bool
    """Whether they may open a business on this installation."""

    @property
    def label(self) -> str:
        """What to call them."""
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class Member:
    """An account within a business."""

    account_id: UUID
    email: str
    name: str
    post: Post
    since: datetime
    has_second_factor: bool
    seen_at: datetime | None


def normal_email(text: str) -> str:
    """A mail address as accounts are compared by it. Raises ValidationError.

    In small letters altogether: no mail service tells two people apart by the case of a letter.
    """
    try:
        found = validate_email(clean_address(text), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValidationError([FieldError("email", str(error))]) from None
    return found.lower()


def normal_name(text: str) -> str:
    """A name as it is kept; may be empty. Raises ValidationError."""
    name = clean_line(text)
    if len(name) > NAME_LENGTH_MAX:
        raise ValidationError([FieldError("name", f"at most {NAME_LENGTH_MAX} characters")])
    if problem := text_problem(name, lines=False):
        raise ValidationError([FieldError("name", problem)])
    return name
