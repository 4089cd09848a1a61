"""Fit: whether an appointment is still what its business would have let be booked.

Notice, horizon and step say when one may book, not what stands: they don't count. Nor does a
location's address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from bookonce.business.directory import Directory, Place
from bookonce.business.document import Service
from bookonce.business.hours import open_intervals
from bookonce.events.catalogue import Part


class Misfit(StrEnum):
    """Why an appointment doesn't fit."""

    LOCATION_GONE = "location_gone"
    SERVICE_GONE = "service_gone"
    STAFF_GONE = "staff_gone"
    NOT_OFFERED_THERE = "not_offered_there"
    NOT_PERFORMED = "not_performed"
    DURATION = "duration"
    RESOURCE_GONE = "resource_gone"
    RESOURCE_ELSEWHERE = "resource_elsewhere"
    RESOURCE_LACKING = "resource_lacking"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What has to fit: an appointment without its client. Keys, and names for people."""

    appointment_id: UUID
    parts: tuple[Part, ...]
    location: str
    location_name: str
    start: datetime
    end: datetime
    resources: tuple[tuple[str, str], ...] = ()
    """The key of each room or device that it takes, and of which kind it was last."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """An appointment that no longer fits, and why, for people."""

    upcoming: Upcoming
    reasons: tuple[str, ...]


Wrong = dict[tuple[Misfit, str], str]
"""What is wrong, by what kind of misfit it is and of what; each told in a sentence."""


def no_longer_fit(
    before: Directory, after: Directory, appointments: Iterable[Upcoming]
) -> list[Unfit]:
    """The appointments that a change of the business leaves without what they were booked for.

    What was wrong with one already isn't told again: it may have been booked that way on purpose.
    """
    found = []
    for one in appointments:
        if wrong := misfits(after, one):
            known = misfits(before, one)
            reasons = tuple(told for misfit, told in wrong.items() if misfit not in known)
            if reasons:
                found.append(Unfit(one, reasons))
    return found


def misfits(directory: Directory, booked: Upcoming) -> Wrong:
    """What is wrong with an appointment by a business's description."""
    found: Wrong = {}
    place = directory.places.get(booked.location)
    if place is None:
        told = f"{booked.location_name} is no longer a location"
        found[Misfit.LOCATION_GONE, booked.location] = told
    for part in booked.parts:
        found |= _part_misfits(directory, place, part)
    return found | _resource_misfits(directory, place, booked)


def _part_misfits(directory: Directory, place: Place | None, part: Part) -> Wrong:
    found: Wrong = {}
    service = directory.services.get(part.service)
    if service is None:
        found[Misfit.SERVICE_GONE, part.service] = f"{part.service_name} is no longer offered"
    else:
        found |= _service_misfits(directory, place, service, part)
    if part.staff not in directory.staff_ids:
        found[Misfit.STAFF_GONE, part.staff] = f"{part.staff_name} is no longer listed"
    elif place is not None and not _is_open(place, part):
        found[Misfit.HOURS, part.service] = f"{part.service_name} is outside the hours"
    return found


def _service_misfits(
    directory: Directory, place: Place | None, service: Service, part: Part
) -> Wrong:
    found: Wrong = {}
    if place is not None and place not in directory.places_of(service):
        told = f"{service.name} is no longer offered at {place.name}"
        found[Misfit.NOT_OFFERED_THERE, service.key] = told
    is_listed = part.staff in directory.staff_ids
    if is_listed and service.staff is not None and part.staff not in service.staff:
        told = f"{part.staff_name} no longer performs {service.name}"
        found[Misfit.NOT_PERFORMED, service.key] = told
    minutes = (part.end - part.start).total_seconds() / 60
    if minutes != service.duration_min:
        told = f"{service.name} takes {service.duration_min} minutes now, booked are {minutes:.0f}"
        found[Misfit.DURATION, service.key] = told
    return found


def _resource_misfits(directory: Directory, place: Place | None, booked: Upcoming) -> Wrong:
    found: Wrong = {}
    for key, _ in booked.resources:
        resource_id = directory.resource_ids.get(key)
        if resource_id is None:
            found[Misfit.RESOURCE_GONE, key] = f"{key} is no longer listed"
        elif place is not None and not any(resource_id in ids for ids in place.resources.values()):
            found[Misfit.RESOURCE_ELSEWHERE, key] = f"{key} is no longer at {place.name}"
    kinds = {resource.key: resource.kind for resource in directory.business.resource}
    held = {kinds.get(key, kind) for key, kind in booked.resources}
    for part in booked.parts:
        service = directory.services.get(part.service)
        for kind in service.needs if service else ():
            if kind not in held:
                found[Misfit.RESOURCE_LACKING, kind] = f"{part.service_name} needs a {kind} now"
    return found


def _is_open(place: Place, part: Part) -> bool:
    """Whether somebody is there from its start to its end, and the location is open."""
    hours = place.hours.get(part.staff)
    start_s, end_s = int(part.start.timestamp()), int(part.end.timestamp())
    return hours is not None and all(
        open_intervals(each, place.zone, start_s, end_s) == [(start_s, end_s)] for each in hours
    )
