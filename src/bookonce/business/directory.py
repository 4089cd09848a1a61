"""A business as stored: what stands behind its keys, and who does what where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bookonce.business.document import (
    ONLY_LOCATION,
    Business,
    Location,
    Policy,
    Service,
    Staff,
    hours_of,
)
from bookonce.business.hours import Hours
from bookonce.business.logos import Logo
from bookonce.business.pictures import PictureFacts, facts_of
from bookonce.business.spoken import in_language
from bookonce.platform.errors import FieldError, NotFoundError, ValidationError


@dataclass(frozen=True, slots=True)
class Place:
    """A location as availability sees it: its clock, who works there when, and what stands there."""

    key: str
    location_id: UUID
    name: str
    address: str
    is_listed: bool
    """Whether the business tells its locations apart."""
    zone: ZoneInfo
    hours: Mapping[str, tuple[Hours, ...]]
    """By the key of each who works there: the hours that must be open, theirs and the location's."""
    resources: Mapping[str, tuple[UUID, ...]]
    """The ids of rooms and equipment, by kind."""
    own_hours: Hours | None = None
    """The opening hours that the location lists; None: it is open when somebody works there."""

    @property
    def label(self) -> str:
        """What it is called where clients are told; empty if the business lists no locations."""
        return self.name if self.is_listed else ""


class Directory(msgspec.Struct, frozen=True, dict=True):
    """A business as stored, with the ids behind its keys, at one version.

    Absences aren't in here: they are claims, and changes without a new version.
    """

    business_id: UUID
    version: int
    secret: UUID
    """Keys the hashes of what visitors are counted by, and signs what forms carry."""
    business: Business
    location_ids: dict[str, UUID]
    staff_ids: dict[str, UUID]
    resource_ids: dict[str, UUID]
    service_ids: dict[str, UUID]
    zone_rules: str | None = None
    """The version of the zone database by which its instants were worked out; None: not known."""
    zone_fingerprint: str | None = None
    """What tells whether another version says the same of its zones."""
    zone_turn: int = 0
    """Raised whenever these change, as `version` is by its description."""
    has_shifted: bool = False
    """Whether some of its appointments may not be at the instants that were promised."""

    @property
    def slug(self) -> str:
        """The business's address."""
        return self.business.business.slug

    @property
    def is_closed(self) -> bool:
        """Whether the business takes no bookings."""
        return self.business.business.closed

    @property
    def policy(self) -> Policy:
        """The business's rules."""
        return self.business.policy

    @cached_property
    def logo(self) -> Logo | None:
        """The business's picture, if it has one."""
        text = self.business.page.logo
        return Logo.parse(text) if text else None

    def picture(self, text: str) -> PictureFacts:
        """Of one of the business's pictures, looked at once."""
        if text not in self._pictures:
            self._pictures[text] = facts_of(text)
        return self._pictures[text]

    @cached_property
    def _pictures(self) -> dict[str, PictureFacts]:
        return {}

    def in_language(self, code: str) -> Directory:
        """The same with the business's texts as it says them in a language."""
        if code not in self._spoken:
            business = in_language(self.business, code)
            same = business is self.business
            self._spoken[code] = self if same else msgspec.structs.replace(self, business=business)
        return self._spoken[code]

    @cached_property
    def _spoken(self) -> dict[str, Directory]:
        return {}

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone that the business's clocks show."""
        return ZoneInfo(self.business.business.timezone)

    @cached_property
    def places(self) -> dict[str, Place]:
        """The locations in the business's order; the one it doesn't list, if it lists none."""
        profile = self.business.business
        listed = self.business.location or (
            Location(ONLY_LOCATION, profile.name, address=profile.address or ""),
        )
        found = {}
        for number, location in enumerate(listed):
            limits = location.opening_hours()
            found[location.key] = Place(
                location.key,
                self.location_ids[location.key],
                location.name,
                location.address,
                self.lists_locations,
                ZoneInfo(location.timezone or profile.timezone),
                self._hours_at(location, limits, is_first=number == 0),
                self._resources_at(location, is_first=number == 0),
                limits if location.hours is not None else None,
            )
        return found

    def _hours_at(
        self, location: Location, limits: Hours | None, *, is_first: bool
    ) -> dict[str, tuple[Hours, ...]]:
        found: dict[str, tuple[Hours, ...]] = {}
        for staff in self.business.staff:
            here = [each.opening_hours() for each in staff.at if each.location == location.key]
            if is_first and len(self.business.location) <= 1:
                here = [hours_of(staff.hours, staff.dates)]
            if here:
                found[staff.key] = (here[0],) if limits is None else (here[0], limits)
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

    def places_of_all(self, services: Sequence[Service]) -> tuple[Place, ...]:
        """Where several services are offered together."""
        return tuple(
            place
            for place in self.places.values()
            if all(place in self.places_of(service) for service in services)
        )

    def place(self, key: str | None, services: Sequence[Service]) -> Place:
        """The location with this key, or the only one at which all the services are offered.

        Raises NotFoundError, and ValidationError if a choice is needed and was not made.
        """
        if key is not None:
            return self._place(key)
        possible = self.places_of_all(services) or tuple(self.places.values())
        if len(possible) == 1:
            return possible[0]
        keys = ", ".join(place.key for place in possible)
        raise ValidationError([FieldError("location", f"is required here: one of {keys}")])

    def _place(self, key: str) -> Place:
        if place := self.places.get(key):
            return place
        raise NotFoundError("There is no such location.")

    def current_location(self, key: str) -> str:
        """What a location is called now that was called `key` once.

        The first that a business lists takes the place of the one it didn't list.
        """
        if key in self.places or key not in ("", ONLY_LOCATION):
            return key
        return next(iter(self.places))

    def zone_at(self, location_key: str) -> ZoneInfo:
        """The zone of a location; that of the business if the location is no longer listed."""
        place = self.places.get(location_key)
        return place.zone if place else self.zone

    def where(self, location_key: str) -> str:
        """A location's name and address for people; its address alone if the business lists no
        locations, and nothing if it has none.
        """
        place = self.places.get(location_key)
        return ", ".join(filter(None, (place.label, place.address))) if place else ""

    @cached_property
    def staff_keys(self) -> dict[UUID, str]:
        """Staff keys by id."""
        return {staff_id: key for key, staff_id in self.staff_ids.items()}

    @cached_property
    def resource_keys(self) -> dict[UUID, str]:
        """Keys of rooms and equipment by id."""
        return {resource_id: key for key, resource_id in self.resource_ids.items()}

    @cached_property
    def services(self) -> dict[str, Service]:
        """Services by key."""
        return {service.key: service for service in self.business.service}

    def service(self, key: str) -> Service:
        """The service with this key. Raises NotFoundError."""
        if service := self.services.get(key):
            return service
        raise NotFoundError("There is no such service.")

    def staff_name(self, key: str) -> str:
        """What somebody is called; their key if they have left."""
        return next((staff.name for staff in self.business.staff if staff.key == key), key)

    def performers(self, service: Service, place: Place | None = None) -> tuple[str, ...]:
        """The keys of those who perform a service, in the business's own order.

        At a place: those who do it there, so nobody where it isn't offered.
        """
        return self._performers[service.key, place.key if place else None]

    @cached_property
    def _performers(self) -> dict[tuple[str, str | None], tuple[str, ...]]:
        """By service and place; by service and None: anywhere."""
        found: dict[tuple[str, str | None], tuple[str, ...]] = {}
        for service in self.business.service:
            able = [
                staff.key
                for staff in self.business.staff
                if service.staff is None or staff.key in service.staff
            ]
            offered = self.places_of(service)
            for place in self.places.values():
                found[service.key, place.key] = tuple(
                    key for key in able if place in offered and key in place.hours
                )
            found[service.key, None] = tuple(
                key for key in able if any(key in place.hours for place in offered)
            )
        return found

    def people(
        self, service_key: str | None = None, location_key: str | None = None
    ) -> tuple[Staff, ...]:
        """Everyone; or those who perform a service, or work at a location. Raises NotFoundError."""
        place = None if location_key is None else self._place(location_key)
        if service_key is not None:
            able = self.performers(self.service(service_key), place)
        else:
            able = tuple(place.hours if place else self.staff_ids)
        return tuple(staff for staff in self.business.staff if staff.key in able)

    def require_staff(self, key: str) -> str:
        """The key, if somebody has it. Raises NotFoundError."""
        if key in self.staff_ids:
            return key
        raise NotFoundError("There is no such staff member.")
