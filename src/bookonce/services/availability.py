"""Which starts are on offer now, and why a start isn't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from math import inf
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.core.availability import Window, offered_starts, refusal
from bookonce.core.business import ANYONE, Directory, Service
from bookonce.core.errors import FieldError, NotOfferedError, ValidationError
from bookonce.core.hours import Interval
from bookonce.core.zones import DAY_S, date_of, day_number, wall_start_of_day_s
from bookonce.services.installation import Installation
from bookonce.store import claims
from bookonce.store.database import Connection

DAYS_MAX = 62
NEAR_S = 14 * DAY_S
# Outside these years a business offers nothing, and dates near the ends of the calendar overflow.
_FIRST_DAY, _LAST_DAY = day_number(date(1971, 1, 1)), day_number(date(8999, 12, 31))

Offer = dict[int, list[str]]
"""The keys of those who are free, by start in seconds since the epoch, ascending."""


async def offer(
    installation: Installation,
    slug: str,
    service_key: str,
    staff_key: str | None,
    first: date,
    last: date,
    *,
    now: datetime,
    zone: ZoneInfo | None = None,
) -> tuple[Directory, Offer]:
    """The starts on offer on the dates `first` to `last`, both included.

    The dates are those of `zone`, absent that of the business; it changes what is asked for, never
    what is on offer. `staff_key` None or "any" means anyone who performs the service. `now` is
    aware. Raises NotFoundError, and ValidationError when the dates are in the wrong order or too
    many.
    """
    if last < first:
        raise ValidationError([FieldError("to", "must not be before from")])
    if (last - first).days >= DAYS_MAX:
        raise ValidationError([FieldError("to", f"at most {DAYS_MAX} days at a time")])

    def windows(directory: Directory) -> list[Window]:
        return [bookable(directory, now).within(days(zone or directory.zone, first, last))]

    return await _within(installation, slug, service_key, staff_key, windows)


async def soonest(
    installation: Installation,
    slug: str,
    service_key: str,
    staff_key: str | None,
    limit: int,
    *,
    now: datetime,
) -> tuple[Directory, Offer]:
    """The next `limit` starts on offer, however far ahead within the horizon.

    Looks at the near days first, and only if they have too few at all the others. Raises
    NotFoundError.
    """

    def windows(directory: Directory) -> list[Window]:
        whole = bookable(directory, now)
        edge_s = whole.earliest_s + NEAR_S
        return [
            whole.within(Window(whole.earliest_s, edge_s)),
            whole.within(Window(edge_s + 1, whole.latest_s)),
        ]

    directory, found = await _within(
        installation, slug, service_key, staff_key, windows, enough=limit
    )
    return directory, dict(islice(found.items(), limit))


async def _within(
    installation: Installation,
    slug: str,
    service_key: str,
    staff_key: str | None,
    windows: Callable[[Directory], list[Window]],
    enough: float = inf,
) -> tuple[Directory, Offer]:
    """What is on offer in windows of time, one after the other until there is enough.

    Each is one query; all are judged by one version of the business.
    """
    directory, (service, performers) = await installation.judge(
        slug, lambda directory: asked(directory, service_key, staff_key)
    )
    while True:
        found: Offer = {}
        version: int | None = None
        for window in windows(directory):
            version, more = await free(installation, directory, service, performers, window)
            found |= more
            if version != directory.version or len(found) >= enough:
                break
        if version == directory.version:
            return directory, found
        directory = await installation.current(slug)
        service, performers = asked(directory, service_key, staff_key)


def asked(
    directory: Directory, service_key: str, staff_key: str | None
) -> tuple[Service, tuple[str, ...]]:
    """The service and who may perform it: the named person, or everyone who does.

    Nobody, when the named person doesn't perform it. Raises NotFoundError.
    """
    service = directory.service(service_key)
    performers = directory.performers(service)
    if staff_key is None or staff_key == ANYONE:
        return service, performers
    directory.require_staff(staff_key)
    return service, (staff_key,) if staff_key in performers else ()


def bookable(directory: Directory, now: datetime) -> Window:
    """The business's notice and horizon, from now."""
    return Window.bookable(now, directory.policy.notice_min, directory.policy.horizon_days)


def days(zone: ZoneInfo, first: date, last: date) -> Window:
    """A zone's dates, both included, as a window of instants."""
    first_day = max(day_number(first), _FIRST_DAY)
    last_day = min(day_number(last), _LAST_DAY)
    if first_day > last_day:
        return Window(1, 0)
    return Window(
        wall_start_of_day_s(zone, date_of(first_day)),
        wall_start_of_day_s(zone, date_of(last_day + 1)) - 1,
    )


def require_offered(
    directory: Directory,
    service: Service,
    performers: Sequence[str],
    start: datetime,
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Those of the performers whose hours allow a start. Raises NotOfferedError if none do.

    The rule is the one that availability is computed by; claims are the database's to judge.
    """
    if not performers:
        raise NotOfferedError("Nobody you asked for performs this service.")

    def why_not(keys: Sequence[str]) -> str | None:
        return refusal(
            directory.zone,
            directory.policy.slot_step_min,
            [directory.hours[key] for key in keys],
            service.visit,
            bookable(directory, now),
            start,
        )

    able = tuple(key for key in performers if why_not([key]) is None)
    if not able:
        raise NotOfferedError(f"This time isn't on offer: {why_not(performers)}.")
    return able


async def free(
    installation: Installation,
    directory: Directory,
    service: Service,
    performers: Sequence[str],
    window: Window,
    released: UUID | None = None,
) -> tuple[int | None, Offer]:
    """Who is free when, and the version of the business that the claims were read with.

    The claims of the appointment `released` are read as given back.
    """
    visit = service.visit
    ids = [directory.staff_ids[key] for key in performers]
    start_s = visit.claimed_s(window.earliest_s)[0]
    end_s = visit.claimed_s(max(window.latest_s, window.earliest_s))[1]

    async def read(connection: Connection) -> tuple[int | None, dict[UUID, list[Interval]]]:
        return await claims.busy(
            connection,
            directory.business_id,
            ids,
            datetime.fromtimestamp(start_s, UTC),
            datetime.fromtimestamp(end_s, UTC),
            released,
        )

    version, busy = await installation.database.run(read)
    found: Offer = {}
    for key, resource_id in zip(performers, ids, strict=True):
        for start in offered_starts(
            directory.zone,
            directory.policy.slot_step_min,
            directory.hours[key],
            visit,
            busy.get(resource_id, ()),
            window,
        ):
            found.setdefault(start, []).append(key)
    return version, dict(sorted(found.items()))
