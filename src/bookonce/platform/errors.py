"""Every refusal the product knows: a stable code, a sentence for a person, facts for a program.

Nothing here knows HTTP; `web/errors.py` maps codes to status numbers in one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple


class FieldError(NamedTuple):
    """One thing that is wrong with the input: where, and what was expected."""

    field: str
    message: str


class BookonceError(Exception):
    """A refusal with a stable `code`, a `detail` for people and `facts` for programs."""

    code: ClassVar[str] = "ERROR"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFoundError(BookonceError):
    """No such business, service, staff or appointment, or it belongs to somebody else."""

    code = "NOT_FOUND"


class NotOfferedError(BookonceError):
    """The start is not one the business offers, whoever may be free."""

    code = "NOT_OFFERED"


class BookingConflictError(BookonceError):
    """The time was on offer but somebody has it. Raised at once, never retried.

    `facts["alternatives"]` holds up to three starts that can be booked instead.
    """

    code = "BOOKING_CONFLICT"


class AlreadyBookedError(BookingConflictError):
    """Whoever asks has this very time for this already, as far as their mail address tells."""


class BlockConflictError(BookonceError):
    """Time can't be blocked: `facts["appointments"]` lists what is in the way."""

    code = "BLOCK_CONFLICT"


class TooLateError(BookonceError):
    """Past the business's limit for cancelling or moving."""

    code = "TOO_LATE"


class StatusConflictError(BookonceError):
    """The appointment's status doesn't allow this change (moving a cancelled one, say)."""

    code = "STATUS_CONFLICT"


class IdempotencyMismatchError(BookonceError):
    """The idempotency key was used with another request."""

    code = "IDEMPOTENCY_MISMATCH"


class MovedError(BookonceError):
    """The business has another address now: `facts["slug"]`, where everything is found."""

    code = "MOVED"


class VersionConflictError(BookonceError):
    """The business isn't at the version that a change was made for. `facts["version"]` is the one
    it is at; `facts["since"]` lists those made meanwhile, with who, when and what changed.
    """

    code = "VERSION_CONFLICT"


class UnfitError(BookonceError):
    """A change was refused because appointments would no longer fit: `facts["unfit"]`."""

    code = "UNFIT"


class ValidationError(BookonceError):
    """Input that can't be understood; `errors` names each place and what was expected."""

    code = "VALIDATION"

    def __init__(self, errors: Sequence[FieldError], detail: str | None = None) -> None:
        self.errors = list(errors)
        if detail is None:
            detail = "; ".join(
                f"{field}: {message}" if field else message for field, message in self.errors
            )
        super().__init__(
            detail,
            errors=[{"field": field, "message": message} for field, message in self.errors],
        )


class TooManyBookingsError(BookonceError):
    """The visitor holds as many bookings ahead as the business allows. Which of their particulars
    they are counted by isn't told: it would tell strangers who books here.
    """

    code = "TOO_MANY_BOOKINGS"


class RateLimitedError(BookonceError):
    """More than people do: `facts["wait_s"]` says for how many seconds to wait."""

    code = "RATE_LIMITED"


class ProofOfWorkNeededError(BookonceError):
    """More than people do, unless a proof of work comes with it; `facts["challenge"]` is what to
    solve, if the request has a key that the proof can be for.
    """

    code = "PROOF_OF_WORK_NEEDED"


class HoldExpiredError(BookonceError):
    """The time was held for a payment, and the hold has run out."""

    code = "HOLD_EXPIRED"


class PaymentDeclinedError(BookonceError):
    """The provider declined. `facts["attempts_left"]` says how often another try may be made;
    `facts["reason"]` is the provider's word for it.
    """

    code = "PAYMENT_DECLINED"


class PaymentUnavailableError(BookonceError):
    """A payment would be needed, and this installation can't take one."""

    code = "PAYMENT_UNAVAILABLE"


class TryAgainError(BookonceError):
    """The database is away or attempts ran out; asking again with the same key is safe."""

    code = "TRY_AGAIN"


class UnauthenticatedError(BookonceError):
    """Nobody is signed in, or the session is over."""

    code = "UNAUTHENTICATED"


class ForbiddenError(BookonceError):
    """Who is signed in may not do this. `facts["right"]` names what is missing, if it is a right."""

    code = "FORBIDDEN"


class ProofRequiredError(BookonceError):
    """This needs a fresh proof of who is at the keyboard: the last one is too long ago."""

    code = "PROOF_REQUIRED"


class SlowDownError(BookonceError):
    """Too many tries to sign in failed; `facts["wait_s"]` says when the next one counts."""

    code = "SLOW_DOWN"


class LastOwnerError(BookonceError):
    """The business would be left without an owner."""

    code = "LAST_OWNER"
