"""The words of the settings: what each field of the document is called, in the order of its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from babel.support import NullTranslations

from bookonce.business.deposits import Payments, RefundTier
from bookonce.business.document import (
    Category,
    DateHours,
    HoursAt,
    Location,
    Policy,
    Profile,
    Protection,
    Question,
    Resource,
    Service,
    Staff,
)
from bookonce.business.messages import Messages, Template
from bookonce.business.page import Page
from bookonce.business.texts import NameText, PageText, QuestionText, ServiceText, StaffText
from bookonce.business.visits import Phase


class Label(NamedTuple):
    """What a field is called, what helps to fill it in, and what a number counts."""

    name: str
    hint: str = ""
    unit: str = ""


Gettext = Callable[[str], str]
Labels = Mapping[type, Mapping[str, Label]]


def labels(words: NullTranslations) -> Labels:
    """By struct and by the field's name in the file."""
    _ = words.gettext
    return {
        Profile: _profile(_),
        Location: _location(_),
        Staff: _staff(_),
        HoursAt: _hours_at(_),
        DateHours: _date_hours(_),
        Resource: _resource(_),
        Category: _category(_),
        Service: _service(_),
        Question: _question(_),
        Phase: _phase(_),
        Policy: _policy(_),
        Page: _page(_),
        Protection: _protection(_),
        Payments: _payments(_),
        RefundTier: _refund_tier(_),
        Messages: _messages(_),
        Template: _template(_),
    } | _in_other_languages(_)


def named(field: str) -> Label:
    """A field that the table doesn't know yet."""
    return Label(field.replace("_", " ").capitalize())


def _profile(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("Name of the business")),
        "timezone": Label(_("Time zone"), _("The clock by which you open, close and book.")),
        "currency": Label(_("Currency"), _("Prices keep their digits when you change it.")),
        "locale": Label(
            _("Language and country"),
            _("For visitors whose browser speaks none of our languages, and for messages."),
        ),
        "phone": Label(_("Telephone"), _("Shown to clients, such as +49 30 1234567.")),
        "email": Label(_("Email"), _("Shown to clients.")),
        "website": Label(_("Website"), _("Such as https://www.example.com.")),
        "address": Label(_("Postal address"), _("If you list no locations: those have their own.")),
        "closed": Label(
            _("Closed for bookings"),
            _("Nobody can book online. Appointments that were booked stay."),
        ),
        "slug": Label(
            _("Address of the booking page"),
            _("Small letters, digits and hyphens. The old address leads to the new one."),
        ),
    }


def _location(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("Name")),
        "address": Label(_("Postal address"), _("Clients see it with their appointment.")),
        "timezone": Label(_("Time zone"), _("If it is another one than that of the business.")),
        "hours": Label(
            _("Opening hours"),
            _("Leave them empty to be open whenever somebody works there."),
        ),
        "dates": Label(
            _("Special days"),
            _("These hours count instead of the week's. Without hours it is closed on that day."),
        ),
        "text": Label(_("In other languages"), _("Where one says nothing, your own words stand.")),
        "key": Label(_("Key"), _("What programs and addresses call it. It stays the same.")),
    }


def _staff(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("Name")),
        "role": Label(
            _("What they are"), _("Such as “Master stylist”. Shown on the booking page.")
        ),
        "languages": Label(
            _("Languages"), _("What they speak with clients, one code a line: de, en, fr …")
        ),
        "email": Label(_("Email"), _("For messages about their appointments.")),
        "hours": Label(_("Working hours"), _("A gap between two times is a break.")),
        "dates": Label(
            _("Special days"),
            _("These hours count instead of the week's. Without hours it is a day off."),
        ),
        "at": Label(_("Working hours"), _("A gap between two times is a break.")),
        "text": Label(_("In other languages"), _("Where one says nothing, your own words stand.")),
        "key": Label(_("Key"), _("What programs and addresses call it. It stays the same.")),
    }


def _hours_at(_: Gettext) -> dict[str, Label]:
    return {
        "location": Label(_("Location")),
        "hours": Label(_("Working hours")),
        "dates": Label(_("Special days")),
    }


def _date_hours(_: Gettext) -> dict[str, Label]:
    return {
        "date": Label(_("Day")),
        "hours": Label(_("Hours"), "\u206609:00-12:30, 13:30-18:00\u2069"),
    }


def _resource(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("Name"), _("Such as “Room 2” or “Laser”.")),
        "kind": Label(
            _("Kind"),
            _(
                "One word for all that can stand in for each other, such as room, chair or laser. "
                "Services ask for a kind."
            ),
        ),
        "location": Label(_("Location")),
        "key": Label(_("Key"), _("What programs and addresses call it. It stays the same.")),
    }


def _category(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("Name"), _("A heading under which services are listed.")),
        "text": Label(_("In other languages"), _("Where one says nothing, your own words stand.")),
        "key": Label(_("Key"), _("What programs and addresses call it. It stays the same.")),
    }


def _question(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("What you ask, or what they agree to")),
        "kind": Label(_("How it is answered")),
        "choices": Label(_("Answers to choose from"), _("One a line.")),
        "details": Label(_("What to know first"), _("Shown above it, such as your house rules.")),
        "required": Label(_("Nobody can book without an answer")),
        "services": Label(_("For which services")),
        "text": Label(_("In other languages"), _("Where one says nothing, your own words stand.")),
        "key": Label(_("Key"), _("What programs and addresses call it. It stays the same.")),
    }


def _service(_: Gettext) -> dict[str, Label]:
    return {
        "name": Label(_("Name")),
        "description": Label(_("In one line"), _("Shown in the list.")),
        "category": Label(_("Category")),
        "duration_min": Label(_("Duration"), unit=_("minutes")),
        "price": Label(_("Price"), _("With tax. Leave it empty to show none.")),
        "staff": Label(_("Who performs it")),
        "locations": Label(_("Where it is offered")),
        "needs": Label(_("What it needs"), _("One of each kind is taken for the whole time.")),
        "buffer_before_min": Label(
            _("Time kept free before"), _("To get ready. Clients don't see it."), _("minutes")
        ),
        "buffer_after_min": Label(
            _("Time kept free after"), _("To tidy up. Clients don't see it."), _("minutes")
        ),
        "deposit": Label(
            _("Deposit"),
            _("What is paid when booking: an amount, a share such as 30%, or “full”."),
        ),
        "deposit_for": Label(_("Who pays a deposit"), _("Nobody ticked: everybody.")),
        "details": Label(_("More about it"), _("The list unfolds it.")),
        "preparation": Label(_("Before they come"), _("What clients should know or do.")),
        "price_is_from": Label(_("“From” before the price"), _("It may cost more.")),
        "hidden": Label(_("Not in the list"), _("Whoever has its link can book it.")),
        "phases": Label(
            _("Phases"),
            _(
                "If the performer is free for others in the middle, while a colour takes, say. "
                "Together they last as long as the service."
            ),
        ),
        "phone_required": Label(_("A telephone number is required")),
        "text": Label(_("In other languages"), _("Where one says nothing, your own words stand.")),
        "key": Label(_("Key"), _("What programs and addresses call it. It stays the same.")),
    }


def _phase(_: Gettext) -> dict[str, Label]:
    return {
        "duration_min": Label(_("Duration"), unit=_("minutes")),
        "staff": Label(_("With the performer")),
    }


def _policy(_: Gettext) -> dict[str, Label]:
    return {
        "slot_step_min": Label(
            _("Starts every"), _("15 offers 9:00, 9:15, 9:30 and so on."), _("minutes")
        ),
        "notice_min": Label(
            _("Shortest notice"), _("So long before the start is the last booking."), _("minutes")
        ),
        "horizon_days": Label(_("Bookable ahead"), unit=_("days")),
        "cancel_until_min": Label(
            _("Clients may cancel or move until"),
            _("Before the start; 1440 is a day."),
            _("minutes"),
        ),
        "grace_min": Label(
            _("Time to change one's mind"),
            _("So long after booking clients may cancel whatever the limit says."),
            _("minutes"),
        ),
        "phone_required": Label(_("A telephone number is required")),
    }


def _page(_: Gettext) -> dict[str, Label]:
    return {
        "welcome": Label(_("Welcome"), _("What you say to those who come to the page.")),
        "announcement": Label(
            _("Announcement"), _("What everybody should know now, such as a holiday.")
        ),
        "text": Label(_("In other languages"), _("Where one says nothing, your own words stand.")),
        "team": Label(_("Show who works here")),
        "hours": Label(_("Show when you are open")),
        "kind": Label(_("What you are"), _("For search engines.")),
        "colour": Label(_("Colour"), _("Of buttons and links. We shade it until it can be read.")),
        "imprint": Label(_("Imprint"), _("The address of a page of yours.")),
        "privacy": Label(_("Privacy policy"), _("The address of a page of yours.")),
        "terms": Label(_("Terms"), _("The address of a page of yours.")),
        "sites": Label(
            _("Sites that may show the page"),
            _("Websites on which you embed the booking page, one a line."),
        ),
    }


def _protection(_: Gettext) -> dict[str, Label]:
    return {
        "bookings_per_email": Label(
            _("Bookings ahead for one mail address"), _("Empty: any number.")
        ),
        "bookings_per_phone": Label(
            _("Bookings ahead for one telephone number"), _("Empty: any number.")
        ),
        "bookings_per_network": Label(
            _("Bookings ahead from one internet connection"), _("Empty: any number.")
        ),
        "proof_of_work": Label(
            _("Always check that it isn't a robot"),
            _("The visitor's browser does a small sum. Otherwise only if something looks wrong."),
        ),
    }


def _payments(_: Gettext) -> dict[str, Label]:
    return {
        "provider": Label(_("Payment provider")),
        "hold_min": Label(
            _("Time to pay"), _("So long a time is kept for somebody who pays."), _("minutes")
        ),
        "attempts_max": Label(_("Tries to pay"), _("Then the time is free again.")),
        "refunds": Label(
            _("What clients get back"),
            _(
                "How much of a deposit comes back to who cancels, by how early. Nothing here: all "
                "of it, for as long as clients may cancel."
            ),
        ),
        "account": Label(
            _("Your account at the provider"),
            _("If several businesses share this installation. Ask whoever runs it."),
        ),
    }


def _refund_tier(_: Gettext) -> dict[str, Label]:
    return {
        "until_min": Label(_("Until so long before the start"), unit=_("minutes")),
        "percent": Label(_("Share that comes back"), unit="%"),
    }


def _messages(_: Gettext) -> dict[str, Label]:
    return {
        "from_name": Label(_("Name of the sender"), _("Empty: the name of the business.")),
        "reply_to": Label(_("Replies go to"), _("A mail address of yours.")),
        "reminders": Label(
            _("Reminders"),
            _(
                "How long before the start, one a line: 24h, 30m, 2d, or “evening” for 18:00 on the "
                "day before."
            ),
        ),
        "quiet": Label(
            _("Quiet hours"), _("Nobody is reminded then. Such as 21:00-08:00; empty: none.")
        ),
        "sms": Label(_("Text messages, too"), _("To clients who gave a number.")),
        "owner_copy": Label(
            _("Copies for you"), _("Mail addresses that hear of each booking, one a line.")
        ),
        "template": Label(
            _("Your own words"),
            _("For a kind of message in a language. Everything else keeps ours."),
        ),
    }


def _template(_: Gettext) -> dict[str, Label]:
    return {
        "kind": Label(_("Message")),
        "language": Label(_("Language")),
        "subject": Label(_("Subject")),
        "body": Label(
            _("Text"),
            _("In braces stands what we put in: {name}, {service}, {staff}, {date}, {time} …"),
        ),
    }


def _in_other_languages(_: Gettext) -> dict[type, dict[str, Label]]:
    language = {"language": Label(_("Language"))}
    return {
        NameText: language | {"name": Label(_("Name"))},
        StaffText: language | {"role": Label(_("What they are"))},
        PageText: language
        | {"welcome": Label(_("Welcome")), "announcement": Label(_("Announcement"))},
        QuestionText: language
        | {
            "name": Label(_("What you ask, or what they agree to")),
            "details": Label(_("What to know first")),
            "choices": Label(_("Answers to choose from"), _("One a line.")),
        },
        ServiceText: language
        | {
            "name": Label(_("Name")),
            "description": Label(_("In one line")),
            "details": Label(_("More about it")),
            "preparation": Label(_("Before they come")),
        },
    }
