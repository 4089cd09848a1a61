"""What the sections and the choices of the settings are called."""

from __future__ import annotations

from babel.support import NullTranslations

from bookonce.business.deposits import DepositFor
from bookonce.business.document import QuestionKind
from bookonce.business.messages import MessageKind
from bookonce.business.page import Kind


def section_names(words: NullTranslations) -> dict[str, str]:
    """By the section's part of the address."""
    _ = words.gettext
    return {
        "business": _("Business"),
        "locations": _("Locations"),
        "people": _("People"),
        "rooms": _("Rooms and equipment"),
        "services": _("Services"),
        "categories": _("Categories"),
        "questions": _("Questions and consents"),
        "rules": _("Booking rules"),
        "page": _("Booking page"),
        "messages": _("Messages"),
        "payments": _("Payments"),
        "protection": _("Protection"),
        "history": _("Versions"),
    }


def section_summaries(words: NullTranslations) -> dict[str, str]:
    """What is found in each."""
    _ = words.gettext
    return {
        "business": _("Name, contact, time zone, currency, closed for a while"),
        "locations": _("Where you work, with opening hours"),
        "people": _("Who works here and when"),
        "rooms": _("What only one client can have at a time"),
        "services": _("What can be booked: duration, price, who performs it"),
        "categories": _("Headings under which services are listed"),
        "questions": _("What visitors are asked, and what they agree to, when they book"),
        "rules": _("How early, how late, until when clients may cancel"),
        "page": _("Colour, logo, your own website"),
        "messages": _("Reminders, sender, your own words"),
        "payments": _("Deposits and what comes back"),
        "protection": _("Against robots and people who book everything"),
        "history": _("Who changed what, and the way back"),
    }


def add_names(words: NullTranslations) -> dict[str, str]:
    """What adds a thing to a list."""
    _ = words.gettext
    return {
        "locations": _("Add a location"),
        "people": _("Add a person"),
        "rooms": _("Add a room or a device"),
        "services": _("Add a service"),
        "categories": _("Add a category"),
        "questions": _("Add a question"),
    }


def none_yet(words: NullTranslations) -> dict[str, str]:
    """What an empty list says."""
    _ = words.gettext
    return {
        "locations": _("No locations. You need them only if you work in several places."),
        "people": _("Nobody works here yet."),
        "rooms": _("No rooms or equipment. You need them only if they can run short."),
        "services": _("Nothing can be booked yet."),
        "categories": _("No categories. You need them only if you have many services."),
        "questions": _("Visitors are asked for their name and mail address, and nothing else."),
    }


def choice_names(words: NullTranslations) -> dict[str, str]:
    """Words of the document that a form offers."""
    _ = words.gettext
    return _kind_names(words) | {
        DepositFor.NEW_CLIENTS: _("Who has never been here"),
        DepositFor.NO_SHOWS: _("Who once didn't come"),
        MessageKind.BOOKED: _("Booked"),
        MessageKind.HELD: _("Held until the deposit is paid"),
        MessageKind.PAID: _("Deposit paid"),
        MessageKind.MOVED: _("Moved"),
        MessageKind.CANCELLED: _("Cancelled"),
        MessageKind.PAYMENT_LOST: _("Paid too late"),
        MessageKind.REFUNDED: _("Money goes back"),
        MessageKind.REMINDER: _("Reminder"),
        MessageKind.NO_SHOW: _("Didn't come"),
        QuestionKind.LINE.value: _("A line of text"),
        QuestionKind.TEXT.value: _("Several lines of text"),
        QuestionKind.CHOICE.value: _("One of several answers"),
        QuestionKind.CONSENT.value: _("A box to tick: house rules, a consent"),
    }


def _kind_names(words: NullTranslations) -> dict[str, str]:
    """What a business can be."""
    _ = words.gettext
    names = {
        Kind.HAIR_SALON: _("Hair salon"),
        Kind.BEAUTY_SALON: _("Beauty salon"),
        Kind.NAIL_SALON: _("Nail salon"),
        Kind.SPA: _("Spa"),
        Kind.TATTOO: _("Tattoo studio"),
        Kind.FITNESS: _("Fitness studio"),
        Kind.MEDICAL: _("Medical practice"),
        Kind.DENTIST: _("Dentist"),
        Kind.OTHER: _("Something else"),
    }
    return {kind.value: name for kind, name in names.items()}


def picture_names(words: NullTranslations) -> dict[tuple[str, str], tuple[str, str]]:
    """What pictures are called, and what helps to choose one, by table and field."""
    _ = words.gettext
    photo = _("PNG, JPEG or WebP, at most 2 MB. We make it as small as it is shown.")
    return {
        ("page", "cover"): (_("Cover picture"), photo),
        ("page", "logo"): (
            _("Logo"),
            _("PNG, JPEG, WebP or SVG, at most 64 KB. It stands at the top of the booking page."),
        ),
        ("staff", "picture"): (_("Portrait"), photo),
        ("service", "picture"): (_("Picture"), photo),
    }
