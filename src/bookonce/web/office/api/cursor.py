"""Where a page of a list ends, as whoever asks for the next one gives it back."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.platform.errors import FieldError, ValidationError

LIMIT_DEFAULT = 50
LIMIT_MAX = 200


def cursor_of(start: datetime, last_id: UUID) -> str:
    """After which entry the next page begins."""
    data = msgspec.json.encode((start, last_id))
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    """The start and id of the entry that a page ended with. Raises ValidationError."""
    if cursor is None:
        return None, None
    try:
        data = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        start, last_id = msgspec.json.decode(data, type=tuple[datetime, UUID])
        if start.tzinfo is None:
            raise ValueError
    except (ValueError, binascii.Error, msgspec.DecodeError, UnicodeError):
        raise ValidationError(
            [FieldError("cursor", "expected the next_cursor of the page before")]
        ) from None
    return start, last_id
