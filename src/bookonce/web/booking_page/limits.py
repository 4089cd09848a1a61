"""Until when a client may change their mind, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bookonce.booking.terms import Terms
from bookonce.platform.languages import Language


def limit_before_booking(
    terms: Terms, start: datetime, language: Language, *, now: datetime
) -> str:
    """The limit for a start that is about to be booked, by the place's clock."""
    _ = language.words.gettext
    limit = start - timedelta(minutes=terms.cancel_until_min)
    grace_end = min(start.astimezone(UTC), now + timedelta(minutes=terms.grace_min))
    until = max(limit, grace_end)
    if until <= now:
        return _("It begins so soon that it can't be moved or cancelled here. Please call us.")
    if limit < grace_end < start:
        text = _("You can move or cancel for %(time)s after booking. After that, please call us.")
        return text % {"time": language.duration(terms.grace_min)}
    text = _("You can move or cancel until %(deadline)s.")
    return text % {"deadline": language.moment(until.astimezone(start.tzinfo))}


def limit_passed(terms: Terms, language: Language) -> str:
    """Why the client can't change the appointment any more."""
    _ = language.words.gettext
    if not terms.cancel_until_min:
        return _("It can't be moved or cancelled any more. Please call us.")
    text = _(
        "It can't be moved or cancelled here any more: that is possible until %(time)s before it "
        "begins. Please call us."
    )
    return text % {"time": language.span(terms.cancel_until_min)}
