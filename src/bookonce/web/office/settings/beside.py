"""What belongs to a person or a room but is kept elsewhere: absences, and the services performed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bookonce.desk import agenda_rows
from bookonce.web.office.page import Office
from bookonce.web.office.settings.parts import Part

AHEAD = timedelta(days=366)
Link = tuple[str, str]
"""A text, and where it leads."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Links beside a form: the services that somebody performs, and their time off ahead."""

    services: list[Link]
    absences: list[Link]


async def beside(office: Office, part: Part) -> Beside | None:
    """Of a person or a room that is there; None of anything else."""
    directory, reader = office.business, office.language
    if part.section.table not in ("staff", "resource") or part.is_new:
        return None
    ids = directory.staff_ids | directory.resource_ids
    home = f"/office/{directory.slug}"
    blocks = []
    if part.key in ids:
        blocks = await office.installation.database.run(
            agenda_rows.blocks,
            directory.business_id,
            [ids[part.key]],
            office.now,
            office.now + AHEAD,
        )
    zone = directory.zone
    return Beside(
        [
            (each.name, f"{home}/settings/services/items/{each.key}")
            for each in directory.business.service
            if part.section.table == "staff" and (each.staff is None or part.key in each.staff)
        ],
        [
            (
                reader.joined(
                    reader.stretch(each.start.astimezone(zone), each.end.astimezone(zone)),
                    each.reason or "",
                ),
                f"{home}/absences/{each.id}",
            )
            for each in blocks
        ],
    )
