"""Summarise: each morning the owner is told of the day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.business.messages import MessageKind
from bookonce.messages import message_rows
from bookonce.messages.message_rows import Message, message_id
from bookonce.messages.outgoing import MAIL
from bookonce.platform.errors import NotFoundError

AT = time(6)
"""By the business's clock."""
USEFUL = timedelta(hours=6)


async def summarise(installation: Installation, business_id: UUID, *, now: datetime) -> int:
    """Make the day's summaries of one business, if it is time; how many are new."""
    try:
        directory = await installation.by_id(business_id)
    except NotFoundError:
        return 0
    owners = directory.business.messages.owner_copy
    day = now.astimezone(directory.zone).date()
    due_at = datetime.combine(day, AT, directory.zone).astimezone(UTC)
    if not owners or not due_at <= now < due_at + USEFUL:
        return 0
    made = [
        Message(
            id=message_id(business_id, "summary", day.isoformat(), owner),
            kind=MessageKind.SUMMARY,
            way=MAIL,
            recipient="owner",
            who=owner,
            event_at=due_at,
            subject_date=day,
            next_at=due_at,
            useful_until=due_at + USEFUL,
        )
        for owner in owners
    ]
    return await installation.database.run(message_rows.put, business_id, made, now)
