"""Which starts are on offer now, and why a start isn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from math import inf
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.availability import offers
from bookonce.availability.busy_rows import Read
from bookonce.availability.installation import Installation
from bookonce.availability.offers import Grid, Offer, Window, opened, refusal
from bookonce.business.directory import Directory, Place
from bookonce.business.document import ANYONE, Service
from bookonce.platform.connection import Connection
from bookonce.platform.errors import FieldError, NotOfferedError, ValidationError
from bookonce.platform.zones import DAY_S, date_of, day_number, wall_start_of_day_s

DAYS_MAX = 62
NEAR_S = 14 * DAY_S
# Outside these years a business offers nothing, and dates near the ends of the calendar overflow.
_FIRST_DAY, _LAST_DAY = day_number(date(1971, 1, 1)), day_number(date(8999, 12, 31))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor has chosen, by key: a service, and perhaps who and where.

    `staff` None or "any" means anyone who performs the service. `location` None will do where the
    service is offered at one location only.
    """

    service: str
    staff: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A choice as the business understands it: the service, where, and who may perform it."""

    directory: Directory
    service: Service
    place: Place
    performers: tuple[str, ...]

    @property
    def performer_ids(self) -> list[UUID]:
        """Of those who may perform it."""
        return [self.directory.staff_ids[key] for key in self.performers]

    @property
    def needed_ids(self) -> list[tuple[UUID, ...]]:
        """For each kind of room or equipment that the service needs, those there are."""
        return [self.place.resources.get(kind, ()) for kind in self.service.needs]


def asked(directory: Directory, choice: Choice) -> Asked:
    """What a choice means now.

    Nobody performs it when the named person doesn't, or not there. Raises NotFoundError, and
    ValidationError when a location has to be named.
    """
    service = directory.service(choice.service)
    place = directory.place(choice.location, service)
    performers = directory.performers(service, place)
    if choice.staff is not None and choice.staff != ANYONE:
        directory.require_staff(choice.staff)
        performers = (choice.staff,) if choice.staff in performers else ()
    return Asked(directory, service, place, performers)


async def offer(
    installation: Installation,
    slug: str,
    choice: Choice,
    first: date,
    last: date,
    *,
    now: datetime,
    zone: ZoneInfo | None = None,
) -> tuple[Asked, Offer]:
    """The starts on offer on the dates `first` to `last`, both included.

    The dates are those of `zone`, absent that of the location; it changes what is asked for, never
    what is on offer. `now` is aware. Raises NotFoundError, and ValidationError when the dates are
    in the wrong order or too many.
    """
    if last < first:
        raise ValidationError([FieldError("to", "must not be before from")])
    if (last - first).days >= DAYS_MAX:
        raise ValidationError([FieldError("to", f"at most {DAYS_MAX} days at a time")])

    def windows(asked: Asked) -> list[Window]:
        return [days(zone or asked.place.zone, first, last)]

    asked, offers = await _within(installation, slug, choice, windows, now=now)
    return asked, offers[0]


async def soonest(
    installation: Installation, slug: str, choice: Choice, limit: int, *, now: datetime
) -> tuple[Asked, dict[int, list[str]]]:
    """The next `limit` starts on offer with who is free, however far ahead within the horizon.

    Looks at the near days first, and only if they have too few at all the others. Raises
    NotFoundError, and ValidationError when a location has to be named.
    """

    def windows(asked: Asked) -> list[Window]:
        whole = _whole_days(bookable(asked.directory, now))
        edge_s = whole.earliest_s + NEAR_S
        return [Window(whole.earliest_s, edge_s), Window(edge_s + 1, whole.latest_s)]

    asked, offers = await _within(installation, slug, choice, windows, now=now, enough=limit)
    found: dict[int, list[str]] = {}
    for each in offers:
        found |= islice(each.by_start().items(), limit - len(found))
    return asked, found


async def _within(
    installation: Installation,
    slug: str,
    choice: Choice,
    windows: Callable[[Asked], list[Window]],
    *,
    now: datetime,
    enough: float = inf,
) -> tuple[Asked, list[Offer]]:
    """What is on offer in windows of time, one after the other until there is enough.

    Each is one query; all are judged by one version of the business.
    """
    _, wanted = await installation.judge(slug, lambda directory: asked(directory, choice))
    while True:
        offers: list[Offer] = []
        version: int | None = None
        for window in windows(wanted):
            version, more = await free(installation, wanted, window, now=now)
            offers.append(more)
            if version != wanted.directory.version or sum(map(len, offers)) >= enough:
                break
        if version == wanted.directory.version:
            return wanted, offers
        wanted = asked(await installation.current(slug), choice)


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


def _whole_days(window: Window) -> Window:
    """A window with all of its first and last day, UTC."""
    return Window(
        window.earliest_s - window.earliest_s % DAY_S,
        window.latest_s - window.latest_s % DAY_S + DAY_S,
    )


def require_offered(asked: Asked, start: datetime, *, now: datetime) -> Asked:
    """What was asked for, with only those whose hours allow a start.

    Raises NotOfferedError if there are none. The rule is the one that availability is computed by;
    claims are the database's to judge.
    """
    directory, place = asked.directory, asked.place
    if not asked.performers:
        raise NotOfferedError("Nobody you asked for performs this service.")
    for kind, ids in zip(asked.service.needs, asked.needed_ids, strict=True):
        if not ids:
            raise NotOfferedError(f"This service needs something of the kind {kind!r} to be there.")

    def why_not(keys: tuple[str, ...]) -> str | None:
        return refusal(
            place.zone,
            directory.policy.slot_step_min,
            [place.hours[key] for key in keys],
            asked.service.visit,
            bookable(directory, now),
            start,
        )

    able = tuple(key for key in asked.performers if why_not((key,)) is None)
    if not able:
        raise NotOfferedError(f"This time isn't on offer: {why_not(asked.performers)}.")
    return replace(asked, performers=able)


async def free(
    installation: Installation,
    asked: Asked,
    window: Window,
    *,
    now: datetime,
    released: UUID | None = None,
) -> tuple[int | None, Offer]:
    """Who is free when, and the version of the business that the claims were read with.

    The window is cut to what can be booked now. The claims of the appointment `released` are read
    as given back.
    """
    directory, place, visit = asked.directory, asked.place, asked.service.visit
    limits = bookable(directory, now)
    # Whole days, so that what is read and worked out for one moment serves the next.
    window = window.within(_whole_days(limits))
    ids = [*asked.performer_ids, *(one for kind in asked.needed_ids for one in kind)]
    start_s = window.earliest_s + visit.whole[0]
    end_s = max(window.latest_s, window.earliest_s) + visit.whole[1]

    async def read(connection: Connection) -> Read:
        return await installation.busy.read(
            connection,
            directory.business_id,
            ids,
            start_s,
            end_s,
            now,
            released,
        )

    found = await installation.database.run(read)
    if found.version is None:
        return None, Offer(Grid(place.zone, 1, Window(1, 0)), {})
    grid = Grid.of(place.zone, directory.policy.slot_step_min, window)
    return found.version, offers.offer(
        grid,
        limits,
        visit,
        {key: opened(grid, place.hours[key], visit.duration_s) for key in asked.performers},
        {key: found.busy[directory.staff_ids[key]] for key in asked.performers},
        [[found.busy[one] for one in kind] for kind in asked.needed_ids],
    )
