"""The calendar: a day with a column for each person, a week of one person, or a list.

The page that the server renders is the truth: it works without scripts, prints, and is read out. A
script lays a grid over it, from what stands in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Status
from bookonce.business.directory import Directory
from bookonce.business.hours import open_intervals
from bookonce.desk.agenda import Agenda, Scope, agenda, days_between, zone_of
from bookonce.desk.agenda_rows import BlockedTime, Entry
from bookonce.events.catalogue import Part
from bookonce.platform.languages import Language
from bookonce.web.office.calendar_address import CalendarAddress, View
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.words import status_name

DAY_OPENS_AT, DAY_CLOSES_AT = "08:00", "20:00"
"""What a grid shows of a day on which nobody works."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a column shows: a part of an appointment, or blocked time. Times are the clock's."""

    id: str
    kind: str
    """"appointment" or "block"."""
    start: str
    end: str
    machine_start: str
    machine_end: str
    title: str
    services: str
    staff: str
    status: str
    status_name: str
    notes: str
    is_overbooked: bool
    is_over: bool
    may_move: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A person on a day, or a day of a person."""

    key: str
    staff: str
    date: date
    title: str
    is_today: bool
    pieces: Sequence[Piece]
    opened: str
    """The hours of the day as a grid takes them: "09:00-12:30 13:15-18:00"."""
    opened_told: str
    new_url: str


@get(
    "/{slug:str}/calendar",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.SEE_CALENDAR,
)
async def calendar(office: Page, access: Admitted) -> Response[str]:
    """The days that the address asks for."""
    directory = office.business
    address = address_of(office, directory, access)
    zone = zone_of(directory, address.location)
    scope = Scope(staff=(address.staff,) if address.staff else (), location=address.location)
    found = await agenda(
        office.installation,
        directory,
        address.first,
        address.last,
        scope,
        access=access,
        now=office.now,
    )
    shown = _Shown(office, directory, access, address, zone, found)
    columns = list(shown.columns())
    return office.render(
        f"calendar_{address.view.value}.html",
        address=address,
        view=address.view.value,
        views=_views(office, address),
        heading=_heading(office.language, address),
        columns=columns,
        lines=sorted(
            (piece for column in columns for piece in column.pieces),
            key=lambda piece: (piece.machine_start, piece.staff),
        ),
        days=shown.days(),
        today_url=address.url(day=office.now.astimezone(zone).date()),
        previous_url=address.moved(-1).url(),
        next_url=address.moved(1).url(),
        people=[
            (staff.key, staff.name)
            for staff in directory.business.staff
            if access.may_see(staff.key)
        ],
        places=[(key, place.name) for key, place in directory.places.items()]
        if directory.lists_locations
        else [],
        zone=zone.key,
        step_min=directory.policy.slot_step_min,
        first_hour=shown.first_hour,
        last_hour=shown.last_hour,
        may_book=access.may(Right.BOOK),
        may_block=access.may(Right.BLOCK),
        now_machine=f"{office.now.astimezone(zone):%Y-%m-%dT%H:%M}",
    )


def address_of(office: Office, directory: Directory, access: Access) -> CalendarAddress:
    """What the address of a request asks for."""
    query = dict(office.request.query_params)
    location = query.get("location")
    zone = zone_of(directory, location if location in directory.places else None)
    today = office.now.astimezone(zone).date()
    return CalendarAddress.read(directory, query, today, access.staff_key)


def _views(office: Office, address: CalendarAddress) -> list[tuple[str, str, bool]]:
    _ = office.language.words.gettext
    names = {View.DAY: _("Day"), View.WEEK: _("Week"), View.LIST: _("List")}
    return [
        (
            name,
            address.url(view=view, staff=address.staff if view is not View.DAY else None),
            view is address.view,
        )
        for view, name in names.items()
    ]


def _heading(language: Language, address: CalendarAddress) -> str:
    if address.view is View.DAY:
        return language.long_day(address.day)
    return f"{language.day(address.first)} – {language.long_day(address.last)}"


class _Shown:
    """What a view shows of an agenda."""

    def __init__(
        self,
        office: Office,
        directory: Directory,
        access: Access,
        address: CalendarAddress,
        zone: ZoneInfo,
        found: Agenda,
    ) -> None:
        self.office, self.directory, self.access = office, directory, access
        self.address, self.zone, self.found = address, zone, found
        self.today = office.now.astimezone(zone).date()
        self.first_hour, self.last_hour = self._hours_shown()

    def days(self) -> list[date]:
        """The dates that are shown."""
        count = (self.address.last - self.address.first).days + 1
        return [self.address.first + timedelta(days=each) for each in range(count)]

    def columns(self) -> Iterable[Column]:
        """One for each person who works there, or has something on the day; or for each date."""
        for day in self.days():
            for key, name in self._people(day):
                opened = self._opened(key, day)
                if self.address.view is View.DAY:
                    title, is_today = name, day == self.today
                else:
                    title, is_today = self.office.language.day(day), day == self.today
                yield Column(
                    key=f"{key} {day}" if self.address.view is View.WEEK else key,
                    staff=key,
                    date=day,
                    title=title,
                    is_today=is_today,
                    pieces=list(self._pieces(key, day)),
                    opened=" ".join(f"{low:%H:%M}-{_end_clock(low, high)}" for low, high in opened),
                    opened_told=self.office.language.comma.join(
                        f"{self.office.language.time(low)}–{self.office.language.time(high)}"
                        for low, high in opened
                    ),
                    new_url=f"/office/{self.directory.slug}/appointments/new"
                    f"?staff={key}&date={day}",
                )

    def _people(self, day: date) -> list[tuple[str, str]]:
        """Those who are shown on a day: who may be seen, and works or is booked then."""
        names = {
            staff.key: staff.name
            for staff in self.directory.business.staff
            if self.access.may_see(staff.key)
        }
        for entry in self.found.entries:
            for part in entry.parts:
                if self.access.may_see(part.staff):
                    names.setdefault(part.staff, part.staff_name)
        if self.address.staff:
            return [(self.address.staff, names.get(self.address.staff, self.address.staff))]
        busy = {
            part.staff
            for entry in self.found.entries
            for part in entry.parts
            if self._is_on(part, day)
        }
        busy |= {block.resource for block in self.found.blocks if self._is_on(block, day)}
        return [
            (key, name) for key, name in names.items() if key in busy or self._opened(key, day)
        ] or list(names.items())

    def _pieces(self, key: str, day: date) -> Iterable[Piece]:
        pieces = [
            self._appointment(entry, part)
            for entry in self.found.entries
            for part in entry.parts
            if part.staff == key and self._is_on(part, day)
        ]
        pieces += [
            self._block(block)
            for block in self.found.blocks
            if block.resource == key and self._is_on(block, day)
        ]
        return sorted(pieces, key=lambda piece: piece.machine_start)

    def _is_on(self, what: Part | BlockedTime, day: date) -> bool:
        start, end = days_between(self.zone, day, day)
        return what.start < end and what.end > start

    def _appointment(self, entry: Entry, part: Part) -> Piece:
        words, language = self.office.language.words, self.office.language
        start, end = part.start.astimezone(self.zone), part.end.astimezone(self.zone)
        status = entry.as_of(self.office.now)
        return Piece(
            id=str(entry.id),
            kind="appointment",
            start=language.time(start),
            end=language.clock(end, start.date()),
            machine_start=f"{start:%Y-%m-%dT%H:%M}",
            machine_end=f"{end:%Y-%m-%dT%H:%M}",
            title=entry.client_name or words.gettext("Walk-in"),
            services=part.service_name,
            staff=part.staff_name,
            status=status.value,
            status_name=status_name(status, words),
            notes=entry.notes or "",
            is_overbooked=entry.overbooked is not None,
            is_over=part.end <= self.office.now,
            may_move=status is Status.CONFIRMED
            and len(entry.parts) == 1
            and self.access.may(Right.MOVE)
            and (not self.access.is_own_only or part.staff == self.access.staff_key),
        )

    def _block(self, block: BlockedTime) -> Piece:
        words, language = self.office.language.words, self.office.language
        start, end = block.start.astimezone(self.zone), block.end.astimezone(self.zone)
        name = words.gettext("Absent") if block.kind == "time_off" else words.gettext("Blocked")
        return Piece(
            id=str(block.id),
            kind="block",
            start=language.time(start),
            end=language.clock(end, start.date()),
            machine_start=f"{start:%Y-%m-%dT%H:%M}",
            machine_end=f"{end:%Y-%m-%dT%H:%M}",
            title=block.reason or name,
            services="",
            staff=block.resource,
            status=block.kind,
            status_name=name,
            notes="",
            is_overbooked=False,
            is_over=block.end <= self.office.now,
            may_move=False,
        )

    def _opened(self, key: str, day: date) -> list[tuple[datetime, datetime]]:
        """When somebody works on a day, at any of the places that are shown."""
        start, end = days_between(self.zone, day, day)
        found: list[tuple[datetime, datetime]] = []
        for place in self.directory.places.values():
            if key not in place.hours or (
                self.address.location and place.key != self.address.location
            ):
                continue
            spans = None
            for hours in place.hours[key]:
                opened = {
                    (max(low, int(start.timestamp())), min(high, int(end.timestamp())))
                    for low, high in open_intervals(
                        hours, place.zone, int(start.timestamp()), int(end.timestamp())
                    )
                }
                spans = opened if spans is None else _common(spans, opened)
            found += [
                (datetime.fromtimestamp(low, self.zone), datetime.fromtimestamp(high, self.zone))
                for low, high in sorted(spans or ())
            ]
        return found

    def _hours_shown(self) -> tuple[str, str]:
        """From when to when a grid shows days: all that is open or taken, in whole hours."""
        lows, highs = [], []
        for day in self.days():
            midnight = days_between(self.zone, day, day)[0].astimezone(self.zone)
            for key in (self.address.staff,) if self.address.staff else self.directory.staff_ids:
                for low, high in self._opened(key, day):
                    lows.append(low.hour)
                    highs.append(
                        24
                        if high.date() > midnight.date()
                        else -(-(high.hour * 60 + high.minute) // 60)
                    )
        for entry in self.found.entries:
            for part in entry.parts:
                start, end = part.start.astimezone(self.zone), part.end.astimezone(self.zone)
                lows.append(start.hour)
                highs.append(24 if end.date() > start.date() else end.hour + 1)
        if not lows:
            return DAY_OPENS_AT, DAY_CLOSES_AT
        return f"{min(lows):02}:00", f"{min(max(highs), 24):02}:00"


def _common(one: set[tuple[int, int]], other: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {
        (max(low, other_low), min(high, other_high))
        for low, high in one
        for other_low, other_high in other
        if max(low, other_low) < min(high, other_high)
    }


def _end_clock(low: datetime, high: datetime) -> str:
    return "24:00" if high.date() > low.date() else f"{high:%H:%M}"
