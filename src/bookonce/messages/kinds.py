"""The kinds of messages: after which events, to whom, and for how long they are of use."""

from __future__ import annotations

from datetime import datetime, timedelta

from bookonce.business.messages import MessageKind

CAUSES: dict[str, MessageKind] = {
    "appointment.booked": MessageKind.BOOKED,
    "appointment.held": MessageKind.HELD,
    "appointment.confirmed": MessageKind.PAID,
    "appointment.moved": MessageKind.MOVED,
    "appointment.rezoned": MessageKind.REZONED,
    "appointment.edited": MessageKind.CHANGED,
    "appointment.cancelled": MessageKind.CANCELLED,
    "appointment.no_show": MessageKind.NO_SHOW,
    "appointment.reopened": MessageKind.BOOKED,
    "refund.done": MessageKind.REFUNDED,
    "refund.settled": MessageKind.REFUNDED,
    "business.changed": MessageKind.CONFLICTS,
}
"""What each event leads to. What a message tells in the end is decided when it is sent."""
NOBODY: dict[str, str] = {
    "appointment.expired": "`held` said until when, and anybody can book the time again",
    "appointment.completed": "the client was there",
    "booking.refused": "whoever asked got the answer",
    "move.refused": "whoever asked got the answer",
    "move.unchanged": "nothing changed",
    "time.blocked": "no client has a part in it: it is refused where an appointment is in the way",
    "time.rezoned": "no client has a part in it: it stays where an appointment is in the way",
    "time.unblocked": "no client has a part in it",
    "client.created": "nothing was promised to them",
    "client.changed": "their appointments stay as they are; the next message goes to the new address",
    "client.merged": "their appointments stay as they are",
    "client.unmerged": "their appointments stay as they are",
    "client.import_requested": "whoever asked sees how far it is",
    "client.imported": "whoever asked sees the report",
    "client.erased": "their address is gone",
    "member.invited": "the inviter hands the link over",
    "member.joined": "the team page shows it",
    "member.changed": "the team page shows it",
    "member.removed": "the team page shows it",
    "key.created": "the page of keys shows it",
    "key.revoked": "the page of keys shows it",
    "feed.made": "the address is shown to whoever made it",
    "feed.revoked": "the address leads nowhere",
    "webhook.created": "the page of webhooks shows it",
    "webhook.changed": "the page of webhooks shows it",
    "webhook.removed": "the page of webhooks shows it",
    "webhook.disabled": "the page of webhooks shows it, with what the address answered last",
    "webhook.tested": "whoever asked sees the answer",
    "payment.notified": "what follows from it is told: `paid`, `cancelled`, `refunded`",
    "refund.requested": "`refunded` follows, and `cancelled` has the amount",
    "refund.failed": "another try follows, and `bookonce doctor` shows what waits",
    "refund.retried": "`refunded` follows",
}
"""Of all other events nobody gets a message, and why."""
ABOUT_THE_APPOINTMENT = frozenset(
    {
        MessageKind.BOOKED,
        MessageKind.HELD,
        MessageKind.PAID,
        MessageKind.MOVED,
        MessageKind.RESIZED,
        MessageKind.REZONED,
        MessageKind.CHANGED,
        MessageKind.OVERBOOKED,
        MessageKind.CANCELLED,
        MessageKind.TAKEN_OFF,
        MessageKind.PAYMENT_LOST,
    }
)
"""Kinds that tell where an appointment stands: each recipient hears only of what is newer."""
TO_STAFF_TOO = frozenset(
    {
        MessageKind.BOOKED,
        MessageKind.PAID,
        MessageKind.MOVED,
        MessageKind.REZONED,
        MessageKind.CHANGED,
        MessageKind.CANCELLED,
    }
)
"""Causes that its performers and the owner are told of."""
BY_SMS = frozenset({MessageKind.REMINDER, MessageKind.MOVED, MessageKind.CANCELLED})
"""Kinds that also go to a client's telephone."""
SENT_ONCE_AT_MOST = frozenset({MessageKind.REMINDER, MessageKind.SUMMARY, MessageKind.NO_SHOW})
"""Kinds that had better not arrive than arrive twice."""

WHOM_FOR = frozenset({"client_id", "client_name", "client_phone"})
"""The fields of an appointment that say whom it is for."""

NO_SHOW_DELAY = timedelta(minutes=10)
"""Somebody may have tapped the wrong line."""
USEFUL_AT_LEAST = timedelta(hours=1)
USEFUL_AT_MOST = timedelta(days=5)
_RETRY_AFTER_MIN = (1, 3, 5, 10, 15, 30, 60, 120, 240)


def useful_until(
    kind: MessageKind, event_at: datetime, start: datetime | None, hold_end: datetime | None
) -> datetime:
    """Until when a message is worth sending; `start` is the appointment's."""
    last = event_at + USEFUL_AT_MOST
    if kind is MessageKind.HELD:
        return min(last, hold_end or last)
    if kind is MessageKind.NO_SHOW:
        return event_at + timedelta(days=2)
    if kind in (MessageKind.REFUNDED, MessageKind.CONFLICTS) or start is None:
        return last
    return min(last, max(start, event_at + USEFUL_AT_LEAST))


def retry_after(attempts: int) -> timedelta:
    """How long to wait after the nth attempt that failed for the time being, counted from 1.

    Greylisting lets one in after minutes or hours; a server may be away for days.
    """
    place = min(attempts, len(_RETRY_AFTER_MIN)) - 1
    return timedelta(minutes=_RETRY_AFTER_MIN[max(place, 0)])
