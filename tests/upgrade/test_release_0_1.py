"""A database of release 0.1, filled by that release, upgraded by this one: nothing is lost.

`release_0_1.sql` is what its verbs wrote on 7 January 2030, by its own clock; `release_0_1.json` is
what it answered and exported then.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.client import Client
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.request import BookingRequest
from bookonce.events.idempotency import Idempotency
from bookonce.payments.pay import receive
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.platform import schema
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import BookingConflictError
from bookonce.web.managed import managed
from bookonce.web.public.answers import AppointmentAnswer
from tests.cli.commands import bookonce
from tests.databases import AS_SUPERUSER
from tests.races.harness import assert_sound
from tests.running import database_named

FOLDER = Path(__file__).parent
OLD = json.loads((FOLDER / "release_0_1.json").read_text())
APPOINTMENTS = {one["label"]: one for one in OLD["appointments"]}
NOW = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
LAST_OF_0_1 = "0007"
MIGRATIONS = Path(schema.__file__).parent / "migrations"

_numbers = count(1)


@pytest.fixture
async def old_url(cluster_url: str) -> AsyncIterator[str]:
    """A database as release 0.1 left it."""
    name = f"old_{os.getpid()}_{next(_numbers)}"
    admin = await asyncpg.connect(cluster_url.replace(*AS_SUPERUSER))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 OWNER bookonce")
    url = database_named(cluster_url, name)
    old = await asyncpg.connect(url)
    await old.execute("CREATE TABLE schema_migration (version varchar(128) PRIMARY KEY)")
    for file in sorted(MIGRATIONS.glob("*.sql")):
        version = file.name.partition("_")[0]
        if version <= LAST_OF_0_1:
            await old.execute(file.read_text().partition("-- migrate:down")[0])
            await old.execute("INSERT INTO schema_migration VALUES ($1)", version)
    await old.execute((FOLDER / "release_0_1.sql").read_text())
    await old.close()
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def upgraded(old_url: str) -> AsyncIterator[Installation]:
    """The same, upgraded, with the installation's own secret."""
    assert await schema.migrate(old_url) == [
        version for version in schema.packaged_versions() if version > LAST_OF_0_1
    ]
    database = Database(old_url, connections_max=4)
    await database.open()
    yield Installation(database, "a-secret", {"on_site": OnSitePayments()})
    await database.close()


def id_of(label: str) -> UUID:
    return UUID(APPOINTMENTS[label]["id"])


SINCE = ("grace_min = 15\n", "phone_required = false\n")
"""What a business file can say since then; what an old one means without it."""


@pytest.mark.parametrize("slug", sorted(OLD["exports"]))
async def test_exports_are_equal(upgraded: Installation, slug: str) -> None:
    outcome = bookonce("export", slug, "--database-url", upgraded.database.url)
    found = outcome.out
    for line in SINCE:
        found = found.replace(line, "")
    assert found == OLD["exports"][slug]


@pytest.mark.parametrize("label", sorted(APPOINTMENTS))
async def test_links_open_and_answer_the_same(upgraded: Installation, label: str) -> None:
    told = APPOINTMENTS[label]
    found = await managed(upgraded, told["slug"], told["token"])
    answer = json.loads(msgspec.json.encode(AppointmentAnswer.of(found, "https://b.example")))
    [part] = answer.pop("parts")
    expected: dict[str, Any] = dict(told["answer"])
    if label.startswith("held"):  # its hold ended long before it is looked at now, or lasts still
        for each in (answer, expected):
            each.pop("status")
            each.pop("hold_expires_at", None)
    assert answer == expected
    assert part == {name: expected[name] for name in ("service", "staff", "start", "end", "price")}


async def test_rows_agree_with_each_other(upgraded: Installation) -> None:
    await assert_sound(upgraded.database.url)


async def test_a_key_used_before_gives_the_same_answer(upgraded: Installation) -> None:
    told = APPOINTMENTS["confirmed"]
    zoe = Client("Zoe", "zoe@example.com", "+49 30 123456")
    wish = BookingRequest(
        service="cut",
        start=datetime(2030, 1, 14, 9, tzinfo=UTC),
        client=zoe,
        staff="ada",
        location="mitte",
        notes="a note",
    )
    again = await book(
        upgraded, "lumen", wish, actor=VISITOR, now=NOW, idempotency_key="key-confirmed"
    )
    assert (again.token, again.appointment.id) == (told["token"], id_of("confirmed"))
    eve = msgspec.structs.replace(wish, client=Client("Eve", "eve@example.com", zoe.phone))
    with pytest.raises(BookingConflictError):
        await book(upgraded, "lumen", eve, actor=VISITOR, now=NOW, idempotency_key="key-refused")


async def test_a_move_s_key_gives_the_same_answer(upgraded: Installation) -> None:
    told = APPOINTMENTS["moved"]
    request = MoveRequest(datetime(2030, 1, 15, 11, tzinfo=UTC))
    key = Idempotency.of("key-moved", "move", told["token"], request)
    again = await move(
        upgraded, "lumen", id_of("moved"), request, actor=VISITOR, now=NOW, idempotency=key
    )
    assert again.appointment.start == request.start
    assert again.appointment.sequence == 1


async def test_old_appointments_can_be_changed(upgraded: Installation) -> None:
    later = MoveRequest(datetime(2030, 1, 15, 14, tzinfo=UTC))
    moved = await move(upgraded, "lumen", id_of("anyone"), later, actor=VISITOR, now=NOW)
    assert moved.appointment.start == later.start
    cancelled = await cancel(upgraded, "lumen", id_of("confirmed"), actor=VISITOR, now=NOW)
    assert cancelled.appointment.status == "cancelled"
    paid = await receive(upgraded, "lumen", id_of("held"), now=NOW + timedelta(minutes=5))
    assert paid.status == "confirmed"
    await assert_sound(upgraded.database.url)


async def test_absences_and_blocked_time_are_still_taken(upgraded: Installation) -> None:
    blocked = BookingRequest(
        service="talk",
        start=datetime(2030, 1, 16, 15, tzinfo=UTC),
        client=Client("Una", "una@example.com"),
        location="mitte",
    )
    with pytest.raises(BookingConflictError):
        await book(upgraded, "lumen", blocked, actor=VISITOR, now=NOW)
    async with upgraded.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM claim WHERE kind = 'time_off'") == 2


async def test_the_books_are_as_they_were(old_url: str) -> None:
    query = "SELECT kind, sum(amount_minor)::bigint FROM ledger_entry GROUP BY kind ORDER BY kind"
    counts = "SELECT (SELECT count(*) FROM appointment), (SELECT count(*) FROM event)"
    old = await asyncpg.connect(old_url)
    before = (await old.fetch(query), await old.fetchrow(counts))
    await old.close()
    await schema.migrate(old_url)
    new = await asyncpg.connect(old_url)
    assert (await new.fetch(query), await new.fetchrow(counts)) == before
    await new.close()
