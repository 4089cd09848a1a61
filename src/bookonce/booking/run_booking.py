"""Run the booking statement: by itself, or in a transaction that makes room for it first."""

from __future__ import annotations

from dataclasses import replace

from bookonce.availability.claim_rows import PartlyTakenError
from bookonce.availability.installation import Installation
from bookonce.availability.make_room import make_room, needs_room, take_over
from bookonce.availability.selection import Selection
from bookonce.booking import appointment_rows, booking_rows
from bookonce.booking.booking_rows import BookingResult, NewAppointment, Outcome
from bookonce.booking.request import Wish
from bookonce.platform.connection import Connection


class _Undone(Exception):
    """Nothing may be written; the transaction is rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


async def run_booking(
    installation: Installation, new: NewAppointment, selection: Selection, wish: Wish
) -> BookingResult:
    """The booking statement under the retry policy.

    From the second attempt on a refusal is remembered too: if a lost attempt did book after all,
    remembering the refusal fails on its event, and the next look finds the booking.
    """
    attempts = 0

    async def attempt(connection: Connection) -> BookingResult:
        nonlocal attempts
        attempts += 1
        if attempts > 1:
            return await booking_rows.book(connection, replace(new, keep_refusal=True))
        return await booking_rows.book(connection, new)

    if not needs_room(wish.manner):
        return await installation.database.run(attempt)

    async def work(connection: Connection) -> BookingResult:
        return await _with_room(connection, new, selection, wish)

    try:
        return await installation.database.transaction(work)
    except _Undone as undone:
        return BookingResult(undone.outcome)
    except PartlyTakenError:
        return BookingResult(Outcome.AGAIN)


async def _with_room(
    connection: Connection, new: NewAppointment, selection: Selection, wish: Wish
) -> BookingResult:
    """Raises _Undone and PartlyTakenError: then what made room is undone, too."""
    appointment_id = new.demand.appointment_id
    await make_room(connection, selection, wish.start, appointment_id, wish.manner)
    result = await booking_rows.book(connection, new)
    if result.allocation is None:
        raise _Undone(result.outcome)
    if wish.manner.overbooked is None:
        return result
    business_id = selection.directory.business_id
    allocation = await take_over(connection, selection, wish.start, appointment_id, new.now)
    if allocation is None:
        raise _Undone(Outcome.REFUSED)
    await appointment_rows.set_overbooked(
        connection, business_id, appointment_id, wish.manner.overbooked
    )
    return BookingResult(Outcome.BOOKED, allocation)
