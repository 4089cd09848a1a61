"""A business as its owner describes it: the one shape of the TOML file, the database and the
running process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, field

from bookonce.core.errors import FieldError, NotFoundError, ValidationError
from bookonce.core.hours import WEEKDAYS, Hours, Span
from bookonce.core.visits import DURATION_MIN_MAX, PHASES_MAX, Phase, Visit

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
STAFF_KIND = "staff"
"""The kind of resource that people are; no room or equipment may be of it."""
ONLY_LOCATION = "main"
"""The key of the location of a business that lists none."""


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
    """Who the business is. The zone is that of its clocks, wherever a location has no other."""

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


ALWAYS = WeeklyHours(**dict.fromkeys(WEEKDAYS, (Span(0, 1440),)))


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


def _hours(weekly: WeeklyHours, dates: tuple[DateHours, ...]) -> Hours:
    return Hours.of(msgspec.structs.asdict(weekly), ((day.date, day.hours) for day in dates))


class Location(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place with its own clock. `hours` absent: open whenever somebody works there."""

    key: Key
    name: Name
    timezone: str | None = None
    address: Annotated[str, Meta(max_length=500)] = ""
    hours: WeeklyHours | None = None
    dates: tuple[DateHours, ...] = ()

    def opening_hours(self) -> Hours | None:
        """The location's own hours, if it has any, in the form that availability is computed from."""
        if self.hours is None and not self.dates:
            return None
        return _hours(self.hours or ALWAYS, self.dates)


class HoursAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody's hours at one of several locations, by its clock."""

    location: str
    hours: WeeklyHours = field(default_factory=WeeklyHours)
    dates: tuple[DateHours, ...] = ()

    def opening_hours(self) -> Hours:
        """The hours in the form that availability is computed from."""
        return _hours(self.hours, self.dates)


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who performs services. `hours` and `dates` are those at the first location, `at`
    has those at others.
    """

    key: Key
    name: Name
    email: str | None = None
    hours: WeeklyHours = field(default_factory=WeeklyHours)
    dates: tuple[DateHours, ...] = ()
    at: tuple[HoursAt, ...] = ()
    time_off: tuple[TimeOff, ...] = ()


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A room, a chair, a device: one of its kind is taken for the whole of a visit that needs it."""

    key: Key
    name: Name
    kind: Key
    location: str | None = None
    time_off: tuple[TimeOff, ...] = ()


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be booked. `staff` absent: everyone performs it; `locations` absent: everywhere."""

    key: Key
    name: Name
    duration_min: Annotated[int, Meta(ge=1, le=DURATION_MIN_MAX)]
    phases: Annotated[tuple[Phase, ...], Meta(max_length=PHASES_MAX)] = ()
    buffer_before_min: Minutes = 0
    buffer_after_min: Minutes = 0
    price: str | None = None
    staff: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    locations: tuple[str, ...] | None = None

    @property
    def visit(self) -> Visit:
        """The time it takes."""
        return Visit(self.duration_min, self.buffer_before_min, self.buffer_after_min, self.phases)


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One business, whole. Key by key the same as the business file."""

    business: Profile
    policy: Policy = field(default_factory=Policy)
    location: tuple[Location, ...] = ()
    staff: tuple[Staff, ...] = ()
    resource: tuple[Resource, ...] = ()
    service: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A location as availability sees it: its clock, who works there when, and what stands there."""

    key: str
    location_id: UUID
    name: str
    address: str
    zone: ZoneInfo
    hours: Mapping[str, tuple[Hours, ...]]
    """By the key of each who works there: the hours that must be open, theirs and the location's."""
    resources: Mapping[str, tuple[UUID, ...]]
    """The ids of rooms and equipment, by kind."""


class Directory(msgspec.Struct, frozen=True, dict=True):
    """A business as stored, with the ids behind its keys, at one version.

    Time off isn't in here: it is claims, and changes without a new version.
    """

    business_id: UUID
    version: int
    business: Business
    location_ids: dict[str, UUID]
    staff_ids: dict[str, UUID]
    resource_ids: dict[str, UUID]
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
    def places(self) -> dict[str, Place]:
        """The locations in the business's order; the one it doesn't list, if it lists none."""
        profile = self.business.business
        listed = self.business.location or (Location(ONLY_LOCATION, profile.name),)
        return {
            location.key: Place(
                location.key,
                self.location_ids[location.key],
                location.name,
                location.address,
                ZoneInfo(location.timezone or profile.timezone),
                self._hours_at(location, is_first=number == 0),
                self._resources_at(location, is_first=number == 0),
            )
            for number, location in enumerate(listed)
        }

    def _hours_at(self, location: Location, *, is_first: bool) -> dict[str, tuple[Hours, ...]]:
        own = location.opening_hours()
        found: dict[str, tuple[Hours, ...]] = {}
        for staff in self.business.staff:
            here = [each.opening_hours() for each in staff.at if each.location == location.key]
            if is_first and not staff.at:
                here = [_hours(staff.hours, staff.dates)]
            if here:
                found[staff.key] = (here[0],) if own is None else (here[0], own)
        return found

    def _resources_at(self, location: Location, *, is_first: bool) -> dict[str, tuple[UUID, ...]]:
        found: dict[str, tuple[UUID, ...]] = {}
        for resource in self.business.resource:
            if resource.location == location.key or (resource.location is None and is_first):
                ids = found.get(resource.kind, ())
                found[resource.kind] = (*ids, self.resource_ids[resource.key])
        return found

    @property
    def lists_locations(self) -> bool:
        """Whether the business tells its locations apart."""
        return bool(self.business.location)

    def places_of(self, service: Service) -> tuple[Place, ...]:
        """Where a service is offered."""
        return tuple(
            place
            for place in self.places.values()
            if service.locations is None or place.key in service.locations
        )

    def place(self, key: str | None, service: Service) -> Place:
        """The location with this key, or the only one at which the service is offered.

        Raises NotFoundError, and ValidationError if a choice is needed and was not made.
        """
        if key is not None:
            return self._place(key)
        possible = self.places_of(service) or tuple(self.places.values())
        if len(possible) == 1:
            return possible[0]
        keys = ", ".join(place.key for place in possible)
        raise ValidationError([FieldError("location", f"is required here: one of {keys}")])

    def _place(self, key: str) -> Place:
        if place := self.places.get(key):
            return place
        raise NotFoundError("There is no such location.")

    def zone_at(self, location_key: str) -> ZoneInfo:
        """The zone of a location; that of the business if the location is no longer listed."""
        place = self.places.get(location_key)
        return place.zone if place else self.zone

    def where(self, location_key: str) -> str:
        """A location's name and address for people; empty if the business lists none."""
        place = self.places.get(location_key)
        if not self.lists_locations or place is None:
            return ""
        return f"{place.name}, {place.address}" if place.address else place.name

    @cached_property
    def staff_keys(self) -> dict[UUID, str]:
        """Staff keys by id."""
        return {staff_id: key for key, staff_id in self.staff_ids.items()}

    @cached_property
    def resource_keys(self) -> dict[UUID, str]:
        """Keys of rooms and equipment by id."""
        return {resource_id: key for key, resource_id in self.resource_ids.items()}

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

    def performers(self, service: Service, place: Place | None = None) -> tuple[str, ...]:
        """The keys of those who perform a service, in the business's own order.

        At a place: those who do it there, so nobody where it isn't offered.
        """
        everyone = tuple(staff.key for staff in self.business.staff)
        if place is not None:
            if service.locations is not None and place.key not in service.locations:
                return ()
            everyone = tuple(place.hours)
        if service.staff is None:
            return everyone
        return tuple(key for key in everyone if key in service.staff)

    def people(
        self, service_key: str | None = None, location_key: str | None = None
    ) -> tuple[Staff, ...]:
        """Everyone; or those who perform a service, or work at a location. Raises NotFoundError."""
        found = self.business.staff
        if service_key is not None:
            performers = self.performers(self.service(service_key))
            found = tuple(staff for staff in found if staff.key in performers)
        if location_key is not None:
            place = self._place(location_key)
            found = tuple(staff for staff in found if staff.key in place.hours)
        return found

    def require_staff(self, key: str) -> str:
        """The key, if somebody has it. Raises NotFoundError."""
        if key in self.staff_ids:
            return key
        raise NotFoundError("There is no such staff member.")
