"""A business file is changed under an appointment, field by field: what was promised stays, and what
no longer fits is listed.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.find import Found, find
from bookonce.booking.kept import keep_minor_if_cancelled
from bookonce.booking.request import BookingRequest
from bookonce.business import document, tree, versions
from bookonce.business.deposits import Payments
from bookonce.business.page import Page
from bookonce.platform.actor import COMMAND_LINE, VISITOR
from bookonce.platform.errors import BlockConflictError
from bookonce.web.managed import Managed
from bookonce.web.public.answers import AppointmentAnswer
from bookonce.web.public.calendar_file import calendar_file
from tests.factories import ALWAYS, NINE_TO_FIVE, a_picture, a_visitor, new_slug, tomorrow_at

NOW = datetime.now(UTC)
TEN = tomorrow_at(10)
Tree = dict[str, Any]
Edit = Callable[[Tree], object]

TABLES: dict[str, type[msgspec.Struct]] = {
    "business": document.Profile,
    "policy": document.Policy,
    "page": Page,
    "protection": document.Protection,
    "payments": Payments,
    "location": document.Location,
    "staff": document.Staff,
    "resource": document.Resource,
    "category": document.Category,
    "question": document.Question,
    "service": document.Service,
}
FIELDS = {
    f"{table}.{field.encode_name}"
    for table, struct in TABLES.items()
    for field in msgspec.structs.fields(struct)
}


def salon() -> Tree:
    """Ada cuts and washes at Mitte, in a chair, for a deposit of which half comes back."""
    everywhere = [{"location": key, "hours": ALWAYS} for key in ("mitte", "soho")]
    return {
        "business": {"slug": new_slug(), "name": "Lumen Hair", "timezone": "Europe/Berlin"},
        "policy": {"notice_min": 0, "cancel_until_min": 120},
        "page": {},
        "protection": {},
        "payments": {
            "provider": "on_site",
            "refunds": [{"until_min": 1440, "percent": 100}, {"until_min": 0, "percent": 50}],
        },
        "location": [
            {"key": "mitte", "name": "Mitte", "address": "Torstr. 1, Berlin"},
            {"key": "soho", "name": "Soho", "timezone": "Europe/London"},
        ],
        "staff": [
            {"key": "ada", "name": "Ada", "at": everywhere},
            {"key": "bob", "name": "Bob", "at": everywhere},
        ],
        "resource": [
            {"key": "chair-1", "name": "Chair 1", "kind": "chair", "location": "mitte"},
            {"key": "chair-2", "name": "Chair 2", "kind": "chair", "location": "soho"},
        ],
        "category": [{"key": "hair", "name": "Hair"}],
        "question": [{"key": "length", "name": "How long?", "kind": "choice", "choices": ["A", "B"]}],
        "service": [
            {
                "key": "cut", "name": "Cut", "duration_min": 60, "price": "48.00", "deposit": "30%",
                "needs": ["chair"],
            },
            {"key": "wash", "name": "Wash", "duration_min": 30, "price": "12.00"},
        ],
    }  # fmt: skip


def _set(table: str, field: str, value: object) -> Edit:
    return lambda salon: salon[table].update({field: value})


def _first(table: str, field: str, value: object) -> Edit:
    return lambda salon: salon[table][0].update({field: value})


def _without_first(table: str, *tidy: Edit) -> Edit:
    def edit(salon: Tree) -> None:
        salon[table].pop(0)
        for each in tidy:
            each(salon)

    return edit


def _leave_mitte(salon: Tree) -> None:
    for staff in salon["staff"]:
        staff["at"] = staff["at"][1:]
    salon["resource"].pop(0)


def _closed(week: dict[str, list[str]]) -> dict[str, list[str]]:
    return {day: [] for day in week}


def _at(hours: dict[str, list[str]]) -> list[Tree]:
    return [{"location": key, "hours": hours} for key in ("mitte", "soho")]


def _need_a_bench(salon: Tree) -> None:
    salon["resource"].append(
        {"key": "bench-1", "name": "Bench 1", "kind": "bench", "location": "mitte"}
    )
    salon["service"][0]["needs"] = ["bench"]


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PICTURE = a_picture()
ABSENT = [{"from": "2026-01-01T00:00", "to": "2099-01-01T00:00"}]
FITS = ""

CHANGES: dict[str, tuple[Edit, str]] = {
    "business.name": (_set("business", "name", "Lux"), FITS),
    "business.timezone": (_set("business", "timezone", "Asia/Tokyo"), FITS),
    "business.currency": (_set("business", "currency", "USD"), FITS),
    "business.locale": (_set("business", "locale", "fr"), FITS),
    "business.phone": (_set("business", "phone", "+49 30 1234567"), FITS),
    "business.email": (_set("business", "email", "hello@lumen.example"), FITS),
    "business.website": (_set("business", "website", "https://lumen.example"), FITS),
    "business.closed": (_set("business", "closed", True), FITS),
    "business.address": (_set("business", "address", "Torstr. 2, Berlin"), FITS),
    "policy.slot_step_min": (_set("policy", "slot_step_min", 7), FITS),
    "policy.notice_min": (_set("policy", "notice_min", 500_000), FITS),
    "policy.horizon_days": (_set("policy", "horizon_days", 1), FITS),
    "policy.cancel_until_min": (_set("policy", "cancel_until_min", 500_000), FITS),
    "policy.grace_min": (_set("policy", "grace_min", 0), FITS),
    "page.kind": (_set("page", "kind", "hair_salon"), FITS),
    "page.colour": (_set("page", "colour", "#112233"), FITS),
    "page.logo": (_set("page", "logo", PIXEL), FITS),
    "page.cover": (_set("page", "cover", PICTURE), FITS),
    "page.welcome": (_set("page", "welcome", "Come in."), FITS),
    "page.announcement": (_set("page", "announcement", "We move in May."), FITS),
    "page.team": (_set("page", "team", False), FITS),
    "page.hours": (_set("page", "hours", False), FITS),
    "page.imprint": (_set("page", "imprint", "https://lumen.example/imprint"), FITS),
    "page.privacy": (_set("page", "privacy", "https://lumen.example/privacy"), FITS),
    "page.terms": (_set("page", "terms", "https://lumen.example/terms"), FITS),
    "page.text": (_set("page", "text", [{"language": "de", "welcome": "Hallo"}]), FITS),
    "page.sites": (_set("page", "sites", ["https://lumen.example"]), FITS),
    "protection.bookings_per_email": (_set("protection", "bookings_per_email", 1), FITS),
    "protection.bookings_per_phone": (_set("protection", "bookings_per_phone", 1), FITS),
    "protection.bookings_per_network": (_set("protection", "bookings_per_network", 1), FITS),
    "protection.proof_of_work": (_set("protection", "proof_of_work", True), FITS),
    "payments.provider": (_set("payments", "provider", "stripe"), FITS),
    "payments.hold_min": (_set("payments", "hold_min", 1), FITS),
    "payments.attempts_max": (_set("payments", "attempts_max", 1), FITS),
    "payments.refunds": (_set("payments", "refunds", []), FITS),
    "payments.account": (_set("payments", "account", "acct_1"), FITS),
    "location.key": (_without_first("location", _leave_mitte), "no longer a location"),
    "location.name": (_first("location", "name", "Kreuzberg"), FITS),
    "location.timezone": (_first("location", "timezone", "Asia/Tokyo"), FITS),
    "location.address": (_first("location", "address", "Oranienstr. 2"), FITS),
    "location.hours": (_first("location", "hours", _closed(ALWAYS)), "outside the hours"),
    "location.dates": (
        _first("location", "dates", [{"date": f"{TEN:%Y-%m-%d}", "hours": []}]),
        "outside the hours",
    ),
    "staff.key": (_without_first("staff"), "Ada is no longer listed"),
    "staff.name": (_first("staff", "name", "Adele"), FITS),
    "staff.email": (_first("staff", "email", "ada@example.com"), FITS),
    "staff.role": (_first("staff", "role", "Stylist"), FITS),
    "staff.languages": (_first("staff", "languages", ["de"]), FITS),
    "staff.picture": (_first("staff", "picture", PICTURE), FITS),
    "location.text": (_first("location", "text", [{"language": "fr", "name": "Centre"}]), FITS),
    "staff.text": (_first("staff", "text", [{"language": "de", "role": "Stylistin"}]), FITS),
    "category.text": (_first("category", "text", [{"language": "de", "name": "Haar"}]), FITS),
    "service.text": (_first("service", "text", [{"language": "de", "name": "Schnitt"}]), FITS),
    "staff.at": (_first("staff", "at", _at(_closed(NINE_TO_FIVE))), "outside the hours"),
    "resource.key": (_without_first("resource"), "chair-1 is no longer listed"),
    "resource.name": (_first("resource", "name", "Throne"), FITS),
    "resource.kind": (_first("resource", "kind", "bench"), "needs a chair now"),
    "resource.location": (_first("resource", "location", "soho"), "no longer at Mitte"),
    "category.key": (_first("category", "key", "hair-2"), FITS),
    "category.name": (_first("category", "name", "For your hair"), FITS),
    "service.category": (_first("service", "category", "hair"), FITS),
    "service.description": (_first("service", "description", "With a wash"), FITS),
    "service.details": (_first("service", "details", "And a coffee."), FITS),
    "service.preparation": (_first("service", "preparation", "Come with dry hair."), FITS),
    "service.picture": (_first("service", "picture", PICTURE), FITS),
    "service.hidden": (_first("service", "hidden", True), FITS),
    "service.price_is_from": (_first("service", "price_is_from", True), FITS),
    "service.phone_required": (_first("service", "phone_required", True), FITS),
    "policy.phone_required": (_set("policy", "phone_required", True), FITS),
    "question.key": (_first("question", "key", "length-2"), FITS),
    "question.name": (_first("question", "name", "How short?"), FITS),
    "question.kind": (
        lambda salon: salon["question"].append({"key": "ok", "name": "Ok", "kind": "consent"}),
        FITS,
    ),
    "question.details": (_first("question", "details", "In the morning"), FITS),
    "question.choices": (_first("question", "choices", ["A", "B", "C"]), FITS),
    "question.required": (_first("question", "required", True), FITS),
    "question.services": (_first("question", "services", ["cut"]), FITS),
    "question.text": (_first("question", "text", [{"language": "de", "name": "Wie?"}]), FITS),
    "service.key": (_without_first("service"), "Cut is no longer offered"),
    "service.name": (_first("service", "name", "Haircut"), FITS),
    "service.duration_min": (_first("service", "duration_min", 45), "takes 45 minutes now"),
    "service.phases": (
        _first(
            "service",
            "phases",
            [{"duration_min": 30}, {"duration_min": 20, "staff": False}, {"duration_min": 10}],
        ),
        FITS,
    ),
    "service.buffer_before_min": (_first("service", "buffer_before_min", 30), FITS),
    "service.buffer_after_min": (_first("service", "buffer_after_min", 30), FITS),
    "service.price": (_first("service", "price", "99.00"), FITS),
    "service.deposit": (_first("service", "deposit", "full"), FITS),
    "service.deposit_for": (_first("service", "deposit_for", ["no_shows"]), FITS),
    "service.staff": (_first("service", "staff", ["bob"]), "no longer performs Cut"),
    "service.needs": (_need_a_bench, "needs a bench now"),
    "service.locations": (_first("service", "locations", ["soho"]), "no longer offered at Mitte"),
}
ELSEWHERE = {
    "business.slug": "an address of its own: test_a_renamed_business_keeps_its_promises",
    "staff.hours": "of a business that lists no locations: `staff.at` is the same of one that does",
    "staff.dates": "likewise",
    "staff.time_off": "refused: test_an_absence_in_the_way_is_refused",
    "resource.time_off": "likewise",
}


def test_the_table_has_every_field() -> None:
    assert {*CHANGES, *ELSEWHERE} == FIELDS


def promise(found: Found) -> dict[str, object]:
    """All that a client was told: times, place, names, price, terms, the calendar file."""
    appointment = found.appointment
    answer = AppointmentAnswer.of(Managed.of(found, "token"), "https://salon.example")
    file = calendar_file(Managed.of(found, "token"), "https://salon.example/a").decode()
    lines = file.replace("\r\n ", "").splitlines()
    told = ("DTSTART", "DTEND", "LOCATION", "DESCRIPTION", "SEQUENCE", "STATUS", "SUMMARY")
    return {
        "answer": {
            name: getattr(answer, name)
            for name in ("id", "status", "service", "staff", "start", "end", "price", "parts")
        },
        "offset": answer.start.utcoffset(),
        "names": [(part.service_name, part.staff_name) for part in appointment.parts],
        "where": appointment.where,
        "file": [line.partition(" · ")[0] for line in lines if line.startswith(told)],
        "deposit": appointment.deposit_minor,
        "deadline": appointment.deadline,
        "kept": [
            keep_minor_if_cancelled(appointment, VISITOR, TEN - timedelta(hours=hours))
            for hours in (48, 24, 23, 0)
        ],
        "grace": appointment.grace_end,
    }


async def opened(installation: Installation, salon: Tree) -> Found:
    """The salon with an appointment that is confirmed. Rooms and people could be others."""
    await apply_file.apply(installation.database, tree.from_tree(salon), now=NOW)
    wish = BookingRequest(
        start=TEN,
        services=("cut", "wash"),
        staff="ada",
        location="mitte",
        client=a_visitor(),
    )
    # The business takes the deposit at the till: a colleague books it for the client.
    held = await book(installation, salon["business"]["slug"], wish, actor=COMMAND_LINE, now=NOW)
    return await find(installation, held.directory.slug, held.appointment.id, now=NOW)


@pytest.mark.parametrize("field", CHANGES)
async def test_what_was_promised_stays_and_what_no_longer_fits_is_told(
    installation: Installation, field: str
) -> None:
    before = salon()
    booked = await opened(installation, before)
    promised = promise(booked)
    assert "Mitte, Torstr. 1, Berlin" in str(promised["where"])

    edit, misfit = CHANGES[field]
    after = deepcopy(before)
    edit(after)
    applied = await apply_file.apply(installation.database, tree.from_tree(after), now=NOW)
    assert applied.changes, "the file says nothing else"
    reasons = "; ".join(reason for one in applied.unfit for reason in one.reasons)
    assert (misfit in reasons) if misfit else not reasons, reasons
    slug = before["business"]["slug"]
    found = await find(installation, slug, booked.appointment.id, now=NOW)
    assert promise(found) == promised


async def test_a_renamed_business_keeps_its_promises(installation: Installation) -> None:
    booked = await opened(installation, salon())
    promised, slug = promise(booked), new_slug()
    await versions.rename(
        installation.database, booked.directory.business_id, slug, actor=COMMAND_LINE, now=NOW
    )
    assert promise(await find(installation, slug, booked.appointment.id, now=NOW)) == promised


@pytest.mark.parametrize("table", ["staff", "resource"])
async def test_an_absence_in_the_way_is_refused(installation: Installation, table: str) -> None:
    before = salon()
    booked = await opened(installation, before)
    after = deepcopy(before)
    after[table][0]["time_off"] = ABSENT
    with pytest.raises(BlockConflictError):
        await apply_file.apply(installation.database, tree.from_tree(after), now=NOW)
    slug = before["business"]["slug"]
    found = await find(installation, slug, booked.appointment.id, now=NOW)
    assert promise(found) == promise(booked)
