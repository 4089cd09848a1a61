"""An appointment as it is at another time."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from bookonce.availability.demand import Allocation
from bookonce.availability.selection import Selection
from bookonce.booking.appointment import Appointment
from bookonce.platform.zones import wall


def moved_to(
    appointment: Appointment, selection: Selection, starts_at: datetime, allocation: Allocation
) -> Appointment:
    """The appointment at another time, as long as its services take now, with what it got there."""
    directory = selection.directory
    performers = [directory.staff_keys[one] for one in allocation.performer_ids]
    return msgspec.structs.replace(
        appointment,
        parts=tuple(
            msgspec.structs.replace(
                part,
                staff=staff,
                staff_name=directory.staff_name(staff),
                start=starts_at + timedelta(minutes=selected.offset_min),
                end=starts_at
                + timedelta(minutes=selected.offset_min + selected.service.duration_min),
            )
            for part, staff, selected in zip(
                appointment.parts, performers, selection.parts, strict=True
            )
        ),
        location=selection.place.key,
        location_name=selection.place.label,
        location_address=selection.place.address,
        zone=selection.place.zone.key,
        wall_start=wall(selection.place.zone, starts_at),
        resources=tuple(sorted(directory.resource_keys[one] for one in allocation.other_ids)),
        start=starts_at,
        end=starts_at + timedelta(minutes=selection.duration_min),
        sequence=appointment.sequence + 1,
    )
