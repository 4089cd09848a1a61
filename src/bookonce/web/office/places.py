"""Where a dragged appointment can be put, for the grid to shade before it is dropped."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import get

from bookonce.accounts.roles import Right
from bookonce.desk.agenda import zone_of
from bookonce.desk.places import Span, places_at_desk
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.office.dependencies import Admitted, Page

LocalSpan = tuple[str, str]
"""Times of the calendar's clock, as the grid takes them: "2026-12-01 09:00"."""


class Shading(msgspec.Struct, frozen=True):
    """Where an appointment may begin, by person; see `Places`."""

    free: dict[str, list[LocalSpan]]
    against_rules: dict[str, list[LocalSpan]]


@get(
    "/{slug:str}/appointments/{appointment_id:uuid}/places",
    include_in_schema=False,
    needs=Right.MOVE,
)
async def places(office: Page, access: Admitted, appointment_id: UUID) -> Shading:
    """Of the days `from` to `to`, by the clock of `location` or the business's."""
    query, directory = office.request.query_params, office.business
    found = await places_at_desk(
        office.installation,
        directory.slug,
        appointment_id,
        _day(query.get("from", ""), "from"),
        _day(query.get("to", ""), "to"),
        access=access,
        now=office.now,
    )
    location = query.get("location")
    zone = zone_of(directory, location if location in directory.places else None)
    return Shading(_local(found.free, zone), _local(found.against_rules, zone))


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError([FieldError(field, "expected a date, like 2026-12-01")]) from None


def _local(found: dict[str, list[Span]], zone: ZoneInfo) -> dict[str, list[LocalSpan]]:
    def told(instant: datetime) -> str:
        return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"

    return {key: [(told(low), told(high)) for low, high in spans] for key, spans in found.items()}
