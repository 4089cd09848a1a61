"""What a payment provider is to Bookonce.

A provider sets money aside (authorises it), takes it (captures it), lets it go (releases it) and
gives it back (refunds it). Its own books are the truth: whoever wants to change something looks
first, so that asking twice, after a lost answer too, does it once even with a provider that knows
no idempotency keys. Amounts are in the currency's minor units.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """One attempt to pay, as a provider is told of it. Ids make asking twice harmless."""

    business_id: UUID
    appointment_id: UUID
    payment_id: UUID
    amount_minor: int
    currency: str
    """ISO 4217, upper-case."""
    description: str
    email: str | None = None
    account: str | None = None
    """The business's own account at the provider, if the installation serves several."""
    provider_ref: str | None = None
    """What the provider calls it, once `begin` has told."""
    known: Books | None = None
    """What our own books say of it: the truth for a provider that has none, such as a till."""


class Standing(StrEnum):
    """Where the money of one attempt stands at the provider."""

    OPEN = "open"  # nothing has been set aside; it may still be
    NEEDS_ACTION = "needs_action"  # the payer's bank wants to hear from the payer (3-D Secure)
    PENDING = "pending"  # the provider is still at it
    AUTHORISED = "authorised"  # set aside, not taken
    CAPTURED = "captured"  # taken
    DECLINED = "declined"  # this attempt has failed for good; another one may be begun
    CANCELLED = "cancelled"  # let go, or never set aside; nothing can come of it any more


@dataclass(frozen=True, slots=True)
class Movement:
    """Money given back or kept as a fee: what the provider calls it, and how much."""

    provider_ref: str
    amount_minor: int
    refund_id: UUID | None = None
    """Which of our refunds it is; None for one made past us, in the provider's own office."""
    is_settled: bool = True
    """False while the provider is still at it."""
    problem: str | None = None
    """A code of the provider's for why it failed."""


class DisputeStanding(StrEnum):
    """Where a payer's objection at the bank stands."""

    OPEN = "open"  # the money is withdrawn until it is decided
    WON = "won"  # the money is ours again
    LOST = "lost"  # the payer has it


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that the payer objected to at the bank."""

    provider_ref: str
    amount_minor: int
    standing: DisputeStanding


@dataclass(frozen=True, slots=True)
class Listed:
    """A payment in a provider's list, with the ids of ours that stand with it."""

    provider_ref: str
    standing: Standing
    amount_minor: int
    currency: str
    business_id: UUID | None
    appointment_id: UUID | None
    payment_id: UUID | None


@dataclass(frozen=True, slots=True)
class Books:
    """What the provider's books say of one attempt."""

    standing: Standing
    authorised_minor: int = 0
    """What was set aside, also when it has been taken or let go since."""
    captured_minor: int = 0
    """What was taken: without the part of a partial capture that was let go, and before refunds."""
    capture_ref: str | None = None
    refunds: tuple[Movement, ...] = ()
    """Those that failed at the provider are left out."""
    failed: tuple[Movement, ...] = ()
    """Refunds that failed, also long after they had succeeded."""
    disputes: tuple[Dispute, ...] = ()
    fee_minor: int | None = None
    """What the provider kept for itself, if it tells."""
    problem: str | None = None
    """A code of the provider's for why it was declined, such as "card_declined"."""
    client_secret: str | None = None
    """What the payer's browser needs to answer its bank, while the standing is NEEDS_ACTION."""


class ProviderError(Exception):
    """The provider can't be asked now: down, busy, silent. The outcome is unknown; ask again."""


class RefusedByProviderError(Exception):
    """The provider won't, and asking again won't help: a wrong key, an impossible change."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A message of a provider, its signature checked. It says what to look at, nothing more."""

    event_ref: str
    kind: str
    business_id: UUID | None
    payment_id: UUID | None
    provider_ref: str | None = None
    """What the provider calls the payment, if the message tells no ids of ours."""


class PaymentProvider(Protocol):
    """Every method may raise ProviderError and RefusedByProviderError.

    None needs the database; none keeps anything between calls but connections. One provider serves
    one event loop.
    """

    name: str
    """As the business file calls it."""
    takes_cards: bool
    """Whether the payer pays on the booking page; else a person tells that the money is there."""
    mode: str | None
    """"test" or "live", where that is another world; None if it isn't known."""

    async def begin(self, order: PaymentOrder) -> str:
        """Open an attempt; nothing can be set aside yet. Returns the provider's reference."""

    async def authorise(self, order: PaymentOrder, means: str) -> Books:
        """Set the money aside with the means of payment that the payer's browser made out."""

    async def look(self, order: PaymentOrder) -> Books:
        """What the books say now. An attempt that has failed is ended before DECLINED is told."""

    async def capture(self, order: PaymentOrder, amount_minor: int) -> Books:
        """Take what was set aside, or a part of it; the rest is let go. Looks first.

        If nothing is set aside (any more), the books tell, whatever amount was taken before.
        """

    async def release(self, order: PaymentOrder) -> Books:
        """Let go what was set aside, and end an attempt that is open. Looks first.

        Too late if the books say that it was taken; too early if they say PENDING.
        """

    async def refund(self, order: PaymentOrder, refund_id: UUID, amount_minor: int) -> Books:
        """Give a part or all of what was taken back, once for each id. Looks first.

        Books without that refund mean that a person has to give it back and tell.
        """

    def all_since(self, account: str | None, since: datetime | None) -> AsyncIterator[Listed]:
        """Every payment that an account's books show, newest first; None if there are no books."""

    def event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Read a message; None if it is about nothing of ours. Raises ValueError if it is forged."""

    async def close(self) -> None:
        """Close connections."""
