"""Remind: find which reminders are due now. None waits anywhere before that, so none has to be taken
back when an appointment is moved or cancelled, or the setting is changed.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.business.messages import MessageKind, quiet_hours
from bookonce.messages import message_rows, reminder_rows
from bookonce.messages.message_rows import Message, message_id
from bookonce.messages.outgoing import MAIL, SMS
from bookonce.messages.reminder_rows import Near
from bookonce.messages.reminders import ahead, due, plan
from bookonce.platform.errors import NotFoundError
from bookonce.platform.zones import promised


async def remind(installation: Installation, business_id: UUID, *, now: datetime) -> int:
    """Make the reminders of one business that are due; how many are new."""
    try:
        directory = await installation.by_id(business_id)
    except NotFoundError:
        return 0
    messages = directory.business.messages
    if not messages.reminders:
        return 0
    until = now + ahead(messages.reminders, quiet_hours(messages.quiet))
    found = await installation.database.run(reminder_rows.near, business_id, now, until)
    made = [one for near in found for one in _due(directory, near, now)]
    return await installation.database.run(message_rows.put, business_id, made, now)


def _due(directory: Directory, near: Near, now: datetime) -> list[Message]:
    messages = directory.business.messages
    zone = ZoneInfo(near.zone)
    start = near.start
    if near.wall_start is not None:
        start = promised(zone, near.wall_start, near.start) or near.start
    reminders = plan(start, zone, messages.reminders, quiet_hours(messages.quiet))
    reminder = due(reminders, now, near.settled_at)
    if reminder is None:
        return []
    ways = [MAIL, SMS] if messages.sms and near.has_phone else [MAIL]
    return [
        Message(
            id=message_id(near.appointment_id, "reminder", reminder.lead, start.isoformat(), way),
            kind=MessageKind.REMINDER,
            way=way,
            recipient="client",
            appointment_id=near.appointment_id,
            client_id=near.client_id,
            event_at=reminder.due_at,
            lead=reminder.lead,
            subject_start=start,
            next_at=reminder.due_at,
            useful_until=reminder.useful_until,
        )
        for way in ways
        if f"{reminder.lead} {way}" not in near.reminded
    ]
