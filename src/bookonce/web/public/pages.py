"""Plain pages for people: the business and one appointment."""

from __future__ import annotations

from babel.dates import format_datetime
from litestar import MediaType, Response, get

from bookonce.services.appointments import find
from bookonce.web.dependencies import Here
from bookonce.web.templates import render


@get("/{slug:str}", include_in_schema=False, media_type=MediaType.HTML)
async def business_page(slug: str, installation: Here) -> Response[str]:
    """What the business offers, until the booking page does it better."""
    directory = await installation.current(slug)
    return render(
        "business.html",
        business=directory.business.business,
        services=directory.business.service,
    )


@get("/{slug:str}/a/{token:str}", include_in_schema=False, media_type=MediaType.HTML)
async def appointment_page(slug: str, token: str, installation: Here) -> Response[str]:
    """One appointment, for whoever has its link."""
    held = await find(installation, slug, token)
    directory, appointment = held.directory, held.appointment
    profile = directory.business.business
    return render(
        "appointment.html",
        business=profile,
        status=appointment.status.value,
        service=directory.service_name(appointment.service),
        staff=directory.staff_name(appointment.staff),
        when=format_datetime(
            appointment.start,
            "EEEE d MMMM y, HH:mm",
            tzinfo=directory.zone_at(appointment.location),
            locale="en",
        ),
        where=directory.where(appointment.location),
        calendar_url=f"/api/v1/{directory.slug}/appointments/{token}.ics",
    )
