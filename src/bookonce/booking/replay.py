"""What a key, or a mail address, has led to already: the same request again books nothing more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bookonce.availability.alternatives import conflict
from bookonce.availability.installation import Installation
from bookonce.availability.selection import Selection, select
from bookonce.booking import client_rows
from bookonce.booking.facts import appointment_of
from bookonce.booking.find import Found, find
from bookonce.booking.manage_tokens import unseal
from bookonce.booking.request import Wish
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.event_rows import Remembered
from bookonce.events.idempotency import Idempotency
from bookonce.platform.errors import (
    AlreadyBookedError,
    BookingConflictError,
    TryAgainError,
)


@dataclass(frozen=True, slots=True)
class Booked(Found):
    """An appointment that was booked, with the token that opens it from now on."""

    token: str
    is_repeat: bool = False
    """Whether the key had led to it before; the answer is as it was then."""


async def booked_under(
    installation: Installation, slug: str, idempotency_key: str, *, now: datetime
) -> Booked | None:
    """The appointment that a key has led to, as it is now, and its token; None if there is none.

    For keys that nobody can guess: whoever has one gets the appointment, whatever was sent with it.
    """
    directory = await installation.current(slug)
    idempotency = Idempotency.of(idempotency_key)
    remembered = await installation.database.run(
        event_rows.remembered, directory.business_id, idempotency.key_hash
    )
    then = remembered and _replay(installation, directory, idempotency, remembered)
    if not then:
        return None
    found = await find(installation, slug, then.appointment.id, now=now)
    return replace(then, appointment=found.appointment)


async def replayed_by(
    installation: Installation,
    slug: str,
    wish: Wish,
    idempotency: Idempotency,
    now: datetime,
) -> Booked | None:
    """What the key led to; None if it wasn't used. Raises what was raised then."""
    directory = await installation.current(slug)
    remembered = await installation.database.run(
        event_rows.remembered, directory.business_id, idempotency.key_hash
    )
    if remembered is None:
        return None
    idempotency.require_same(remembered.request_hash)
    if replayed := _replay(installation, directory, idempotency, remembered):
        return replayed
    raise await refusal_of(installation, select(directory, wish.choice), wish, now)


def _replay(
    installation: Installation,
    directory: Directory,
    idempotency: Idempotency,
    remembered: Remembered,
) -> Booked | None:
    """The answer that was given before; None if it was a refusal."""
    if remembered.appointment_id is None or remembered.sealed_token is None:
        return None
    token = unseal(
        remembered.sealed_token,
        remembered.appointment_id,
        idempotency.key,
        installation.secret_key,
    )
    if token is None:
        raise TryAgainError(
            "This was booked, but by a server with another BOOKONCE_SECRET_KEY; "
            "only that one can answer again."
        )
    appointment = appointment_of(directory, remembered.appointment_id, remembered.facts)
    return Booked(directory, appointment, token, is_repeat=True)


async def has_this(
    installation: Installation, selection: Selection, wish: Wish, now: datetime
) -> bool:
    """Whether the same mail address has the very same time for the same services already."""
    directory = selection.directory
    if wish.guest.email is None:
        return False
    return await installation.database.run(
        client_rows.has_this,
        directory.business_id,
        wish.guest.email,
        wish.start.astimezone(UTC),
        [directory.service_ids[part.service.key] for part in selection.parts],
        now,
    )


async def replayed_or_refused(
    installation: Installation,
    slug: str,
    selection: Selection,
    wish: Wish,
    idempotency: Idempotency,
    now: datetime,
) -> Booked:
    """What this key has booked; raises AlreadyBookedError if another key did."""
    if idempotency.from_outside and (
        replayed := await replayed_by(installation, slug, wish, idempotency, now)
    ):
        return replayed
    raise await refusal_of(installation, selection, wish, now)


async def refusal_of(
    installation: Installation, selection: Selection, wish: Wish, now: datetime
) -> BookingConflictError:
    """Why a time can't be had: the client has it already, or another client."""
    refusal = await conflict(installation, selection, wish.start, now=now)
    if await has_this(installation, selection, wish, now):
        return AlreadyBookedError("You have this time already.", **refusal.facts)
    return refusal
