"""First steps: what a business that was opened in the browser has still to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.business.document import WeeklyHours
from bookonce.desk import first_steps_rows
from bookonce.platform.database import Database


class Step(StrEnum):
    """One thing to do, in the order in which it is done best."""

    HOURS = "hours"
    SERVICES = "services"
    LOOK = "look"  # colour and logo
    TRY = "try"  # book once, as a client does
    SHARE = "share"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done and what isn't."""

    done: frozenset[Step]

    @property
    def are_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.done == frozenset(Step)


async def first_steps(database: Database, directory: Directory, access: Access) -> Steps | None:
    """The steps of a business, for who may take them; None if there is nothing to show."""
    if not access.may(Right.SETTINGS):
        return None
    seen = await database.run(first_steps_rows.seen, directory.business_id)
    if seen is None:
        return None
    business = directory.business
    works = (
        hours for each in business.staff for hours in (each.hours, *(at.hours for at in each.at))
    )
    done = {
        Step.HOURS: any(hours != WeeklyHours() for hours in works),
        Step.SERVICES: bool(business.service),
        Step.LOOK: business.page.colour is not None or business.page.logo is not None,
        Step.TRY: seen.has_booking,
        Step.SHARE: seen.is_shared,
        Step.INVITE: seen.has_invited,
    }
    steps = Steps(frozenset(step for step, is_done in done.items() if is_done))
    return None if steps.are_over else steps


async def share(database: Database, access: Access, now: datetime) -> None:
    """The link of the booking page is shared. Raises ForbiddenError."""
    access.require(Right.SETTINGS)
    await database.run(first_steps_rows.share, access.business_id, now)


async def dismiss(database: Database, access: Access, now: datetime) -> None:
    """Show the list no more. Raises ForbiddenError."""
    access.require(Right.SETTINGS)
    await database.run(first_steps_rows.dismiss, access.business_id, now)
