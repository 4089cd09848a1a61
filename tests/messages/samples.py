"""Letters of every kind, about ordinary and extreme appointments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.terms import Terms
from bookonce.business.document import Business
from bookonce.business.messages import MessageKind
from bookonce.events.catalogue import Part
from bookonce.messages.decide import Recipient
from bookonce.messages.letter import Letter
from bookonce.messages.matter import Links, Matter
from bookonce.messages.team_wording import Line, conflicts, summary
from bookonce.messages.wording import letter
from bookonce.platform.actor import ActorKind
from bookonce.platform.languages import Language
from bookonce.platform.zones import wall
from tests.factories import a_business

START = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
LONG = "W" * 200
ARABIC = "ليلى عبد الرحمن"
EMOJI = "Zoë 💇🏽‍♀️ O’Brien"
TAGS = "<script>alert(1)</script>\"&'{name}%(when)s"
LINK = "http://evil.example/claim-your-prize"
STATUSES = {
    MessageKind.HELD: Status.HELD,
    MessageKind.CANCELLED: Status.CANCELLED,
    MessageKind.PAYMENT_LOST: Status.CANCELLED,
    MessageKind.NO_SHOW: Status.NO_SHOW,
}
LINKS = Links("https://book.example/lumen/a/" + "t" * 43, "https://book.example/lumen", "")
OFFICE = Links(office="https://book.example/office/lumen/appointments/1")
TO_CLIENT = (
    MessageKind.BOOKED,
    MessageKind.HELD,
    MessageKind.PAID,
    MessageKind.MOVED,
    MessageKind.RESIZED,
    MessageKind.REZONED,
    MessageKind.TAKEN_OFF,
    MessageKind.CANCELLED,
    MessageKind.PAYMENT_LOST,
    MessageKind.REFUNDED,
    MessageKind.REMINDER,
    MessageKind.NO_SHOW,
)
TO_TEAM = (
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.RESIZED,
    MessageKind.REZONED,
    MessageKind.CHANGED,
    MessageKind.OVERBOOKED,
    MessageKind.CANCELLED,
    MessageKind.TAKEN_OFF,
)
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "arabic": {"client": ARABIC, "service": "قص الشعر", "staff": "نور", "place": "حي الزيتون"},
    "long": {"client": LONG, "service": LONG, "staff": LONG, "place": LONG, "business": LONG},
    "emoji": {"client": EMOJI, "service": "✂️ Cut & Go", "staff": "Ada 🦊"},
    "tags": {"client": TAGS, "service": TAGS, "staff": TAGS, "place": TAGS, "business": TAGS},
    "link": {"client": LINK, "service": "Cut"},
    "no price": {"price": None},
    "no cost": {"price": 0},
    "several services": {"parts": 5},
    "another zone": {"zone": "Pacific/Chatham"},
    "over midnight": {"start": datetime(2026, 12, 1, 22, 45, tzinfo=UTC)},
    "an hour that comes twice": {"start": datetime(2026, 10, 25, 0, 30, tzinfo=UTC)},
}


def a_lumen(**more: Any) -> Business:
    """A business with all that a mail shows."""
    return a_business(
        "lumen",
        page={"colour": "#7a3e9d"},
        **{"phone": "+49 30 1234567", "website": "https://lumen.example", "name": "Lumen Hair"}
        | more,
    )


def an_appointment(kind: MessageKind, case: dict[str, Any]) -> Appointment:
    """An appointment as a message of a kind is about it."""
    start = case.get("start", START)
    count = case.get("parts", 1)
    length = timedelta(minutes=45)
    zone = case.get("zone", "Europe/Berlin")
    parts = tuple(
        Part(
            "cut",
            case.get("service", "Cut" if count == 1 else f"Service {n}"),
            f"ada{n % 2}",
            case.get("staff", ("Ada", "Ben")[n % 2]),
            start + n * length,
            start + (n + 1) * length,
            case.get("price", 4800),
        )
        for n in range(count)
    )
    made = Appointment(
        id=UUID(int=17),
        status=STATUSES.get(kind, Status.CONFIRMED),
        parts=parts,
        location="main",
        location_name=case.get("place", "Lumen Mitte"),
        location_address=case.get("place", "Torstraße 1, Berlin"),
        zone=zone,
        start=start,
        end=parts[-1].end,
        price_minor=case.get("price", 4800),
        currency="EUR",
        sequence=2,
        deposit_minor=960,
        keep_minor=0,
        confirmed_at=None if kind is MessageKind.PAYMENT_LOST else start - timedelta(days=9),
        hold_expires_at=start - timedelta(days=3) if kind is MessageKind.HELD else None,
        terms=Terms(1440),
        overbooked=case.get("client", "A guest of ours")
        if kind is MessageKind.OVERBOOKED
        else None,
    )
    from zoneinfo import ZoneInfo

    import msgspec

    return msgspec.structs.replace(made, wall_start=wall(ZoneInfo(zone), start))


def a_matter(kind: MessageKind, role: str, case: dict[str, Any], business: Business) -> Matter:
    """What a message is about."""
    return Matter(
        kind=kind,
        recipient=Recipient(role, "" if role == "client" else "ada"),
        business=business,
        appointment=an_appointment(kind, case),
        client_name=case.get("client", "Zoe Fischer"),
        client_phone="+49301234567",
        by=ActorKind.ACCOUNT,
        old_start=START - timedelta(days=1),
        old_end=START - timedelta(days=1) + timedelta(minutes=30),
        back_minor=960,
        links=LINKS if role == "client" else OFFICE,
    )


def letters(language: Language, case: dict[str, Any]) -> Iterator[tuple[str, Letter]]:
    """Every message there is, in a language, about one case; each with its name."""
    business = a_lumen(**{"name": case["business"]} if "business" in case else {})
    for kind in TO_CLIENT:
        yield f"client-{kind.value}", letter(a_matter(kind, "client", case, business), language)
    for kind in TO_TEAM:
        yield f"staff-{kind.value}", letter(a_matter(kind, "staff", case, business), language)
    appointment = an_appointment(MessageKind.BOOKED, case)
    about = (case.get("service", "Cut"), "Ada", case.get("client", "Zoe"))
    lines = [Line(appointment.start, appointment.clock, about)] * 3
    day, base = appointment.start.date(), "https://book.example"
    yield "owner-summary", summary(business, day, lines, (base, f"{base}/u"), language)
    yield "owner-conflicts", conflicts(business, lines, base, language)
