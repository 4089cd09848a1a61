"""The words of messages to the owner that are about several appointments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bookonce.business.document import Business
from bookonce.messages.letter import Action, Letter, isolated
from bookonce.messages.safe_text import defanged, header_text
from bookonce.platform.languages import Language

ITEMS_MAX = 200


@dataclass(frozen=True, slots=True)
class Line:
    """An appointment in a list: when it begins, by which clock, and what is said of it."""

    start: datetime
    zone: ZoneInfo
    about: tuple[str, ...]


def summary(
    business: Business, day: date, lines: Sequence[Line], links: tuple[str, str], language: Language
) -> Letter:
    """The day's appointments. `links` are the office's page of the day and the one that ends these
    messages.
    """
    _ = language.words.gettext
    ngettext = language.words.ngettext
    office, unsubscribe = links
    count = ngettext("%(count)s appointment", "%(count)s appointments", len(lines))
    told = {"count": count % {"count": len(lines)}, "day": language.long_day(day)}
    actions = [Action(_("Open in the office"), office)] if office else []
    if unsubscribe:
        actions.append(Action(_("Stop these summaries"), unsubscribe))
    return Letter(
        language,
        subject=header_text(_("%(day)s: %(count)s") % told),
        heading=_("%(day)s: %(count)s") % told,
        items=_listed(lines, language, with_day=False),
        actions=tuple(actions),
        footer=(isolated(business.business.name),),
        secret_url=unsubscribe,
    )


def conflicts(business: Business, lines: Sequence[Line], office: str, language: Language) -> Letter:
    """Appointments that a change of the business leaves without what they were booked for."""
    _ = language.words.gettext
    heading = _("Appointments that no longer fit")
    return Letter(
        language,
        subject=header_text(f"{heading}: {len(lines)}"),
        heading=heading,
        paragraphs=(
            _("The business was changed. These appointments stand as they were booked."),
            _("Move them, or call the clients."),
        ),
        items=_listed(lines, language, with_day=True),
        actions=(Action(_("Open in the office"), office),) if office else (),
        footer=(isolated(business.business.name),),
    )


def _listed(lines: Sequence[Line], language: Language, *, with_day: bool) -> tuple[str, ...]:
    found = []
    for line in lines[:ITEMS_MAX]:
        start = line.start.astimezone(line.zone)
        when = language.moment(start) if with_day else language.time(start)
        found.append(language.joined(when, *(isolated(defanged(one)) for one in line.about)))
    if len(lines) > ITEMS_MAX:
        found.append("…")
    return tuple(found)
