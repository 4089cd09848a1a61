"""Make room: time that isn't free is taken where who works there says so, by name and for a reason.

Buffers of neighbours give way, or what is asked for lies over what is there, on the person's second
lane. Both are for one named person. The guard holds throughout.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.availability import buffer_rows, claim_rows, lane_rows
from bookonce.availability.allocation import demand_of, rooms_of, times_of_one
from bookonce.availability.demand import Allocation
from bookonce.availability.rules import Rule, broken_in
from bookonce.availability.selection import Selection
from bookonce.events.catalogue import Manner
from bookonce.platform.connection import Connection
from bookonce.platform.errors import FieldError, ValidationError


def needs_room(manner: Manner) -> bool:
    """Whether a change may take time that isn't free."""
    return manner.overbooked is not None or Rule.BUFFER in broken_in(manner)


def the_one(selection: Selection) -> UUID:
    """Who performs all of a selection. Raises ValidationError unless it is one person by name."""
    only = {part.performers for part in selection.parts}
    if len(only) != 1 or len(selection.parts[0].performers) != 1:
        raise ValidationError(
            [FieldError("staff", "name the person whose buffer or appointment gives way")]
        )
    return selection.ids(selection.parts[0].performers)[0]


async def make_room(
    connection: Connection,
    selection: Selection,
    start: datetime,
    appointment_id: UUID,
    manner: Manner,
) -> None:
    """Have the buffers of others give way, inside the transaction that takes the time."""
    if Rule.BUFFER in broken_in(manner):
        await buffer_rows.trim(
            connection,
            selection.directory.business_id,
            the_one(selection),
            appointment_id,
            times_of_one(selection, start),
        )


async def take_over(
    connection: Connection,
    selection: Selection,
    start: datetime,
    appointment_id: UUID,
    now: datetime,
) -> Allocation | None:
    """Take a visit's time, whatever the one who performs it has promised already; None if a room or a
    device isn't free, or too many lie over each other. Raises PartlyTakenError.
    """
    business_id, person_id = selection.directory.business_id, the_one(selection)
    rooms = rooms_of(selection, start, appointment_id)
    other_ids: tuple[UUID, ...] = ()
    if rooms is not None:
        allocation = await claim_rows.take(connection, rooms, now)
        if allocation is None:
            return None
        other_ids = (*allocation.performer_ids, *allocation.other_ids)
    if not await lane_rows.squeeze_in(
        connection, business_id, person_id, appointment_id, times_of_one(selection, start)
    ):
        return None
    return Allocation((person_id,) * len(selection.parts), other_ids)


async def take(
    connection: Connection,
    selection: Selection,
    start: datetime,
    appointment_id: UUID,
    manner: Manner,
    now: datetime,
) -> Allocation | None:
    """Take a visit's time in the way that is allowed; None if it can't be had. Raises
    PartlyTakenError.
    """
    if manner.overbooked is not None:
        return await take_over(connection, selection, start, appointment_id, now)
    await make_room(connection, selection, start, appointment_id, manner)
    return await claim_rows.take(connection, demand_of(selection, start, appointment_id), now)
