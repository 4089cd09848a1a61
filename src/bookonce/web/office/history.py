"""What happened to an appointment, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from bookonce.desk.history_rows import Happened
from bookonce.events.catalogue import AppointmentFacts
from bookonce.platform.actor import Actor, ActorKind
from bookonce.platform.languages import Language


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: str
    machine_at: str
    what: str
    by: str
    detail: str


def lines(history: Iterable[Happened], language: Language, zone: ZoneInfo) -> Iterator[Line]:
    """The history, the first first."""
    before: AppointmentFacts | None = None
    for each in history:
        facts = None
        if each.kind.startswith("appointment."):
            facts = msgspec.json.decode(each.facts, type=AppointmentFacts)
        at = each.at.astimezone(zone)
        yield Line(
            at=language.moment(at),
            machine_at=at.isoformat(),
            what=what(each.kind, language),
            by=by(each.actor, language),
            detail=detail(facts, before, language, zone),
        )
        before = facts or before


def what(kind: str, language: Language) -> str:
    """What happened, by the kind of event; the kind, if it isn't about an appointment."""
    _ = language.words.gettext
    return {
        "appointment.booked": _("Booked"),
        "appointment.held": _("Held for the deposit"),
        "appointment.confirmed": _("Confirmed"),
        "appointment.moved": _("Moved"),
        "appointment.rezoned": _("Put right by the clock"),
        "appointment.cancelled": _("Cancelled"),
        "appointment.expired": _("Expired"),
        "appointment.completed": _("Done"),
        "appointment.no_show": _("Missed"),
        "appointment.reopened": _("Confirmed again"),
        "appointment.edited": _("Changed"),
        "refund.requested": _("Refund asked for"),
        "refund.done": _("Refunded"),
        "refund.failed": _("Refund failed"),
        "refund.retried": _("Refund tried again"),
        "refund.settled": _("Refund settled"),
        "payment.notified": _("The payment changed"),
    }.get(kind, kind)


def by(actor: Actor, language: Language) -> str:
    """Who did it."""
    _ = language.words.gettext
    if actor.name:
        return actor.name
    return {
        ActorKind.VISITOR: _("the client"),
        ActorKind.ACCOUNT: _("the office"),
        ActorKind.KEY: _("a program"),
        ActorKind.AGENT: _("an agent"),
        ActorKind.SYSTEM: _("Bookonce"),
    }[actor.kind]


def detail(
    facts: AppointmentFacts | None,
    before: AppointmentFacts | None,
    language: Language,
    zone: ZoneInfo,
) -> str:
    """How the appointment was left, where that differs from before."""
    if facts is None:
        return ""
    _ = language.words.gettext
    said = []
    staff = language.in_turn([part.staff_name for part in facts.parts])
    if before is None or before.start != facts.start or before.parts != facts.parts:
        said.append(language.moment(facts.start.astimezone(zone)))
        said.append(staff)
    if facts.reason:
        said.append(f"“{facts.reason}”")
    if facts.overbooked:
        said.append(_("overbooked: “%(reason)s”") % {"reason": facts.overbooked})
    if facts.broken_rules:
        said.append(_("outside the rules"))
    if not facts.notify:
        said.append(_("without telling the client"))
    return language.joined(*said)
