"""Terms: what a client was promised when they booked, whatever the business's file says today."""

from __future__ import annotations

import msgspec

from bookonce.business.deposits import RefundTier
from bookonce.business.document import GRACE_MIN, Business


class Terms(msgspec.Struct, frozen=True):
    """Until when a client may change their mind, and what comes back of a deposit then."""

    cancel_until_min: int
    grace_min: int = GRACE_MIN
    refunds: tuple[RefundTier, ...] | None = None

    @classmethod
    def of(cls, business: Business) -> Terms:
        """Those of a business as it is described."""
        policy = business.policy
        return cls(policy.cancel_until_min, policy.grace_min, business.payments.refunds)
