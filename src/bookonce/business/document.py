"""A business as its owner describes it: the one shape of the TOML file, the database and the
running process.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, field

from bookonce.business.deposits import DepositFor, Payments
from bookonce.business.hours import WEEKDAYS, Hours, Span
from bookonce.business.messages import Messages
from bookonce.business.page import Page, WebAddress
from bookonce.business.texts import (
    Choice,
    Description,
    Details,
    Name,
    NameText,
    Preparation,
    QuestionText,
    Role,
    ServiceText,
    StaffText,
)
from bookonce.business.visits import DURATION_MIN_MAX, Phase, Visit, visit_of

SLUG_PATTERN = r"^[a-z0-9](-?[a-z0-9])*\Z"
SLUG_LENGTH_MAX = 63
Slug = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=SLUG_LENGTH_MAX)]
KEY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z"
Key = Annotated[str, Meta(pattern=KEY_PATTERN, max_length=63)]
PHONE_PATTERN = r"^\+?[0-9][0-9 ()./-]{2,38}\Z"
Address = Annotated[str, Meta(max_length=500)]
Minutes = Annotated[int, Meta(ge=0, le=1440)]

GRACE_MIN = 15
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
    """Who the business is, and how clients reach it. The zone is that of its clocks, wherever a
    location has no other.
    """

    slug: Slug
    name: Name
    timezone: str
    currency: str = "EUR"
    locale: str = "en"
    closed: bool = False
    """Whether it takes no bookings. Those that it has stay."""
    phone: Annotated[str, Meta(pattern=PHONE_PATTERN)] | None = None
    email: str | None = None
    website: WebAddress | None = None
    address: Address | None = None
    """Where it is, if it lists no locations: they have addresses of their own."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When starts are on offer, and how long a client may change their mind."""

    slot_step_min: Annotated[int, Meta(ge=1, le=1440)] = 15
    notice_min: Annotated[int, Meta(ge=0, le=527_040)] = 60
    horizon_days: Annotated[int, Meta(ge=1, le=1_100)] = 90
    cancel_until_min: Annotated[int, Meta(ge=0, le=527_040)] = 1440
    grace_min: Annotated[int, Meta(ge=0, le=10_080)] = GRACE_MIN
    """So long after booking a client may change their mind whatever the limit says."""
    phone_required: bool = False
    """Whether visitors have to give a number they can be reached at."""


BookingsMax = Annotated[int, Meta(ge=1, le=1_000)]


class Protection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many bookings ahead one visitor may hold (absent: any number), and whether the booking
    page asks every browser for a proof of work, or only when something looks wrong.
    """

    bookings_per_email: BookingsMax | None = None
    bookings_per_phone: BookingsMax | None = None
    bookings_per_network: BookingsMax | None = None
    proof_of_work: bool = False


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


def hours_of(weekly: WeeklyHours, dates: tuple[DateHours, ...]) -> Hours:
    """Hours as they are written, in the form that availability is computed from."""
    return Hours.of(msgspec.structs.asdict(weekly), ((day.date, day.hours) for day in dates))


class Location(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place with its own clock. `hours` absent: open whenever somebody works there."""

    key: Key
    name: Name
    timezone: str | None = None
    address: Address = ""
    hours: WeeklyHours | None = None
    dates: tuple[DateHours, ...] = ()
    text: tuple[NameText, ...] = ()

    def opening_hours(self) -> Hours | None:
        """The location's own hours, if it has any, in the form that availability is computed from."""
        if self.hours is None and not self.dates:
            return None
        return hours_of(self.hours or ALWAYS, self.dates)


class HoursAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody's hours at one of several locations, by its clock."""

    location: str
    hours: WeeklyHours = field(default_factory=WeeklyHours)
    dates: tuple[DateHours, ...] = ()

    def opening_hours(self) -> Hours:
        """The hours in the form that availability is computed from."""
        return hours_of(self.hours, self.dates)


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who performs services. `hours` and `dates` are those at the first location, `at`
    has those at others.
    """

    key: Key
    name: Name
    role: Role = ""
    """What they are, in a word or two, such as "Master stylist"."""
    languages: tuple[str, ...] = ()
    """The languages they speak with clients, by their codes, such as "de"."""
    picture: str | None = None
    """Their portrait; without one their initials are shown."""
    email: str | None = None
    hours: WeeklyHours = field(default_factory=WeeklyHours)
    dates: tuple[DateHours, ...] = ()
    at: tuple[HoursAt, ...] = ()
    text: tuple[StaffText, ...] = ()
    time_off: tuple[TimeOff, ...] = ()


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A room, a chair, a device: one of its kind is taken for the whole of a visit that needs it."""

    key: Key
    name: Name
    kind: Key
    location: str | None = None
    time_off: tuple[TimeOff, ...] = ()


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A heading under which services are listed, in the order of the categories."""

    key: Key
    name: Name
    text: tuple[NameText, ...] = ()


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be booked. `staff` absent: everyone performs it; `locations` absent: everywhere;
    `deposit_for` absent: of everyone.
    """

    key: Key
    name: Name
    duration_min: Annotated[int, Meta(ge=1, le=DURATION_MIN_MAX)]
    phases: tuple[Phase, ...] = ()
    buffer_before_min: Minutes = 0
    buffer_after_min: Minutes = 0
    price: str | None = None
    deposit: str | None = None
    deposit_for: tuple[DepositFor, ...] = ()
    staff: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    locations: tuple[str, ...] | None = None
    category: str | None = None
    """The key of the category it is listed under."""
    description: Description = ""
    """What it is, in one line of the list."""
    details: Details = ""
    """What there is more to say; the list unfolds it."""
    preparation: Preparation = ""
    """What clients should know or do before they come."""
    picture: str | None = None
    hidden: bool = False
    """Whether no list shows it; whoever has its link can book it."""
    price_is_from: bool = False
    """Whether the price is the least that it costs."""
    phone_required: bool = False
    """Whether visitors who book it have to give a number, if not everybody has to."""
    text: tuple[ServiceText, ...] = ()

    @property
    def visit(self) -> Visit:
        """The time it takes."""
        return visit_of(
            self.duration_min, self.buffer_before_min, self.buffer_after_min, self.phases
        )

    def without_buffers(self) -> Service:
        """The same with no time kept free around it."""
        return msgspec.structs.replace(self, buffer_before_min=0, buffer_after_min=0)


class QuestionKind(Enum):
    """How a question is answered."""

    LINE = "line"
    TEXT = "text"
    CHOICE = "choice"  # one of its choices
    CONSENT = "consent"  # by a tick


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What visitors are asked when they book: a question, house rules, a consent. `services` absent:
    whatever they book.
    """

    key: Key
    name: Name
    """What is asked, or what is agreed to."""
    kind: QuestionKind = QuestionKind.LINE
    details: Details = ""
    """What there is to know before one answers, such as the house rules."""
    choices: tuple[Choice, ...] = ()
    required: bool = False
    """Whether nobody can book without an answer."""
    services: tuple[str, ...] | None = None
    text: tuple[QuestionText, ...] = ()


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One business, whole. Key by key the same as the business file."""

    business: Profile
    policy: Policy = field(default_factory=Policy)
    page: Page = field(default_factory=Page)
    protection: Protection = field(default_factory=Protection)
    payments: Payments = field(default_factory=Payments)
    messages: Messages = field(default_factory=Messages)
    location: tuple[Location, ...] = ()
    staff: tuple[Staff, ...] = ()
    resource: tuple[Resource, ...] = ()
    category: tuple[Category, ...] = ()
    service: tuple[Service, ...] = ()
    question: tuple[Question, ...] = ()

    @property
    def zones(self) -> frozenset[str]:
        """The zones of its clocks."""
        places = (location.timezone for location in self.location)
        return frozenset((self.business.timezone, *(zone for zone in places if zone)))

    def without_absences(self) -> Business:
        """The same as a version keeps it: absences have a life of their own."""
        return msgspec.structs.replace(
            self,
            staff=tuple(msgspec.structs.replace(each, time_off=()) for each in self.staff),
            resource=tuple(msgspec.structs.replace(each, time_off=()) for each in self.resource),
        )
