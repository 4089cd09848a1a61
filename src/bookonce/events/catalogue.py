"""Every kind of event: its name, what it carries, what it means, and since when there is one.

An event is appended in the transaction that makes it true. It carries its actor and enough facts to
be told without reading what the business or the appointment has become since. It carries nobody's
name or address: whoever tells a client about it reads those when telling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.platform.actor import Role


class NoFacts(msgspec.Struct, frozen=True):
    """The event says it all by its kind and its appointment."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One service within an appointment, with its performer and times: keys, with what both were
    called on the day it was booked. An appointment has one or more, without a gap between them.
    """

    service: str
    service_name: str
    staff: str
    staff_name: str
    start: datetime
    end: datetime
    price_minor: int | None = None


class Manner(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How who works at a business made a change. A visitor's changes have nothing of it."""

    reason: str | None = None
    notify: bool = True
    """Whether the client is to hear of it."""
    broken_rules: tuple[str, ...] = ()
    """The rules of the business that didn't hold, by the names of `Rule`."""
    overbooked: str | None = None
    """Why it lies over another appointment of the same person, if it may."""
    undo_until: datetime | None = None
    """Until when it can be undone for certain; nobody is told before."""

    def as_json(self) -> str:
        """As an event keeps it."""
        return msgspec.json.encode(self).decode()


PLAIN = Manner()


class AppointmentFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """An appointment as the event left it. Keys, with names as they were; aware instants; amounts in
    minor units. A repeated request is answered from these.
    """

    parts: tuple[Part, ...]
    start: datetime
    end: datetime
    currency: str
    price_minor: int | None = None
    location: str = ""
    location_name: str = ""
    """Empty if the business lists no locations."""
    location_address: str = ""
    zone: str = ""
    """The zone of the clock there."""
    wall_start: datetime | None = None
    """What that clock shows at the start, as promised."""
    business_version: int = 0
    """The version of the business under which it was promised."""
    resources: tuple[str, ...] = ()
    sequence: int = 0
    deposit_minor: int | None = None
    hold_expires_at: datetime | None = None
    keep_minor: int | None = None
    reason: str | None = None
    """This and what follows: see `Manner`."""
    notify: bool = True
    broken_rules: tuple[str, ...] = ()
    overbooked: str | None = None
    undo_until: datetime | None = None
    changed: tuple[str, ...] = ()
    """Of what was put right: the names of the fields."""


class RefusalFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time that was asked for under an idempotency key, and refused."""

    start: datetime | None = None


class BlockFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose time is taken without an appointment: a resource's key, from `start` to `end`."""

    resource: str
    start: datetime
    end: datetime
    kind: str
    reason: str | None = None


class ChangeFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a change of the business says differently, a line each, and its version since."""

    changes: tuple[str, ...]
    version: int | None = None


class RefundFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money that goes back, in minor units, and what went wrong if anything did."""

    amount_minor: int
    currency: str
    problem: str | None = None


class MemberFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an account is in the business: its role, the key of the staff member whose calendar is
    its own, and the rights beyond those of the role and short of them.
    """

    role: Role
    account: UUID | None = None
    staff: str | None = None
    granted: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


class KeyFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key of the API: its id, what it is called, and what it is for."""

    key: UUID
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


class FeedFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A calendar feed: the key of the staff member whose appointments it shows, and whether it names
    clients.
    """

    staff: str
    names_clients: bool = False


class WebhookFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A webhook: its id, the host that it sends to, and why it was disabled if it was."""

    webhook: UUID
    host: str
    reason: str | None = None


class ClientFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which client, by id; what was put right, by the names of the fields; and of a merge into whom
    or out of whom.
    """

    client: UUID
    fields: tuple[str, ...] = ()
    other: UUID | None = None


class ImportFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of clients that was taken in: how many are new, changed, left as they were, and bad."""

    import_id: UUID
    created: int = 0
    changed: int = 0
    skipped: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event. `since` is the version that first wrote it."""

    name: str
    facts: type[msgspec.Struct]
    meaning: str
    since: str


KINDS: dict[str, Kind] = {}


def _kind(name: str, facts: type[msgspec.Struct], since: str, meaning: str) -> Kind:
    KINDS[name] = kind = Kind(name, facts, meaning, since)
    return kind


BOOKED = _kind(
    "appointment.booked", AppointmentFacts, "0.1", "A time was booked and is the client's."
)
HELD = _kind(
    "appointment.held", AppointmentFacts, "0.1", "A time is held until its deposit is paid."
)
CONFIRMED = _kind(
    "appointment.confirmed", AppointmentFacts, "0.1", "The deposit is there; the time is theirs."
)
MOVED = _kind(
    "appointment.moved", AppointmentFacts, "0.1", "An appointment got another time or person."
)
REZONED = _kind(
    "appointment.rezoned",
    AppointmentFacts,
    "0.1",
    "The zone's rules changed; the appointment stays at the time that its clock was to show.",
)
CANCELLED = _kind(
    "appointment.cancelled", AppointmentFacts, "0.1", "An appointment gave its time back."
)
EXPIRED = _kind(
    "appointment.expired", AppointmentFacts, "0.1", "A hold ended before it was paid for."
)
COMPLETED = _kind("appointment.completed", AppointmentFacts, "0.1", "The visit took place.")
NO_SHOW = _kind("appointment.no_show", AppointmentFacts, "0.1", "The client did not come.")
REOPENED = _kind(
    "appointment.reopened",
    AppointmentFacts,
    "0.2",
    "A visit that was closed, or cancelled, is confirmed again.",
)
EDITED = _kind(
    "appointment.edited",
    AppointmentFacts,
    "0.2",
    "Its note, or whom it is for, was put right; its time stays.",
)
BOOKING_REFUSED = _kind(
    "booking.refused",
    RefusalFacts,
    "0.1",
    "A time was refused under an idempotency key, so that the key answers the same again.",
)
MOVE_REFUSED = _kind(
    "move.refused", RefusalFacts, "0.1", "A move was refused under an idempotency key."
)
MOVE_UNCHANGED = _kind(
    "move.unchanged",
    AppointmentFacts,
    "0.1",
    "A move under an idempotency key led to where the appointment was already.",
)
BLOCKED = _kind("time.blocked", BlockFacts, "0.1", "Time was taken without an appointment.")
BLOCK_REZONED = _kind(
    "time.rezoned",
    BlockFacts,
    "0.1",
    "The zone's rules changed; blocked time stays at the time that its clock was to show.",
)
UNBLOCKED = _kind("time.unblocked", BlockFacts, "0.1", "Blocked time was given back.")
BUSINESS_CHANGED = _kind(
    "business.changed", ChangeFacts, "0.1", "The business describes itself differently."
)
CLIENT_CREATED = _kind(
    "client.created", ClientFacts, "0.1", "Somebody was written down as a client, in the office."
)
CLIENT_CHANGED = _kind(
    "client.changed", ClientFacts, "0.1", "What is kept of a client was put right."
)
CLIENT_MERGED = _kind(
    "client.merged", ClientFacts, "0.1", "Two clients turned out to be one; `other` is who stays."
)
CLIENT_UNMERGED = _kind(
    "client.unmerged", ClientFacts, "0.1", "A merge was undone; `other` is whose they were."
)
IMPORT_REQUESTED = _kind(
    "client.import_requested", ImportFacts, "0.1", "A file of clients is to be taken in."
)
CLIENTS_IMPORTED = _kind(
    "client.imported", ImportFacts, "0.1", "A file of clients was taken in, all of it at once."
)
CLIENT_ERASED = _kind(
    "client.erased", NoFacts, "0.1", "What was known of a client was erased; the books stay."
)
MEMBER_INVITED = _kind(
    "member.invited", MemberFacts, "0.1", "Somebody was invited to the business's office."
)
MEMBER_JOINED = _kind(
    "member.joined", MemberFacts, "0.1", "An account belongs to the business from now on."
)
MEMBER_CHANGED = _kind(
    "member.changed", MemberFacts, "0.1", "An account got another role, calendar or switches."
)
MEMBER_REMOVED = _kind(
    "member.removed", MemberFacts, "0.1", "An account belongs to the business no longer."
)
KEY_CREATED = _kind("key.created", KeyFacts, "0.1", "A program may act for the business by a key.")
KEY_REVOKED = _kind("key.revoked", KeyFacts, "0.1", "A key is good no longer.")
WEBHOOK_CREATED = _kind(
    "webhook.created", WebhookFacts, "0.1", "An address is sent what happens from now on."
)
WEBHOOK_CHANGED = _kind(
    "webhook.changed",
    WebhookFacts,
    "0.1",
    "A webhook got another address, other kinds of events or another secret, or was enabled again.",
)
WEBHOOK_TESTED = _kind(
    "webhook.tested",
    WebhookFacts,
    "0.1",
    "Somebody had a webhook tried out; it alone is sent this.",
)
WEBHOOK_DISABLED = _kind(
    "webhook.disabled",
    WebhookFacts,
    "0.1",
    "A webhook is sent nothing any more: it failed for days, answered 410, or somebody wanted it so.",
)
WEBHOOK_REMOVED = _kind("webhook.removed", WebhookFacts, "0.1", "A webhook was forgotten.")
FEED_MADE = _kind(
    "feed.made", FeedFacts, "0.1", "A staff member's appointments can be read at a private address."
)
FEED_REVOKED = _kind("feed.revoked", FeedFacts, "0.1", "That address leads nowhere from now on.")
PAYMENT_NOTIFIED = _kind(
    "payment.notified",
    NoFacts,
    "0.1",
    "The payment provider says that something happened; what it is, is asked of the provider.",
)
REFUND_REQUESTED = _kind(
    "refund.requested", RefundFacts, "0.1", "The business gives back a part of a deposit."
)
REFUND_DONE = _kind("refund.done", RefundFacts, "0.1", "The provider gave a refund.")
REFUND_FAILED = _kind(
    "refund.failed",
    RefundFacts,
    "0.1",
    "The provider refused a refund, or the bank sent it back; another try follows.",
)
REFUND_RETRIED = _kind(
    "refund.retried", RefundFacts, "0.1", "Somebody had a refund that failed asked for again."
)
REFUND_SETTLED = _kind(
    "refund.settled", RefundFacts, "0.1", "Somebody gave money back in another way, and told."
)
