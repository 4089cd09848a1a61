"""The way from an appointment to the client's next one: the form, filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Appointment
from bookonce.desk.rebook import usual_weeks
from bookonce.web.office.page import Office


@dataclass(frozen=True, slots=True)
class Again:
    """What the link says, and where it leads."""

    name: str
    url: str


async def again(office: Office, access: Access, appointment: Appointment) -> Again | None:
    """The same at the usual interval, by the same clock; None for who may not book it. A date that
    has passed by then is next week's.
    """
    is_own = not access.is_own_only or all(
        key == access.staff_key for key in appointment.performers
    )
    if not (access.may(Right.BOOK) and is_own):
        return None
    weeks = await usual_weeks(office.installation, access.business_id, appointment.client_id)
    start = appointment.start.astimezone(appointment.clock)
    today = office.now.astimezone(appointment.clock).date()
    day = start.date() + timedelta(weeks=weeks)
    while day <= today:
        day += timedelta(weeks=1)
    first, then = (*appointment.services, "")[:2]
    query = {
        "client_id": str(appointment.client_id or ""),
        "name": appointment.client_name if not access.may(Right.SEE_CLIENTS) else "",
        "walk_in": "" if appointment.client_id else "1",
        "service": first,
        "then": then,
        "staff": appointment.staff,
        "location": appointment.location if appointment.location_name else "",
        "date": day.isoformat(),
        "time": f"{start:%H:%M}",
    }
    words = office.language.words
    name = words.ngettext("Again in %(num)s week", "Again in %(num)s weeks", weeks)
    return Again(
        name % {"num": weeks},
        f"/office/{office.business.slug}/appointments/new?"
        + urlencode({key: value for key, value in query.items() if value}),
    )
