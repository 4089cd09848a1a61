"""A business as its owner describes it: the one shape of the TOML file, the database and the
running process.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, field

from bookonce.core.availability import Visit
from bookonce.core.errors import NotFoundError
from bookonce.core.hours import Hours, Span

SLUG_PATTERN = r"^[a-z0-9](-?[a-z0-9])*\Z"
SLUG_LENGTH_MAX = 63
Slug = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=SLUG_LENGTH_MAX)]
KEY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z"
Key = Annotated[str, Meta(pattern=KEY_PATTERN, max_length=63)]
NOT_BLANK = r"\S"
Name = Annotated[str, Meta(pattern=NOT_BLANK, max_length=200)]
Minutes = Annotated[int, Meta(ge=0, le=1440)]

ANYONE = "any"
"""The word that stands for no particular person; no staff may have it as a key."""


def is_slug(text: str) -> bool:
    """Whether a business could be at this address."""
    return len(text) <= SLUG_LENGTH_MAX and re.match(SLUG_PATTERN, text) is not None


class LocalTime(datetime):
    """A wall-clock date and time to the minute, written "2026-12-27T00:00"."""

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo) -> LocalTime:
        """What the clock shows at an instant, seconds dropped."""
        wall = instant.astimezone(zone)
        return cls(wall.year, wall.month, wall.day, wall.hour, wall.minute)

    def instant(self, zone: ZoneInfo) -> datetime:
        """The instant, in UTC: the first of two in a repeated hour; in a skipped one, as if the
        clock had not been put forward yet."""
        return datetime(
            self.year, self.month, self.day, self.hour, self.minute, tzinfo=zone
        ).astimezone(UTC)


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who the business is. The zone is that of its first location."""

    slug: Slug
    name: Name
    timezone: str
    currency: str = "EUR"
    locale: str = "en"


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When starts are on offer, and how long a client may change their mind."""

    slot_step_min: Annotated[int, Meta(ge=1, le=1440)] = 15
    notice_min: Annotated[int, Meta(ge=0, le=527_040)] = 60
    horizon_days: Annotated[int, Meta(ge=1, le=1_100)] = 90
    cancel_until_min: Annotated[int, Meta(ge=0, le=527_040)] = 1440


class WeeklyHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Spans by the weekday they start on."""

    mon: tuple[Span, ...] = ()
    tue: tuple[Span, ...] = ()
    wed: tuple[Span, ...] = ()
    thu: tuple[Span, ...] = ()
    fri: tuple[Span, ...] = ()
    sat: tuple[Span, ...] = ()
    sun: tuple[Span, ...] = ()


class DateHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One date that overrides the week; no spans means closed."""

    date: date
    hours: tuple[Span, ...]


class TimeOff(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"start": "from", "end": "to"},
):
    """An absence in local time, from its first minute up to, not including, its last."""

    start: LocalTime
    end: LocalTime
    reason: Annotated[str, Meta(max_length=200)] = ""


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who performs services."""

    key: Key
    name: Name
    email: str | None = None
    hours: WeeklyHours = field(default_factory=WeeklyHours)
    dates: tuple[DateHours, ...] = ()
    time_off: tuple[TimeOff, ...] = ()

    def opening_hours(self) -> Hours:
        """The hours in the form that availability is computed from."""
        return Hours.of(
            msgspec.structs.asdict(self.hours), ((day.date, day.hours) for day in self.dates)
        )


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be booked. `staff` absent: everyone performs it."""

    key: Key
    name: Name
    duration_min: Annotated[int, Meta(ge=1, le=10_080)]
    buffer_before_min: Minutes = 0
    buffer_after_min: Minutes = 0
    price: str | None = None
    staff: tuple[str, ...] | None = None

    @property
    def visit(self) -> Visit:
        """The time it takes."""
        return Visit(self.duration_min, self.buffer_before_min, self.buffer_after_min)


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One business, whole. Key by key the same as the business file."""

    business: Profile
    policy: Policy = field(default_factory=Policy)
    staff: tuple[Staff, ...] = ()
    service: tuple[Service, ...] = ()


class Directory(msgspec.Struct, frozen=True, dict=True):
    """A business as stored, with the ids behind its keys, at one version.

    Time off isn't in here: it is claims, and changes without a new version.
    """

    business_id: UUID
    version: int
    location_id: UUID
    business: Business
    staff_ids: dict[str, UUID]
    service_ids: dict[str, UUID]

    @property
    def slug(self) -> str:
        """The business's address."""
        return self.business.business.slug

    @property
    def policy(self) -> Policy:
        """The business's rules."""
        return self.business.policy

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone that the business's clocks show."""
        return ZoneInfo(self.business.business.timezone)

    @cached_property
    def hours(self) -> dict[str, Hours]:
        """Opening hours by staff key."""
        return {staff.key: staff.opening_hours() for staff in self.business.staff}

    @cached_property
    def staff_keys(self) -> dict[UUID, str]:
        """Staff keys by id."""
        return {staff_id: key for key, staff_id in self.staff_ids.items()}

    @cached_property
    def _services(self) -> dict[str, Service]:
        return {service.key: service for service in self.business.service}

    def service(self, key: str) -> Service:
        """The service with this key. Raises NotFoundError."""
        if service := self._services.get(key):
            return service
        raise NotFoundError("There is no such service.")

    def service_name(self, key: str) -> str:
        """What a service is called; its key if it is no longer offered."""
        service = self._services.get(key)
        return service.name if service else key

    def staff_name(self, key: str) -> str:
        """What somebody is called; their key if they have left."""
        return next((staff.name for staff in self.business.staff if staff.key == key), key)

    def performers(self, service: Service) -> tuple[str, ...]:
        """The keys of those who perform a service, in the business's own order."""
        everyone = tuple(staff.key for staff in self.business.staff)
        if service.staff is None:
            return everyone
        return tuple(key for key in everyone if key in service.staff)

    def require_staff(self, key: str) -> str:
        """The key, if somebody has it. Raises NotFoundError."""
        if key in self.hours:
            return key
        raise NotFoundError("There is no such staff member.")
