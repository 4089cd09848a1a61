"""Where a page of a list ends, as whoever asks for the next one gives it back: text that means nothing
to them, and whatever they send in its place is refused.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from bookonce.platform.errors import FieldError, ValidationError

T = TypeVar("T")
CURSOR_LENGTH_MAX = 8_000


class ByTime(NamedTuple):
    """By what a list in order of time is sorted."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    id: UUID


def encoded(last: Any) -> str:
    """By what the last entry of a page is sorted."""
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).rstrip(b"=").decode()


def decoded(cursor: str, kind: type[T]) -> T:
    """The same from what was given back. Raises ValidationError."""
    try:
        if len(cursor) > CURSOR_LENGTH_MAX:
            raise ValueError
        data = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        if b"\\u0000" in data:  # which no text of a database has
            raise ValueError
        return msgspec.json.decode(data, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise ValidationError(
            [FieldError("cursor", "expected the next_cursor of the page before")]
        ) from None
