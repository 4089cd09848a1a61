"""What Stripe's objects say of one attempt, read into `Books`. No asking is done here.

How partial captures are told:

- Stripe: `amount_received` of the PaymentIntent is what was taken, net of what was let go, and it
  stays so when money is given back later. "Any additional amount will be automatically refunded":
  the part that was let go may be listed among the refunds, without metadata of ours.
- A peer without `amount_received` (localstripe, which the tests run) lists the part that was let go
  as a refund of the charge that names no PaymentIntent; ours and those of an office name it.

Either way that part was never taken, so it is not money given back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bookonce.payments.provider import (
    Books,
    Dispute,
    DisputeStanding,
    Listed,
    Movement,
    Standing,
)
from bookonce.payments.providers.stripe_amounts import from_stripe
from bookonce.platform import money

DECLINED_KEY = "declined"
"""In a PaymentIntent's metadata: why the attempt was declined. Stripe forgets its own
`last_payment_error` when a PaymentIntent is changed, and keeps none if the card was refused before
a PaymentIntent was asked to be paid with it."""
REFUND_KEY = "refund_id"

LET_GO_WITHIN_S = 5
"""A refund later than this after the capture is not the part that the capture let go."""

_UNPAID = ("requires_payment_method", "requires_confirmation")
_FAILED = ("failed", "canceled")
_STANDING = {
    "requires_payment_method": Standing.OPEN,
    "requires_confirmation": Standing.OPEN,
    "requires_action": Standing.NEEDS_ACTION,
    "processing": Standing.PENDING,
    "requires_capture": Standing.AUTHORISED,
    "succeeded": Standing.CAPTURED,
    "canceled": Standing.CANCELLED,
}

_DISPUTED: dict[str, DisputeStanding | None] = {
    # The bank only asks: no money has moved.
    "warning_needs_response": None,
    "warning_under_review": None,
    "warning_closed": None,
    "prevented": None,
    "won": DisputeStanding.WON,
    "lost": DisputeStanding.LOST,
}
"""Every other status is of a dispute that is open, with the money withdrawn."""

Found = Mapping[str, Any]
"""An object of Stripe's as plain data. Peers leave fields out, so none is taken for granted."""


def read_books(
    intent: Found, refunds: Sequence[Found], currency: str, disputes: Sequence[Found] = ()
) -> Books:
    """The books of one attempt.

    `intent` has its latest charge and that one's balance transaction in it; `refunds` and
    `disputes` are all of the intent's. Raises ValueError for a status that is not known.
    """
    status = intent.get("status")
    standing = _STANDING.get(str(status))
    if standing is None:
        raise ValueError(f"unknown status {status!r}")
    problem = decline_code(intent)
    if problem and (status == "canceled" or status in _UNPAID):
        standing = Standing.DECLINED
    charge = _object(intent.get("latest_charge"))
    was_set_aside = charge.get("status") == "succeeded"
    captured, given_back = (
        _taken(intent, charge, refunds) if standing is Standing.CAPTURED else (0, [])
    )
    return Books(
        standing,
        authorised_minor=from_stripe(intent["amount"], currency) if was_set_aside else 0,
        captured_minor=from_stripe(captured, currency),
        capture_ref=charge.get("id") if standing is Standing.CAPTURED else None,
        refunds=tuple(_movement(refund, currency) for refund in given_back),
        failed=tuple(_movement(one, currency) for one in refunds if one.get("status") in _FAILED),
        disputes=tuple(
            Dispute(one["id"], from_stripe(one["amount"], currency), outcome)
            for one in disputes
            if (outcome := _DISPUTED.get(str(one.get("status")), DisputeStanding.OPEN)) is not None
        ),
        fee_minor=_fee_minor(charge, currency),
        problem=problem if standing is Standing.DECLINED else None,
        client_secret=intent.get("client_secret") if standing is Standing.NEEDS_ACTION else None,
    )


def read_listed(intent: Found) -> Listed | None:
    """A PaymentIntent of a list; None if it isn't of Bookonce's making."""
    noted = _object(intent.get("metadata"))
    business_id = as_uuid(noted.get("business_id"))
    currency = str(intent.get("currency", "")).upper()
    if business_id is None or not money.is_currency(currency):
        return None
    return Listed(
        provider_ref=intent["id"],
        standing=_STANDING.get(str(intent.get("status")), Standing.PENDING),
        amount_minor=from_stripe(intent["amount"], currency),
        currency=currency,
        business_id=business_id,
        appointment_id=as_uuid(noted.get("appointment_id")),
        payment_id=as_uuid(noted.get("payment_id")),
    )


def is_disputed(intent: Found) -> bool:
    """Whether the payer has objected at the bank, however that ended."""
    return bool(_object(intent.get("latest_charge")).get("disputed"))


def decline_code(intent: Found) -> str | None:
    """Why the attempt was declined, if it was."""
    noted = _object(intent.get("metadata")).get(DECLINED_KEY)
    told = _object(intent.get("last_payment_error"))
    return noted or (str(told.get("code") or "card_declined") if told else None)


def is_declined_but_open(intent: Found) -> bool:
    """Whether an attempt has failed and could yet be paid by whoever has its client secret."""
    return intent.get("status") in _UNPAID and decline_code(intent) is not None


def failed_refunds(refunds: Sequence[Found], refund_id: UUID) -> int:
    """How many tries of one refund have failed at Stripe."""
    return sum(
        refund.get("status") in _FAILED and _refund_id(refund) == refund_id for refund in refunds
    )


def _taken(intent: Found, charge: Found, refunds: Sequence[Found]) -> tuple[int, list[Found]]:
    """What was taken, in Stripe's units, and the refunds of it."""
    standing = [refund for refund in refunds if refund.get("status") not in _FAILED]
    let_go = _let_go(intent, charge, standing)
    given_back = [refund for refund in standing if refund is not let_go]
    received = intent.get("amount_received")
    if received is None:
        received = intent["amount"] - (let_go["amount"] if let_go else 0)
    return received, given_back


def _let_go(intent: Found, charge: Found, refunds: Sequence[Found]) -> Found | None:
    """The refund that stands for what a partial capture did not take."""
    strangers = [refund for refund in refunds if _refund_id(refund) is None]
    received = intent.get("amount_received")
    if received is None:
        return next((refund for refund in strangers if not refund.get("payment_intent")), None)
    captured_at = _object(charge.get("balance_transaction")).get("created")
    for refund in sorted(strangers, key=lambda found: found.get("created", 0)):
        late = captured_at and refund.get("created", 0) > captured_at + LET_GO_WITHIN_S
        if refund["amount"] == intent["amount"] - received and not late:
            return refund
    return None


def _movement(refund: Found, currency: str) -> Movement:
    return Movement(
        refund["id"],
        from_stripe(refund["amount"], currency),
        _refund_id(refund),
        is_settled=refund.get("status") == "succeeded",
        problem=refund.get("failure_reason"),
    )


def _refund_id(refund: Found) -> UUID | None:
    return as_uuid(_object(refund.get("metadata")).get(REFUND_KEY))


def _fee_minor(charge: Found, currency: str) -> int | None:
    """The fee is in the currency that the account is settled in, which may be another."""
    transaction = _object(charge.get("balance_transaction"))
    if str(transaction.get("currency", "")).upper() != currency:
        return None
    return from_stripe(transaction.get("fee", 0), currency)


def as_uuid(text: object) -> UUID | None:
    """An id of ours, or None for anything else."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _object(found: object) -> Found:
    """An object that was sent in full; an empty one in place of none, or of its id alone."""
    return found if isinstance(found, Mapping) else {}
