"""Edit: an appointment's note, and whom it is for, are put right."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.find import RACES_LOST_MAX, Found, load
from bookonce.events.catalogue import PLAIN, Manner
from bookonce.platform.actor import Actor
from bookonce.platform.errors import TryAgainError
from bookonce.platform.ids import new_id


class Edit(msgspec.Struct, frozen=True):
    """What is put right; what is unset stays as it is."""

    notes: str | msgspec.UnsetType | None = msgspec.UNSET
    client_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    client_name: str | msgspec.UnsetType = msgspec.UNSET
    client_phone: str | msgspec.UnsetType | None = msgspec.UNSET

    def given(self) -> dict[str, object]:
        """What is set, by field."""
        fields = msgspec.structs.asdict(self)
        return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


async def edit(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    changes: Edit,
    *,
    actor: Actor,
    now: datetime,
    manner: Manner = PLAIN,
) -> Found:
    """Put an appointment right, whatever its status; what it says already changes nothing. The values
    are in normal form. Raises NotFoundError and TryAgainError.
    """
    directory = await installation.current(slug)
    event_id = new_id()
    for _ in range(RACES_LOST_MAX):
        appointment = await load(installation, directory, appointment_id)
        edited = msgspec.structs.replace(appointment, **changes.given())
        changed = [
            name for name, value in changes.given().items() if getattr(appointment, name) != value
        ]
        if not changed:
            return Found(directory, appointment)
        if await installation.database.run(
            appointment_rows.edit,
            directory.business_id,
            edited,
            changed,
            event_id=event_id,
            actor=actor,
            now=now,
            manner=manner,
        ):
            return Found(directory, msgspec.structs.replace(edited, sequence=edited.sequence + 1))
    raise TryAgainError("This appointment keeps changing; try again in a moment.")
