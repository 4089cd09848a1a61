"""Places: where an appointment can be put, by the engine that the public page asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.availability.look import days, free
from bookonce.availability.rules import NONE_BROKEN, Broken, Rule
from bookonce.availability.selection import Choice, select
from bookonce.booking.appointment import Appointment
from bookonce.desk.agenda import zone_of
from bookonce.desk.change import found_at_desk
from bookonce.platform.errors import FieldError, TryAgainError, ValidationError

DAYS_MAX = 7
ROUNDS_MAX = 3
DRAGGED_OVER = frozenset({Rule.HOURS, Rule.NOTICE, Rule.HORIZON, Rule.BUFFER})
"""The rules that a place can break; a drag keeps to the step."""

Span = tuple[datetime, datetime]
"""From the first start up to a step after the last, instants in UTC."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where an appointment may begin, by the person who then performs it; all else is taken."""

    free: dict[str, list[Span]]
    against_rules: dict[str, list[Span]]
    """Nobody has it, but it breaks a rule of the business."""


async def places_at_desk(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    first: date,
    last: date,
    *,
    access: Access,
    now: datetime,
) -> Places:
    """Where an appointment can be moved to on the dates `first` to `last` by the clock of its place,
    its own time among them. Of those only whom it may be given to.

    Raises NotFoundError, ForbiddenError, ValidationError and TryAgainError.
    """
    if not 0 <= (last - first).days < DAYS_MAX:
        raise ValidationError([FieldError("to", f"from the first day on, at most {DAYS_MAX} days")])
    found = await found_at_desk(
        installation, slug, appointment_id, access=access, right=Right.MOVE, now=now
    )
    directory, appointment = found.directory, found.appointment
    step = timedelta(minutes=directory.policy.slot_step_min)
    rules_kept, rules_broken = [
        await _starts(installation, slug, appointment, first, last, now, broken)
        for broken in (NONE_BROKEN, DRAGGED_OVER)
    ]
    keys = [key for key in rules_broken if _may_be_given_to(access, key)]
    nobody: frozenset[int] = frozenset()
    return Places(
        {key: list(_spans(rules_kept.get(key, nobody), step)) for key in keys},
        {key: list(_spans(rules_broken[key] - rules_kept.get(key, nobody), step)) for key in keys},
    )


def _may_be_given_to(access: Access, key: str) -> bool:
    return access.may_see(key) and (not access.is_own_only or key == access.staff_key)


async def _starts(
    installation: Installation,
    slug: str,
    appointment: Appointment,
    first: date,
    last: date,
    now: datetime,
    broken: Broken,
) -> dict[str, frozenset[int]]:
    """The starts that are free, by person; seconds since the epoch."""
    for _ in range(ROUNDS_MAX):
        directory = await installation.current(slug)
        location = appointment.location
        selection = select(directory, Choice(appointment.services, (), location))
        version, offer = await free(
            installation,
            selection,
            days(zone_of(directory, location), first, last),
            now=now,
            released=appointment.id,
            broken=broken,
        )
        if version == directory.version:
            return {key: frozenset(offer.grid.read(bits)) for key, bits in offer.free.items()}
    raise TryAgainError("This business is being changed; try again in a moment.")


def _spans(starts: frozenset[int], step: timedelta) -> Iterator[Span]:
    """Starts, those one after the other together."""
    low = high = None
    for start_s in sorted(starts):
        start = datetime.fromtimestamp(start_s, UTC)
        if start != high:
            if low is not None and high is not None:
                yield low, high
            low = start
        high = start + step
    if low is not None and high is not None:
        yield low, high
