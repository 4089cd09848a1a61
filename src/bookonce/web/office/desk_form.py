"""What the desk's forms send, and how a refusal is told on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from babel.support import NullTranslations

from bookonce.availability.rules import Rule
from bookonce.platform.errors import BookonceError, FieldError, ValidationError
from bookonce.platform.languages import Language
from bookonce.web.errors import STATUS

BREAKABLE = (Rule.HOURS, Rule.NOTICE, Rule.HORIZON, Rule.STEP, Rule.BUFFER)


class DeskForm:
    """The fields of a form, as text without what surrounds it."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A field; empty if it wasn't sent, or is a file."""
        value = self._fields.get(name)
        return value.strip() if isinstance(value, str) else ""

    def optional(self, name: str) -> str | None:
        """A field; None if it is empty."""
        return self.text(name) or None

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def instant(self, zone: ZoneInfo, day: str = "date", clock: str = "time") -> datetime:
        """A date and a time of a zone's clock. Raises ValidationError."""
        return instant(zone, self.text(day), self.text(clock), day, clock)

    def broken_rules(self) -> tuple[Rule, ...]:
        """The rules that are not to hold: all of them, if the box is ticked."""
        return BREAKABLE if self.is_on("break_rules") else ()


def instant(zone: ZoneInfo, day: str, clock: str, day_field: str, clock_field: str) -> datetime:
    """A date and a time of a zone's clock, aware. Raises ValidationError naming the field."""
    try:
        date_ = date.fromisoformat(day)
    except ValueError:
        raise ValidationError([FieldError(day_field, "expected a date")]) from None
    try:
        time_ = time.fromisoformat(clock)
        if time_.tzinfo is not None:
            raise ValueError
    except ValueError:
        raise ValidationError([FieldError(clock_field, "expected a time of day")]) from None
    try:
        return datetime.combine(date_, time_, zone).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValidationError([FieldError(day_field, "expected a date of this age")]) from None


def told(error: BookonceError, language: Language) -> str:
    """A refusal in the reader's language, with what can be done."""
    words: NullTranslations = language.words
    _ = words.gettext
    known = {
        "BOOKING_CONFLICT": _("Somebody has this time already."),
        "BLOCK_CONFLICT": _("There are appointments in this time. Move or cancel them first."),
        "STATUS_CONFLICT": _("That can't be done with this appointment as it stands now."),
        "TOO_LATE": _("This can't be undone any more."),
        "TRY_AGAIN": _("That didn't work. Please try again in a moment."),
    }
    if error.code == "NOT_OFFERED":
        return _("This time isn't on offer by the rules of the business.")
    return known.get(error.code, error.detail)


def status_of(error: BookonceError) -> int:
    """The status of a page that tells a refusal."""
    return STATUS[error.code]
