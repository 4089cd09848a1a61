"""An appointment: its statuses, the changes they allow, and the client's limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bookonce.booking.terms import Terms
from bookonce.business.answers import Answer
from bookonce.events.catalogue import Part
from bookonce.platform.errors import StatusConflictError, TooLateError
from bookonce.platform.zones import promised


class Status(StrEnum):
    """Where an appointment stands. The database refuses any other word."""

    HELD = "held"  # its claims are held until an instant; it is to be paid for first
    CONFIRMED = "confirmed"  # its claims are held
    EXPIRED = "expired"  # the hold has run out; its claims are released
    CANCELLED = "cancelled"  # its claims are released
    COMPLETED = "completed"  # the visit took place
    NO_SHOW = "no_show"  # the client did not come


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    # Paid late: confirmed if nobody has the time by then, else that's the end of it.
    Status.EXPIRED: frozenset({Status.CONFIRMED, Status.CANCELLED}),
    Status.CONFIRMED: frozenset({Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW}),
    # What follows is put right by the business: what is closed can be opened again.
    Status.CANCELLED: frozenset({Status.CONFIRMED}),
    Status.COMPLETED: frozenset({Status.NO_SHOW, Status.CONFIRMED}),
    Status.NO_SHOW: frozenset({Status.COMPLETED, Status.CONFIRMED}),
}
CLOSED = frozenset({Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW})


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """What one appointment is. `location` and `resources` are keys; times are aware instants."""

    id: UUID
    status: Status
    parts: tuple[Part, ...]
    """One or more services, performed one after the other without a gap."""
    location: str
    location_name: str = ""
    """As it was promised, like the address; empty if the business lists no locations."""
    location_address: str = ""
    zone: str
    """The zone of the clock there, as it was promised."""
    wall_start: datetime | None = None
    """What that clock was promised to show at the start, without an offset; None: not known."""
    business_version: int = 0
    """The version of the business under which it was promised."""
    resources: tuple[str, ...] = ()
    """The rooms and equipment it takes; none once it is cancelled."""
    start: datetime
    end: datetime
    price_minor: int | None
    currency: str
    sequence: int
    """Raised by every change; a change is conditional on it, so of two at once one wins."""
    client_id: UUID | None = None
    """None: a walk-in, or an event tells of it."""
    client_name: str = ""
    """As given for this visit, like the number."""
    client_phone: str | None = None
    notes: str | None = None
    answers: tuple[Answer, ...] = ()
    created_at: datetime | None = None
    overbooked: str | None = None
    """Why it may lie over another appointment of the same person, if it may."""
    deposit_minor: int | None = None
    """What is to be paid before it is confirmed, if anything is."""
    keep_minor: int | None = None
    """What the business may keep of the deposit; None: all of it, once it is confirmed."""
    forfeit_minor: int | None = None
    """What the business keeps in any case, since the client moved it after what would have come
    back got less.
    """
    confirmed_at: datetime | None = None
    """When it became the client's."""
    terms: Terms | None = None
    """What the client was promised; None: it was booked just now, or an event tells of it, which
    doesn't say.
    """
    hold_expires_at: datetime | None = None
    """Until when its time is held, if it is to be paid for."""
    payment_status: str | None = None
    """Where the latest attempt to pay stands, as a `PaymentStatus`; None if there was none."""
    refunded_minor: int = 0

    @property
    def clock(self) -> ZoneInfo:
        """The clock of the place where it is."""
        return ZoneInfo(self.zone)

    @property
    def where(self) -> str:
        """The place's name, if the business tells places apart, and its address."""
        return ", ".join(text for text in (self.location_name, self.location_address) if text)

    @property
    def service(self) -> str:
        """The key of the first part's service."""
        return self.parts[0].service

    @property
    def staff(self) -> str:
        """The key of the first part's performer."""
        return self.parts[0].staff

    @property
    def services(self) -> tuple[str, ...]:
        """The keys of its services, in order."""
        return tuple(part.service for part in self.parts)

    @property
    def performers(self) -> tuple[str, ...]:
        """The keys of those who perform its parts, in order."""
        return tuple(part.staff for part in self.parts)

    @property
    def promised_terms(self) -> Terms:
        """What the client was promised, of an appointment that was read from the database."""
        assert self.terms is not None
        return self.terms

    @property
    def grace_end(self) -> datetime | None:
        """Until when anything can be undone after booking; None if that isn't promised, or if it was
        never the client's.
        """
        grace_min = self.promised_terms.grace_min
        if self.confirmed_at is None or not grace_min:
            return None
        return min(self.start, self.confirmed_at + timedelta(minutes=grace_min))

    def is_in_grace(self, now: datetime) -> bool:
        """Whether it was booked so lately that the client may still undo it for nothing."""
        grace_end = self.grace_end
        return grace_end is not None and now <= grace_end

    @property
    def deadline(self) -> datetime:
        """Until when a client may cancel or move it."""
        limit = self.start - timedelta(minutes=self.promised_terms.cancel_until_min)
        return max(limit, self.grace_end or limit)

    def is_waiting(self, now: datetime) -> bool:
        """Whether it is held and the hold hasn't run out, so that it can be paid for."""
        return (
            self.status is Status.HELD
            and self.hold_expires_at is not None
            and now < self.hold_expires_at
        )

    def takes_time(self, now: datetime) -> bool:
        """Whether it holds claims: it is confirmed, or its hold hasn't run out."""
        return self.status is Status.CONFIRMED or self.is_waiting(now)

    def later(self, by: timedelta) -> Appointment:
        """The same, changed to be so much later, or earlier."""
        return msgspec.structs.replace(self._shifted(by), sequence=self.sequence + 1)

    def as_promised(self) -> Appointment:
        """The same at the instants at which the clock there shows what was promised, by the rules of
        now. What is written down follows; see `booking/rezone.py`.
        """
        if self.wall_start is None:
            return self
        start = promised(self.clock, self.wall_start, self.start)
        return self if start is None else self._shifted(start - self.start)

    def _shifted(self, by: timedelta) -> Appointment:
        if not by:
            return self
        return msgspec.structs.replace(
            self,
            start=self.start + by,
            end=self.end + by,
            parts=tuple(
                msgspec.structs.replace(part, start=part.start + by, end=part.end + by)
                for part in self.parts
            ),
        )

    def as_of(self, now: datetime) -> Appointment:
        """The same with the status that it has for everybody: a hold that has run out is expired,
        whether or not that is written down.
        """
        if self.status is Status.HELD and not self.is_waiting(now):
            return msgspec.structs.replace(self, status=Status.EXPIRED)
        return self


def require_transition(appointment: Appointment, status: Status) -> None:
    """Refuse a change of status that isn't in `TRANSITIONS`. Raises StatusConflictError."""
    if status not in TRANSITIONS[appointment.status]:
        raise StatusConflictError(
            f"This appointment is {appointment.status.value.replace('_', ' ')}; "
            f"it can't become {status.value.replace('_', ' ')}."
        )


def require_movable(appointment: Appointment) -> None:
    """Only a confirmed appointment has a time to give up. Raises StatusConflictError."""
    if appointment.status is not Status.CONFIRMED:
        raise StatusConflictError(
            f"This appointment is {appointment.status.value.replace('_', ' ')} and can't be moved;"
            " book a new one instead."
        )


def require_in_time(appointment: Appointment, now: datetime) -> None:
    """A client may cancel or move for as long as they were promised. Raises TooLateError."""
    deadline = appointment.deadline
    if now > deadline:
        raise TooLateError(
            f"This was possible until {deadline.astimezone(appointment.clock):%Y-%m-%d %H:%M}; "
            "please call the business.",
            deadline=deadline,
        )
