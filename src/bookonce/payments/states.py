"""A payment: its statuses, and what is to be done next about the money of one attempt.

Every step is decided anew from what the provider's books say and what the appointment is, never
from what was going on before. So it doesn't matter who asks, how often, in which order, or what
was lost on the way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from bookonce.booking.appointment import Status

LATE = timedelta(minutes=15)
"""How long after a hold has run out a payment that was begun may still come in."""


class PaymentStatus(StrEnum):
    """Where an attempt to pay stands. The database refuses any other word."""

    STARTED = "started"  # the provider may have been asked
    AUTHORISED = "authorised"  # the money is set aside
    CAPTURED = "captured"  # the money is taken
    GIVEN_UP = "given_up"  # nobody waits for it any more; the provider is to let go
    DECLINED = "declined"  # the provider said no
    CANCELLED = "cancelled"  # the money was let go, or never set aside


PAYMENT_TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.STARTED: frozenset(
        {
            PaymentStatus.AUTHORISED,
            PaymentStatus.CAPTURED,
            PaymentStatus.GIVEN_UP,
            PaymentStatus.DECLINED,
            PaymentStatus.CANCELLED,
        }
    ),
    PaymentStatus.AUTHORISED: frozenset({PaymentStatus.CAPTURED, PaymentStatus.CANCELLED}),
    PaymentStatus.CAPTURED: frozenset(),
    PaymentStatus.GIVEN_UP: frozenset({PaymentStatus.DECLINED, PaymentStatus.CANCELLED}),
    PaymentStatus.DECLINED: frozenset(),
    PaymentStatus.CANCELLED: frozenset(),
}
LIVE = (PaymentStatus.STARTED, PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED)
"""What an appointment may be confirmed by; it has at most one attempt that stands so."""
CLOSED = (PaymentStatus.DECLINED, PaymentStatus.CANCELLED)
"""What nothing can come of: the provider has said so."""


class RefundStatus(StrEnum):
    """Where giving something back stands. The database refuses any other word."""

    PENDING = "pending"  # to be asked for, or asked for and not through yet
    DONE = "done"  # in the provider's books
    FAILED = "failed"  # refused, or sent back by the bank; another try follows
    SETTLED = "settled"  # given back in another way, a person said
    WITHDRAWN = "withdrawn"  # another refund took its place, or less is to be given back


REFUND_TRANSITIONS: dict[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.PENDING: frozenset(
        {RefundStatus.DONE, RefundStatus.FAILED, RefundStatus.WITHDRAWN}
    ),
    RefundStatus.DONE: frozenset({RefundStatus.FAILED}),
    RefundStatus.FAILED: frozenset(
        {RefundStatus.DONE, RefundStatus.SETTLED, RefundStatus.WITHDRAWN}
    ),
    RefundStatus.SETTLED: frozenset(),
    RefundStatus.WITHDRAWN: frozenset({RefundStatus.DONE}),
}
OPEN_REFUNDS = (RefundStatus.PENDING, RefundStatus.FAILED)
"""What is to be given back still."""
REFUND_TRIES_MAX = 12
"""With the delays between them some ten days; then it is up to a person."""
_RETRY_MIN, _RETRY_MAX = timedelta(hours=1), timedelta(days=1)


def retry_at(tries: int, now: datetime) -> datetime | None:
    """When a refund that has failed so often is asked for again: after an hour, two, four, then
    daily; None if it is up to a person.
    """
    if tries >= REFUND_TRIES_MAX:
        return None
    doublings: int = 2 ** max(0, tries - 1)
    return now + min(_RETRY_MAX, _RETRY_MIN * doublings)


class EntryKind(StrEnum):
    """What a row of the ledger says. The kind has the sign. An amount below zero takes back a row
    that came to nothing: a refund that the bank sent back, a dispute that was won.
    """

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    RELEASED = "released"
    REFUNDED = "refunded"
    DISPUTED = "disputed"  # taken back by the payer's bank
    FEE = "fee"


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay an appointment's deposit."""

    id: UUID
    appointment_id: UUID
    number: int
    provider: str
    provider_ref: str | None
    status: PaymentStatus
    amount_minor: int
    currency: str
    problem: str | None
    created_at: datetime
    account: str | None = None
    """The account at the provider that took the money; None: the installation's own."""
    mode: str | None = None
    """"test" or "live", where the provider tells them apart."""


class Money(StrEnum):
    """Where the money of an attempt is, by the provider's books."""

    NOWHERE = "nowhere"  # nothing is set aside, but it may still be
    SET_ASIDE = "set_aside"
    TAKEN = "taken"
    GONE = "gone"  # declined or let go: nothing can come of this attempt


class Step(StrEnum):
    """What is to be done next about an attempt."""

    NOTHING = "nothing"
    CONFIRM = "confirm"  # make the time the client's, in one transaction; it may be lost
    CAPTURE = "capture"
    GIVE_UP = "give_up"  # write down that nothing can be confirmed by it, before it is released
    RELEASE = "release"
    REFUND = "refund"
    CLOSE = "close"  # write down that nothing came of it


def next_step(
    money: Money,
    status: Status,
    *,
    is_live: bool,
    is_late: bool,
    surplus_minor: int,
    keep_minor: int,
) -> Step:
    """What is to be done about an attempt.

    `is_live`: it hasn't been given up. `is_late`: the hold ran out more than `LATE` ago.
    `keep_minor` is what the business is due, `surplus_minor` what it has beyond that.
    """
    waiting = status in (Status.HELD, Status.EXPIRED)
    match money:
        case Money.GONE:
            return Step.CLOSE
        case Money.NOWHERE if waiting and is_live:
            return Step.GIVE_UP if is_late else Step.NOTHING
        case Money.NOWHERE:
            # Of a time that is somebody's, an empty look is an old one: it was paid for since.
            is_over = not is_live or status is Status.CANCELLED
            return Step.RELEASE if is_over else Step.NOTHING
        case _ if waiting and is_live:
            return Step.CONFIRM
        case Money.SET_ASIDE:
            return Step.CAPTURE if is_live and keep_minor > 0 else Step.RELEASE
        case Money.TAKEN:
            return Step.REFUND if surplus_minor > 0 else Step.NOTHING
