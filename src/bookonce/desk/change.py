"""Change at the desk: move, cancel, say what became of a visit, reopen it, put it right."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.booking.attend import attend
from bookonce.booking.cancel import cancel
from bookonce.booking.client import normal_notes, notes_errors
from bookonce.booking.edit import Edit, edit
from bookonce.booking.find import Found, find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.register import registered
from bookonce.booking.reopen import reopen
from bookonce.booking.undo import undo
from bookonce.business.document import ANYONE
from bookonce.desk.request import DeskChange, DeskClient, DeskMove, guest_at_desk
from bookonce.desk.rights import require_seen, require_to_break
from bookonce.events.catalogue import Manner
from bookonce.events.idempotency import Idempotency
from bookonce.platform.errors import ValidationError

UNDO_WINDOW = timedelta(seconds=15)
"""For how long a move can be undone for certain; messages about it wait as long."""


class DeskEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is put right; what is absent stays. `client` null makes it a walk-in. `notify`: whether the
    client is to hear of it; those who perform it do.
    """

    notes: str | msgspec.UnsetType | None = msgspec.UNSET
    client: DeskClient | msgspec.UnsetType | None = msgspec.UNSET
    notify: bool = True


async def found_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    *,
    access: Access,
    right: Right,
    now: datetime,
) -> Found:
    """An appointment, for somebody who has a right to it. Raises NotFoundError, for those of others
    that may not be seen, too, and ForbiddenError.
    """
    found = await find(installation, slug, appointment_id, now=now)
    require_seen(access, found.appointment.performers)
    if right is not Right.SEE_CALENDAR:
        access.require_for(right, *found.appointment.performers)
    return found


async def move_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    request: DeskMove,
    *,
    access: Access,
    now: datetime,
    idempotency_key: str | None = None,
) -> Found:
    """Move as `move` does, whatever the client's limits, without the rules that the request breaks."""
    await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.MOVE, now=now
    )
    if request.staff is not None:
        access.require_for(Right.MOVE, "" if request.staff == ANYONE else request.staff)
    require_to_break(access, request.break_rules, request.overbook)
    return await move(
        installation,
        slug,
        appointment_id,
        MoveRequest(request.start, request.staff, request.location),
        actor=access.actor,
        now=now,
        idempotency=Idempotency.of(
            idempotency_key, "move at the desk", str(appointment_id), request
        ),
        manner=msgspec.structs.replace(request.manner(), undo_until=now + UNDO_WINDOW),
    )


async def undo_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    *,
    access: Access,
    now: datetime,
) -> Found:
    """Take the last move back, for certain while its old time is kept; see `undo`."""
    await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.MOVE, now=now
    )
    return await undo(installation, slug, appointment_id, actor=access.actor, now=now)


async def cancel_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    request: DeskChange,
    *,
    access: Access,
    now: datetime,
) -> Found:
    """Cancel as `cancel` does, whatever the client's limits; all of a deposit goes back."""
    await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.CANCEL, now=now
    )
    return await cancel(
        installation,
        slug,
        appointment_id,
        actor=access.actor,
        now=now,
        manner=request.manner(),
    )


async def attend_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    outcome: Status,
    request: DeskChange,
    *,
    access: Access,
    now: datetime,
) -> Found:
    """Say that a visit took place, or that the client did not come; see `attend`."""
    await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.MARK, now=now
    )
    return await attend(
        installation,
        slug,
        appointment_id,
        outcome,
        actor=access.actor,
        now=now,
        manner=request.manner(),
    )


async def reopen_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    request: DeskChange,
    *,
    access: Access,
    now: datetime,
) -> Found:
    """Confirm again what was closed or cancelled; see `reopen`. What was cancelled takes the right to
    book.
    """
    found = await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.MARK, now=now
    )
    if found.appointment.status is Status.CANCELLED:
        access.require_for(Right.BOOK, *found.appointment.performers)
    return await reopen(
        installation,
        slug,
        appointment_id,
        actor=access.actor,
        now=now,
        manner=request.manner(),
    )


async def edit_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    request: DeskEdit,
    *,
    access: Access,
    now: datetime,
) -> Found:
    """Put the note, or whom it is for, right. Raises ValidationError, too."""
    await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.BOOK, now=now
    )
    changes = Edit()
    if request.notes is not msgspec.UNSET:
        if wrong := list(notes_errors(request.notes)):
            raise ValidationError(wrong)
        changes = msgspec.structs.replace(changes, notes=normal_notes(request.notes))
    if request.client is not msgspec.UNSET:
        guest = await guest_at_desk(installation, access.business_id, slug, None, request.client)
        changes = msgspec.structs.replace(
            changes,
            client_id=await registered(installation, access.business_id, guest, now),
            client_name=guest.name,
            client_phone=guest.phone,
        )
    return await edit(
        installation,
        slug,
        appointment_id,
        changes,
        actor=access.actor,
        now=now,
        manner=Manner(notify=request.notify),
    )
