"""The demo salon, with two weeks of appointments from today on.

The appointments are made by the same verb as every other; each has an idempotency key made of its
date, so that furnishing again adds only what a new day brings.
"""

from __future__ import annotations

import base64
import random
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from bookonce.accounts.members import settle
from bookonce.accounts.roles import Post
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.client import Client
from bookonce.booking.request import BookingRequest
from bookonce.business import toml_file
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.business.tree import as_tree, from_tree
from bookonce.demo import OWNER, SLUG
from bookonce.events import event_rows
from bookonce.events.idempotency import Idempotency
from bookonce.platform.actor import SYSTEM, Role
from bookonce.platform.errors import BookingConflictError, NotFoundError, NotOfferedError

DAYS = 14
BOOKINGS_A_DAY = 14
_FIRST_NAMES = (
    "Mia",
    "Noah",
    "Leyla",
    "Jonas",
    "Aylin",
    "Pavel",
    "Ines",
    "Tariq",
    "Greta",
    "Luca",
    "Yuki",
    "Oskar",
)
_LAST_NAMES = (
    "Berger",
    "Kaya",
    "Silva",
    "Nowak",
    "Fischer",
    "Haas",
    "Moreau",
    "Tanaka",
    "Popov",
    "Reuter",
)


async def furnish(installation: Installation, now: datetime) -> None:
    """Make the salon if it isn't there, and fill the days that nobody filled yet."""
    try:
        await installation.current(SLUG)
    except NotFoundError:
        await apply_file.apply(installation.database, _business(), now=now)
    directory = await installation.current(SLUG)
    await settle(
        installation.database, directory.business_id, OWNER, "Lou Lumen", Post(Role.OWNER),
        actor=SYSTEM, now=now,
    )  # fmt: skip
    today = now.astimezone(directory.zone).date()
    for day in (today + timedelta(days) for days in range(DAYS)):
        if not await _is_filled(installation, directory, day):
            await _fill(installation, directory, day, now)


def _business() -> Business:
    """The salon by its file, with its pictures, which lie beside it."""
    folder = files("bookonce.demo")
    described = as_tree(toml_file.parse(folder.joinpath("lumen.toml").read_text()))
    pictures = {each.name: each.read_bytes() for each in folder.joinpath("pictures").iterdir()}

    def picture(name: str) -> str:
        return f"data:image/webp;base64,{base64.b64encode(pictures[f'{name}.webp']).decode()}"

    described["page"]["cover"] = picture("cover")
    for table in ("staff", "service"):
        for each in described[table]:
            each["picture"] = picture(f"{table}-{each['key']}")
    return from_tree(described)


async def _is_filled(installation: Installation, directory: Directory, day: date) -> bool:
    key = Idempotency.of(_key(day, 0)).key_hash
    return (
        await installation.database.run(event_rows.remembered, directory.business_id, key)
        is not None
    )


async def _fill(installation: Installation, directory: Directory, day: date, now: datetime) -> None:
    """Book some of what is on offer that day, the same choice each time."""
    chance = random.Random(day.toordinal())  # noqa: S311, nothing here is secret
    services = [service.key for service in directory.business.service]
    number = 0
    for _ in range(BOOKINGS_A_DAY):
        service = chance.choice(services)
        _, offered = await offer(installation, SLUG, Choice.of(service), day, day, now=now)
        found = offered.by_start()
        if not found:
            continue
        start_s = chance.choice(list(found))
        name = f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}"
        email = f"{name.lower().replace(' ', '.')}@example.com"
        request = BookingRequest(
            service=service,
            start=datetime.fromtimestamp(start_s, UTC),
            client=Client(name, email),
            staff=chance.choice(found[start_s]),
        )
        try:
            await book(
                installation,
                SLUG,
                request,
                now=now,
                idempotency_key=_key(day, number),
                actor=SYSTEM,
            )
        except (BookingConflictError, NotOfferedError):
            continue  # a visitor was quicker
        number += 1


def _key(day: date, number: int) -> str:
    return f"demo {day} {number}"
