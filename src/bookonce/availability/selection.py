"""A selection: services, performers and location as a visitor chose them, resolved against the
business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bookonce.availability.grid import Window
from bookonce.availability.offers import refusal
from bookonce.availability.rules import NONE_BROKEN, Broken, Rule
from bookonce.business.directory import Directory, Place
from bookonce.business.document import ANYONE, Service
from bookonce.platform.errors import FieldError, NotOfferedError, ValidationError

SERVICES_MAX = 6
"""In one visit."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor has chosen, by key: services, performed one after the other, and perhaps who
    and where.

    `staff` names one person for all, or one for each service; none means anyone. `location` None
    will do where the services are offered together at one location only.
    """

    services: tuple[str, ...]
    staff: tuple[str, ...] = ()
    location: str | None = None

    @classmethod
    def of(
        cls, services: str | Iterable[str], staff: str | None = None, location: str | None = None
    ) -> Choice:
        """From what addresses and requests say: "cut,beard" or keys; no `staff` or "any": anyone."""
        keys = services.split(",") if isinstance(services, str) else tuple(services)
        return cls(tuple(keys), () if staff is None or staff == ANYONE else (staff,), location)


@dataclass(frozen=True, slots=True)
class SelectedPart:
    """One service of a selection, who may perform it, and how long after the start it begins."""

    service: Service
    performers: tuple[str, ...]
    offset_min: int

    @property
    def offset_s(self) -> int:
        """The same in seconds."""
        return self.offset_min * 60


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice as the business understands it."""

    directory: Directory
    place: Place
    parts: tuple[SelectedPart, ...]

    @property
    def duration_min(self) -> int:
        """How long all of it takes the client."""
        last = self.parts[-1]
        return last.offset_min + last.service.duration_min

    @property
    def performers(self) -> tuple[str, ...]:
        """Those who may perform all of it."""
        first, *others = (part.performers for part in self.parts)
        return tuple(key for key in first if all(key in other for other in others))

    @property
    def is_performed(self) -> bool:
        """Whether each part has somebody who may perform it."""
        return all(part.performers for part in self.parts)

    def ids(self, performers: Iterable[str]) -> list[UUID]:
        """The ids of performers."""
        return [self.directory.staff_ids[key] for key in performers]

    def needed_ids(self, part: SelectedPart) -> list[tuple[UUID, ...]]:
        """For each kind of room or equipment that a part needs, those there are."""
        return [self.place.resources.get(kind, ()) for kind in part.service.needs]

    def resource_ids(self) -> list[UUID]:
        """Everyone and everything that may be taken by it, once each."""
        found: dict[UUID, None] = {}
        for part in self.parts:
            found |= dict.fromkeys(self.ids(part.performers))
            found |= {one: None for kind in self.needed_ids(part) for one in kind}
        return list(found)

    def offset_range_s(self) -> tuple[int, int]:
        """The first and the last second that it may take of anything, from its start."""
        wholes = [
            (
                part.offset_s + part.service.visit.whole[0],
                part.offset_s + part.service.visit.whole[1],
            )
            for part in self.parts
        ]
        return min(low for low, _ in wholes), max(high for _, high in wholes)


def select(directory: Directory, choice: Choice) -> Selection:
    """What a choice means now.

    Nobody performs a part when the named person doesn't, or not there. Raises NotFoundError, and
    ValidationError when a location has to be named or there are too many services.
    """
    if len(choice.services) > SERVICES_MAX:
        raise ValidationError([FieldError("services", f"at most {SERVICES_MAX} in one visit")])
    services = [directory.service(key) for key in choice.services]
    place = directory.place(choice.location, services)
    for key in choice.staff:
        directory.require_staff(key)
    parts, offset_min = [], 0
    for service, named in zip(services, _named(choice), strict=True):
        performers = directory.performers(service, place)
        if named is not None:
            performers = (named,) if named in performers else ()
        parts.append(SelectedPart(service, performers, offset_min))
        offset_min += service.duration_min
    return Selection(directory, place, tuple(parts))


def _named(choice: Choice) -> Iterator[str | None]:
    """The person who was named for each service, if one was."""
    for number in range(len(choice.services)):
        match choice.staff:
            case ():
                yield None
            case (only,):
                yield only
            case several:
                yield several[number]


def require_offered(
    selection: Selection, start: datetime, limits: Window, broken: Broken = NONE_BROKEN
) -> Selection:
    """The selection with only those whose hours allow a start, but for the rules that are `broken`.

    Raises NotOfferedError if a part has none. The rule is the one that availability is computed by;
    claims are the database's to judge.
    """
    directory, place = selection.directory, selection.place
    if directory.is_closed:
        raise NotOfferedError("This business is closed and takes no bookings.")
    if not selection.is_performed:
        raise NotOfferedError("Nobody you asked for performs this service.")
    for part in selection.parts:
        for kind, ids in zip(part.service.needs, selection.needed_ids(part), strict=True):
            if not ids:
                raise NotOfferedError(
                    f"This service needs something of the kind {kind!r} to be there."
                )

    def why_not(parts: Sequence[tuple[Sequence[str], SelectedPart]]) -> str | None:
        return refusal(
            place.zone,
            1 if Rule.STEP in broken else directory.policy.slot_step_min,
            [
                ([place.hours[key] for key in keys], part.offset_s, part.service.visit)
                for keys, part in parts
                if Rule.HOURS not in broken
            ],
            limits,
            start,
        )

    able = [
        tuple(key for key in part.performers if why_not([((key,), part)]) is None)
        for part in selection.parts
    ]
    if not all(able):
        why = why_not([(part.performers, part) for part in selection.parts])
        raise NotOfferedError(f"This time isn't on offer: {why}.")
    parts = tuple(
        part if keys == part.performers else replace(part, performers=keys)
        for keys, part in zip(able, selection.parts, strict=True)
    )
    if Rule.BUFFER in broken:
        parts = tuple(replace(part, service=part.service.without_buffers()) for part in parts)
    return selection if parts == selection.parts else replace(selection, parts=parts)
