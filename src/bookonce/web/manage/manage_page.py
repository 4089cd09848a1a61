"""An appointment on its client's own page: what every form of that page shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.correct import can_be_corrected
from bookonce.booking.kept import keep_minor_if_cancelled
from bookonce.business.document import ANYONE
from bookonce.events.catalogue import Part
from bookonce.platform import money
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import NotFoundError
from bookonce.web.booking_page.address import Address
from bookonce.web.booking_page.deposit import standing
from bookonce.web.booking_page.limits import limit_passed
from bookonce.web.booking_page.visit import PartShown, Visit, When, advice, when
from bookonce.web.managed import Managed, managed

UTC_FORMAT = "%Y%m%dT%H%M%SZ"


class ManageVisit(Visit):
    """A request for somebody's own page."""

    token = ""

    def in_language(self, code: str) -> str:
        """The page of the appointment; what was begun on it is begun again."""
        return replace(self.address, lang=code).own(self.token)

    @property
    def sharing(self) -> None:
        """Whoever has the address of the page can change the appointment: it isn't for others."""
        return None


class ManagePage:
    """An appointment on its own page."""

    def __init__(self, visit: ManageVisit, held: Managed, base: str) -> None:
        visit.token = held.token
        self.visit, self.held, self.base = visit, held, base
        self.appointment = held.appointment
        self.zone = held.appointment.clock

    def now(self, held: Managed) -> ManagePage:
        """The same page with the appointment as it is by now."""
        return ManagePage(self.visit, held, self.base)

    @classmethod
    async def of(
        cls,
        request: Request[Any, Any, Any],
        installation: Installation,
        slug: str,
        token: str,
        parameters: Any,
        base: str,
    ) -> ManagePage:
        """Raises NotFoundError, with the business's page if there is one."""
        try:
            held = await managed(installation, slug, token)
        except NotFoundError as error:
            nobodys = await Visit.of(request, installation, slug, parameters)
            raise NotFoundError(error.detail, visit=nobodys) from None
        visit = ManageVisit(request, installation, held.directory, Address.of(slug, parameters))
        return cls(visit, held, base)

    def address(self, *rest: str, **parameters: str) -> str:
        """An address on this page."""
        return self.visit.address.own(self.held.token, *rest, **parameters)

    def elsewhere_at(self, start: datetime | None) -> str:
        """Where the same can be booked at another time, or at one that is chosen already."""
        appointment, address = self.appointment, self.visit.address
        day = (start or appointment.start).astimezone(self.zone).date()
        return address.but(
            service=",".join(appointment.services),
            location=appointment.location if self.held.directory.lists_locations else None,
            staff=appointment.staff if len(set(appointment.performers)) == 1 else ANYONE,
            add=None,
            date=day.isoformat(),
            start=start.astimezone(self.zone).isoformat() if start else None,
            again=self.held.token,
        )

    @property
    def again_url(self) -> str:
        """Where the same is booked again with the same person: by whoever was here, who is known, or
        has cancelled; empty until then.
        """
        appointment = self.appointment
        is_cancelled = appointment.status is Status.CANCELLED
        is_over = appointment.end <= datetime.now(UTC) and appointment.status is not Status.EXPIRED
        if not is_cancelled and not is_over:
            return ""
        return self.visit.address.but(
            service=",".join(appointment.services),
            location=appointment.location if self.held.directory.lists_locations else None,
            staff=appointment.staff if len(set(appointment.performers)) == 1 else ANYONE,
            again=None if is_cancelled else self.held.token,
        )

    @property
    def elsewhere(self) -> str:
        """Where another time can be chosen for the same."""
        return self.elsewhere_at(None)

    @property
    def comes_back_minor(self) -> int | None:
        """How much of the deposit whoever cancels now gets back; None if none was paid."""
        appointment = self.appointment
        if appointment.deposit_minor is None or appointment.status is not Status.CONFIRMED:
            return None
        keep_minor = keep_minor_if_cancelled(appointment, VISITOR, datetime.now(UTC))
        assert keep_minor is not None
        return max(0, appointment.deposit_minor - keep_minor - appointment.refunded_minor)

    def amount(self, minor: int) -> str:
        """Money, as people write it."""
        currency = self.appointment.currency
        return self.visit.language.amount(money.major(minor, currency), currency)

    def when(self, start: datetime) -> When:
        """A start there, as people read it."""
        return when(self.visit, self.zone, start)

    @property
    def price(self) -> str:
        """What it costs, as agreed."""
        appointment = self.appointment
        if appointment.price_minor is not None:
            return self.visit.amount_of([appointment.price_minor], appointment.currency)
        prices_minor = [part.price_minor for part in appointment.parts]
        return self.visit.amount_of(prices_minor, appointment.currency)

    def _named(self, part: Part) -> str:
        """What a part's service is called in the visitor's language, if it is called so still."""
        own = self.held.directory.services.get(part.service)
        if own is None or own.name != part.service_name:
            return part.service_name
        return self.visit.directory.services[part.service].name

    def parts(self, start: datetime | None = None) -> list[PartShown]:
        """Its parts, if there is more than one; `start`: as they are if it begins then."""
        appointment, spoken = self.appointment, self.visit.language
        if len(appointment.parts) == 1:
            return []
        is_one_person = len(set(appointment.performers)) == 1
        later = timedelta() if start is None else start - appointment.start
        first_day = (start or appointment.start).astimezone(self.zone).date()

        def clock(instant: datetime) -> str:
            return spoken.clock((instant + later).astimezone(self.zone), first_day)

        return [
            PartShown(
                self._named(part),
                f"{clock(part.start)}–{clock(part.end)}",
                "" if is_one_person else part.staff_name,
                self.visit.amount_of([part.price_minor], appointment.currency),
            )
            for part in appointment.parts
        ]

    def render(self, name: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page about the appointment."""
        directory, appointment = self.held.directory, self.appointment
        spoken = self.visit.language
        start, end = (each.astimezone(self.zone) for each in (appointment.start, appointment.end))
        in_time = datetime.now(UTC) <= self.appointment.deadline
        confirmed = appointment.status is Status.CONFIRMED
        provider = self.visit.installation.providers.get(directory.business.payments.provider)
        return self.visit.render(
            name,
            status=status,
            own=self.address,
            appointment=appointment,
            status_name=appointment.status.value,
            service=spoken.listed([self._named(part) for part in appointment.parts]),
            staff=spoken.in_turn([part.staff_name for part in appointment.parts]),
            parts=self.parts(),
            where=appointment.where,
            preparation=advice(
                self.visit.directory.services[part.service]
                for part in appointment.parts
                if part.service in directory.services and confirmed
            ),
            price=self.price,
            deposit=standing(appointment, spoken, by_card=provider is None or provider.takes_cards),
            when=self.when(start),
            stretch=spoken.stretch(start, end),
            zone_key=self.zone.key,
            deadline=spoken.moment(self.appointment.deadline.astimezone(self.zone)),
            limit_passed=limit_passed(appointment.promised_terms, spoken),
            may_change=confirmed and in_time,
            is_too_late=confirmed and not in_time,
            calendars=self.calendars() if confirmed else [],
            facts=msgspec.json.encode(_booked_facts(appointment, self.zone)).decode(),
            **values,
        )

    def as_it_is(
        self,
        *,
        status: int = 200,
        notice: str = "",
        is_new: bool = False,
        moved_from: datetime | None = None,
    ) -> Response[str]:
        """The appointment with what can be done about it; `moved_from` is when it began before it
        was moved just now.
        """
        is_moved = moved_from is not None and self.appointment.status is Status.CONFIRMED
        return self.render(
            "appointment.html",
            status=status,
            notice=notice,
            is_new=is_new,
            again_url=self.again_url,
            can_be_corrected=can_be_corrected(self.appointment, datetime.now(UTC)),
            share_text=self.share_text,
            moved_from=self.when(moved_from) if moved_from and is_moved else None,
        )

    @property
    def share_text(self) -> str:
        """What others are told of it: what, when and where, and nothing that opens it."""
        name = self.held.directory.business.business.name
        told = (
            self.held.title,
            self.when(self.appointment.start).text,
            name,
            self.appointment.where,
        )
        return "\n".join(each for each in told if each)

    def calendars(self) -> list[tuple[str, str]]:
        """Where it can be added to a calendar: a name (empty: a file) and an address."""
        directory, appointment = self.held.directory, self.appointment
        title = f"{self.held.title} · {directory.business.business.name}"
        start, end = (
            each.astimezone(UTC).strftime(UTC_FORMAT)
            for each in (appointment.start, appointment.end)
        )
        link = f"{self.base}{self.address()}"
        details = "\n".join((*self.held.timetable(), link))
        where = appointment.where or directory.business.business.name
        google = {
            "action": "TEMPLATE", "text": title, "dates": f"{start}/{end}", "details": details,
            "location": where,
        }  # fmt: skip
        outlook = {
            "path": "/calendar/action/compose", "rru": "addevent", "subject": title,
            "startdt": appointment.start.astimezone(UTC).isoformat(),
            "enddt": appointment.end.astimezone(UTC).isoformat(), "body": details, "location": where,
        }  # fmt: skip
        file = f"/api/v1/{directory.slug}/appointments/{self.held.token}.ics"
        return [
            ("", file),
            ("Google", f"https://calendar.google.com/calendar/render?{urlencode(google)}"),
            (
                "Outlook",
                f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
            ),
        ]


def _booked_facts(appointment: Appointment, zone: ZoneInfo) -> dict[str, Any]:
    """What a page that frames ours is told of a booking, times in a zone."""
    return {
        "id": str(appointment.id),
        "service": appointment.service,
        "staff": appointment.staff,
        "start": appointment.start.astimezone(zone).isoformat(),
        "end": appointment.end.astimezone(zone).isoformat(),
        "parts": [
            {
                "service": part.service,
                "staff": part.staff,
                "start": part.start.astimezone(zone).isoformat(),
                "end": part.end.astimezone(zone).isoformat(),
            }
            for part in appointment.parts
        ],
    }
