"""What kinds of messages, and what becomes of them, are called."""

from __future__ import annotations

from babel.support import NullTranslations

from bookonce.business.messages import MessageKind
from bookonce.messages.log_rows import Logged

IN_SERVERS_WORDS = frozenset({"failed", "bounced", "unknown"})
"""Statuses whose reason is what another server said."""
TROUBLED = frozenset({"failed", "bounced", "unreachable"})
"""Statuses after which somebody had better be called."""


def kind_name(kind: str, words: NullTranslations) -> str:
    """What a message tells."""
    _ = words.gettext
    return {
        MessageKind.BOOKED: _("Appointment booked"),
        MessageKind.HELD: _("Time held for the deposit"),
        MessageKind.PAID: _("Deposit paid"),
        MessageKind.MOVED: _("Appointment moved"),
        MessageKind.RESIZED: _("Another end"),
        MessageKind.REZONED: _("Other rules of the clock"),
        MessageKind.CHANGED: _("Another name or number"),
        MessageKind.OVERBOOKED: _("Overbooked"),
        MessageKind.CANCELLED: _("Appointment cancelled"),
        MessageKind.TAKEN_OFF: _("It isn't theirs any more"),
        MessageKind.PAYMENT_LOST: _("Paid too late"),
        MessageKind.REFUNDED: _("Money goes back"),
        MessageKind.REMINDER: _("Reminder"),
        MessageKind.NO_SHOW: _("Appointment missed"),
        MessageKind.CONFLICTS: _("Appointments no longer fit"),
        MessageKind.SUMMARY: _("The appointments of the day"),
    }[MessageKind(kind)]


def fates(words: NullTranslations) -> dict[str, str]:
    """What can become of a message, by its status, in the order in which a filter has them."""
    _ = words.gettext
    return {
        "waiting": _("waiting"),
        "sending": _("being sent"),
        "sent": _("sent"),
        "unknown": _("perhaps sent"),
        "failed": _("refused"),
        "bounced": _("came back"),
        "unreachable": _("unreachable"),
        "not_sent": _("not sent: no server is set up"),
        "unwanted": _("unsubscribed"),
        "void": _("no longer true"),
        "late": _("too late to be of use"),
    }


def way_name(way: str, words: NullTranslations) -> str:
    """By which way."""
    _ = words.gettext
    return {"mail": _("by mail"), "sms": _("by text message")}[way]


def recipient_name(one: Logged, staff_name: str, words: NullTranslations) -> str:
    """Whom a message is for; `staff_name` is what the staff member is called."""
    _ = words.gettext
    if one.recipient == "client":
        return one.client_name or _("the client")
    return staff_name or one.who or _("the owner")


def why(one: Logged, words: NullTranslations) -> str:
    """Why it has become so, where its status doesn't say all; another server's words as they are."""
    _ = words.gettext
    if one.status == "unreachable":
        if not one.address:
            return _("There is no address.")
        return _("Mails to this address come back.")
    if one.status in IN_SERVERS_WORDS or (one.status == "waiting" and one.attempts):
        return one.reason or ""
    return ""
