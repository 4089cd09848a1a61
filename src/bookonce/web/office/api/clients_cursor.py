"""Where a page of clients ends, as whoever asks for the next one gives it back."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

import msgspec

from bookonce.platform.errors import FieldError, ValidationError

CURSOR_LENGTH_MAX = 8_000


def cursor_of(found_by: str, last_id: UUID) -> str:
    """After whom the next page begins."""
    data = msgspec.json.encode((found_by, last_id))
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[str, UUID] | None:
    """By what the last one of a page is sorted, and their id. Raises ValidationError."""
    if not cursor:
        return None
    try:
        if len(cursor) > CURSOR_LENGTH_MAX:
            raise ValueError
        data = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        found_by, last_id = msgspec.json.decode(data, type=tuple[str, UUID])
        found_by.encode()
        if "\0" in found_by:
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError, UnicodeError):
        raise ValidationError(
            [FieldError("cursor", "expected the next_cursor of the page before")]
        ) from None
    return found_by, last_id
