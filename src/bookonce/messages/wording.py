"""The words of messages about an appointment, in the recipient's language."""

from __future__ import annotations

from datetime import datetime

from bookonce.booking.told import people, title
from bookonce.business.document import QuestionKind
from bookonce.business.messages import MessageKind, Template, filled
from bookonce.messages.letter import Action, Letter, Row, isolated
from bookonce.messages.matter import Matter
from bookonce.messages.safe_text import defanged, greeted, header_text
from bookonce.messages.team_said import rezoned, said_to_team
from bookonce.platform import money
from bookonce.platform.actor import ActorKind
from bookonce.platform.languages import Language

SHORT_LENGTH_MAX = 80
BOOKS_AGAIN = frozenset(
    {
        MessageKind.CANCELLED,
        MessageKind.TAKEN_OFF,
        MessageKind.PAYMENT_LOST,
        MessageKind.NO_SHOW,
    }
)
"""Kinds to a client who has no appointment by then."""


def letter(matter: Matter, language: Language) -> Letter:
    """The message, with the business's own words if it has some that fit."""
    told = _Telling(matter, language)
    is_client = matter.recipient.role == "client"
    written = told.to_client() if is_client else told.to_team()
    template = _template(matter, language) if is_client else None
    if template is None:
        return written
    try:
        values = told.placeholders()
        subject = header_text(filled(template.subject, values))
        body = filled(template.body, values)
    except ValueError:
        return written  # kept by an older version; ours are better than none
    return written.in_own_words(subject, body) if subject and body.strip() else written


def _template(matter: Matter, language: Language) -> Template | None:
    for each in matter.business.messages.template:
        if each.kind == matter.kind.value and each.language == language.code:
            return each
    return None


class _Telling:
    """One message in one language."""

    def __init__(self, matter: Matter, language: Language) -> None:
        self.matter, self.language = matter, language
        self.appointment = matter.appointment
        self.profile = matter.business.business
        self.zone = matter.appointment.clock
        self.when = language.moment(matter.appointment.start.astimezone(self.zone))
        self.title = title(matter.appointment)
        self.short = header_text(self.title, SHORT_LENGTH_MAX)
        self.gettext = language.words.gettext

    def to_client(self) -> Letter:
        """What the client is told."""
        subject, heading, paragraphs = self._said()
        return Letter(
            self.language,
            subject=header_text(subject),
            heading=heading,
            greeting=self._greeting(),
            paragraphs=tuple(paragraph for paragraph in paragraphs if paragraph),
            rows=self._rows(),
            note=self._note(),
            actions=self._actions(),
            footer=self._footer(),
            text=self._short(heading),
            secret_url=self.matter.links.manage,
        )

    def _said(self) -> tuple[str, str, tuple[str, ...]]:
        """Subject, heading and paragraphs."""
        _, about = self.gettext, {"service": self.short, "when": self.when}
        match self.matter.kind:
            case MessageKind.HELD:
                subject, heading = _("Held for you: %(service)s, %(when)s"), _("Your time is held")
                paragraphs = (self._held_until(),)
            case MessageKind.MOVED:
                subject = _("Moved: %(service)s, %(when)s")
                heading, paragraphs = _("Your appointment was moved"), ("",)
            case MessageKind.RESIZED:
                subject = _("New end: %(service)s, %(when)s")
                heading, paragraphs = _("Your appointment ends at another time"), ("",)
            case MessageKind.REZONED:
                subject = _("The time stays: %(service)s, %(when)s")
                heading, paragraphs = _("Your appointment keeps its time"), (rezoned(_),)
            case MessageKind.TAKEN_OFF:
                subject = _("Not yours any more: %(service)s, %(when)s")
                heading = _("The appointment is in another name now")
                wrong = _("If that is wrong, call us or write to us.")
                paragraphs = (f"{self._renamed()} {wrong}",)
            case MessageKind.CANCELLED:
                subject = _("Cancelled: %(service)s, %(when)s")
                heading = _("Your appointment is cancelled")
                paragraphs = (" ".join(filter(None, (self._by(), self._back()))),)
            case MessageKind.PAYMENT_LOST:
                subject = _("Paid too late: %(service)s, %(when)s")
                heading = _("Your payment came too late")
                lost = _("The time was not held any more, and it can't be had now.")
                back = _("Your payment goes back to you. It can take your bank some days.")
                paragraphs = (f"{lost} {back}",)
            case MessageKind.REFUNDED:
                subject = heading = self._given_back()
                paragraphs = (_("It can take your bank some days."),)
            case MessageKind.REMINDER:
                subject, heading = _("Reminder: %(service)s, %(when)s"), _("See you soon")
                paragraphs = ("",)
            case MessageKind.NO_SHOW:
                subject, heading = _("We missed you: %(service)s, %(when)s"), _("We missed you")
                paragraphs = (_("If something came up, call us or book another time."),)
            case _:
                subject = _("Booked: %(service)s, %(when)s")
                heading, paragraphs = _("Your appointment is booked"), (self._paid(),)
        if self.matter.kind is not MessageKind.REFUNDED:
            subject = subject % about
        return subject, heading, paragraphs

    def _renamed(self) -> str:
        about = {"business": isolated(self.profile.name)}
        return self.gettext("%(business)s has put this appointment in another name.") % about

    def _given_back(self) -> str:
        amount = self._amount(self.matter.back_minor)
        return self.gettext("%(amount)s given back") % {"amount": amount}

    def _paid(self) -> str:
        if self.matter.kind is not MessageKind.PAID or not self.appointment.deposit_minor:
            return ""
        amount = self._amount(self.appointment.deposit_minor)
        return self.gettext("Your deposit of %(amount)s has arrived.") % {"amount": amount}

    def to_team(self) -> Letter:
        """What a staff member or the owner is told."""
        _, links = self.gettext, self.matter.links
        subject, heading, paragraph = said_to_team(self.matter.kind, self.gettext)
        about = {"service": self.short, "when": self.when}
        return Letter(
            self.language,
            subject=header_text(subject % about),
            heading=heading,
            paragraphs=(paragraph,) if paragraph else (),
            rows=self._client_rows() + self._rows() + self._answer_rows(),
            note=self._note(),
            actions=(Action(_("Open in the office"), links.office),) if links.office else (),
            footer=(isolated(self.profile.name),),
            text=self._short(heading),
        )

    def placeholders(self) -> dict[str, str]:
        """What stands for the placeholders of a business's own words."""
        start, old = self.appointment.start.astimezone(self.zone), self.matter.old_start
        old = old.astimezone(self.zone) if old else None
        day, time = self.language.long_day, self.language.time
        return {
            "name": greeted(self.matter.client_name),
            "business": self.profile.name,
            "service": self.title,
            "staff": people(self.appointment),
            "date": day(start.date()),
            "time": time(start),
            "old_date": day(old.date()) if old else "",
            "old_time": time(old) if old else "",
            "place": self.appointment.where,
            "price": self._price(),
            "phone": self.profile.phone or "",
        }

    def _greeting(self) -> str:
        name = greeted(self.matter.client_name)
        _ = self.gettext
        return _("Hello %(name)s,") % {"name": isolated(name)} if name else _("Hello,")

    def _held_until(self) -> str:
        _, end = self.gettext, self.appointment.hold_expires_at
        assert end is not None
        about = {"until": self.language.moment(end.astimezone(self.zone))}
        if self.appointment.deposit_minor is None:
            return _("It is held until %(until)s.") % about
        about["amount"] = self._amount(self.appointment.deposit_minor)
        return (
            _("Pay the deposit of %(amount)s until %(until)s. After that others can book the time.")
            % about
        )

    def _by(self) -> str:
        _, by = self.gettext, self.matter.by
        if by in (ActorKind.VISITOR, ActorKind.AGENT):
            return _("You cancelled it.")
        if by in (ActorKind.ACCOUNT, ActorKind.KEY):
            return _("%(business)s cancelled it.") % {"business": isolated(self.profile.name)}
        if self.appointment.deposit_minor is not None and self.appointment.confirmed_at is None:
            return _("Its deposit was not paid.")
        return _("%(business)s cancelled it.") % {"business": isolated(self.profile.name)}

    def _back(self) -> str:
        if not self.matter.back_minor:
            return ""
        amount = self._amount(self.matter.back_minor)
        return self.gettext("You get %(amount)s back.") % {"amount": amount}

    def _rows(self) -> tuple[Row, ...]:
        _, appointment, old = self.gettext, self.appointment, self.matter.old_start
        rows = [Row(_("Service"), self._services())]
        if before := self._before(old):
            rows.append(Row(_("Before"), before))
        start, end = (each.astimezone(self.zone) for each in (appointment.start, appointment.end))
        rows.append(Row(_("When"), self.language.stretch(start, end)))
        rows.append(
            Row(_("With"), self.language.in_turn([p.staff_name for p in appointment.parts]))
        )
        if appointment.where:
            rows.append(Row(_("Where"), appointment.where))
        if price := self._price():
            rows.append(Row(_("Price"), price))
        return tuple(rows)

    def _before(self, old: datetime | None) -> str:
        """When it was, as the recipient was told; empty if that says nothing."""
        matter = self.matter
        if old is None:
            return ""
        if matter.kind is MessageKind.RESIZED and matter.old_end is not None:
            start, end = (each.astimezone(self.zone) for each in (old, matter.old_end))
            return self.language.stretch(start, end)
        is_other = old != self.appointment.start
        if is_other and matter.kind in (MessageKind.MOVED, MessageKind.OVERBOOKED):
            return self.language.moment(old.astimezone(self.zone))
        return ""

    def _client_rows(self) -> tuple[Row, ...]:
        _, matter = self.gettext, self.matter
        rows = [Row(_("Client"), defanged(matter.client_name))]
        if matter.client_phone:
            rows.append(Row(_("Phone"), matter.client_phone))
        if matter.kind is MessageKind.OVERBOOKED and matter.appointment.overbooked:
            rows.append(Row(_("Reason"), defanged(matter.appointment.overbooked)))
        return tuple(rows)

    def _answer_rows(self) -> tuple[Row, ...]:
        """What the client answered, for those who prepare for a new appointment. That they agreed to
        something is in the office.
        """
        if self.matter.kind not in (MessageKind.BOOKED, MessageKind.PAID):
            return ()
        return tuple(
            Row(defanged(each.name), defanged(" ".join(each.answer.split())))
            for each in self.appointment.answers
            if each.kind is not QuestionKind.CONSENT
        )

    def _services(self) -> str:
        return self.language.listed([part.service_name for part in self.appointment.parts])

    def _price(self) -> str:
        price_minor = self.appointment.price_minor
        return "" if price_minor is None else self._amount(price_minor)

    def _amount(self, amount_minor: int) -> str:
        currency = self.appointment.currency
        return self.language.amount(money.major(amount_minor, currency), currency)

    def _note(self) -> str:
        zone = self.language.zone(self.zone, self.appointment.start)
        return self.gettext("Times are in %(zone)s.") % {"zone": zone}

    def _actions(self) -> tuple[Action, ...]:
        _, kind, links = self.gettext, self.matter.kind, self.matter.links
        if kind in BOOKS_AGAIN:
            return (Action(_("Book another time"), links.book),) if links.book else ()
        if not links.manage or kind is MessageKind.REFUNDED:
            return ()
        is_to_pay = kind is MessageKind.HELD and self.appointment.deposit_minor is not None
        return (Action(_("Pay the deposit") if is_to_pay else _("See or change it"), links.manage),)

    def _footer(self) -> tuple[str, ...]:
        profile = self.profile
        reach = (profile.phone, profile.email, profile.website)
        why = self.gettext("You get this because of an appointment at %(business)s.")
        return (
            why % {"business": isolated(profile.name)},
            " · ".join(isolated(each) for each in reach if each),
        )

    def _short(self, heading: str) -> str:
        """The message in a line, for telephones."""
        parts = [f"{self.profile.name}: {heading}.", f"{self.short}, {self.when}."]
        if self.profile.phone:
            parts.append(self.profile.phone)
        return " ".join(parts)
