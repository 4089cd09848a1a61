"""`bookonce remove` and `bookonce client erase`: gone is gone, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.business import toml_file
from bookonce.platform.actor import COMMAND_LINE, VISITOR
from bookonce.platform.database import Database
from tests.cli.commands import Outcome, refused
from tests.factories import a_booking, a_business, a_visitor, new_slug, tomorrow_at
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]
EMAIL = "zoe@example.com"


def opened(run: Run, url: str) -> str:
    """A business with a booking of Zoe and one of Yan."""
    slug = new_slug()
    assert run("apply", "-", stdin=toml_file.render(a_business(slug))).code == 0

    async def make() -> None:
        database = Database(url, connections_max=1)
        await database.open()
        for hour, name in ((10, "Zoe"), (12, "Yan")):
            visitor = a_visitor(name, phone="+49 30 1234567")
            request = a_booking(tomorrow_at(hour), client=visitor, notes=f"for {name}")
            await book(Installation(database), slug, request, actor=VISITOR, now=datetime.now(UTC))
        await database.close()

    asyncio.run(make())
    return slug


def cancel_all(url: str, slug: str, ledger: Ledger) -> None:
    """As the business does."""

    async def make() -> None:
        database = Database(url, connections_max=1)
        await database.open()
        installation, now = Installation(database), datetime.now(UTC)
        for appointment_id in found:
            await cancel(installation, slug, appointment_id, actor=COMMAND_LINE, now=now)
        await database.close()

    found = [
        row["appointment_id"]
        for row in ledger.fetch(
            "SELECT appointment_id FROM appointment JOIN business_slug USING (business_id)"
            " WHERE slug = $1",
            slug,
        )
    ]
    asyncio.run(make())


def everything_of(ledger: Ledger, slug: str) -> str:
    """All that any table holds of a business, as text."""
    ((business_id,),) = ledger.fetch("SELECT business_id FROM business_slug WHERE slug = $1", slug)
    tables = ledger.fetch(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE attname = 'business_id' AND relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
    )
    return "\n".join(
        str(row[0])
        for (table,) in tables
        for row in ledger.fetch(
            f"SELECT {table}::text FROM {table} WHERE business_id = $1", business_id
        )
    )


def test_a_client_is_erased_and_the_books_stay(run: Run, database_url: str, ledger: Ledger) -> None:
    slug = opened(run, database_url)
    before = run("client", "erase", slug, EMAIL, "--yes")
    refused(before, "aren't over", "Cancel them first")
    cancel_all(database_url, slug, ledger)
    # What the product writes of a client elsewhere, as its messages do.
    ledger.fetch(
        "INSERT INTO mail_address (business_id, address)"
        " SELECT business_id, $2 FROM business_slug WHERE slug = $1",
        slug,
        EMAIL,
    )
    ledger.fetch(
        "INSERT INTO message (business_id, message_id, kind, way, recipient, appointment_id,"
        " event_at, status, next_at, useful_until, address, subject, body, created_at, ended_at)"
        " SELECT business_id, gen_random_uuid(), 'booked', 'mail', 'client', appointment_id, now(),"
        " 'sent', now(), now(), $2, 'Zoe', 'for Zoe', now(), now()"
        " FROM appointment JOIN business_slug USING (business_id)"
        " WHERE slug = $1 AND client_name = 'Zoe'",
        slug,
        EMAIL,
    )
    with_zoe = everything_of(ledger, slug)
    assert "Zoe" in with_zoe
    outcome = run("client", "erase", slug, " Zoe@Example.com ", "--yes")
    assert (outcome.code, outcome.err) == (0, "")
    assert "1 appointments" in outcome.out
    without = everything_of(ledger, slug)
    assert "Zoe" not in without
    assert EMAIL not in without
    assert "Yan" in without
    assert without.count("2800") == with_zoe.count("2800")
    assert "client.erased" in without
    refused(run("client", "erase", slug, EMAIL, "--yes"), "Nobody here")


def test_it_asks_first(run: Run, database_url: str, ledger: Ledger) -> None:
    slug = opened(run, database_url)
    cancel_all(database_url, slug, ledger)
    before = ledger.contents()
    for command in (("client", "erase", slug, EMAIL), ("remove", slug)):
        for answer in ("n\n", ""):
            outcome = run(*command, stdin=answer)
            assert outcome.code == 1
            assert slug in outcome.err
    assert ledger.contents() == before
    assert run("remove", slug, stdin="y\n").code == 0


def test_a_business_is_removed_with_all_that_is_its_own(
    run: Run, database_url: str, ledger: Ledger
) -> None:
    slug, other = opened(run, database_url), opened(run, database_url)
    kept = everything_of(ledger, other)
    ((business_id,),) = ledger.fetch("SELECT business_id FROM business_slug WHERE slug = $1", slug)
    outcome = run("remove", slug, "--yes")
    assert outcome.code == 0, outcome
    for (table,) in ledger.fetch(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE attname = 'business_id' AND relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
    ):
        left = ledger.fetch(f"SELECT count(*) FROM {table} WHERE business_id = $1", business_id)
        assert left[0][0] == 0, table
    assert everything_of(ledger, other) == kept
    refused(run("remove", slug, "--yes"), "no such business")
    assert f" {slug} " not in run("list").out
    assert run("apply", "-", stdin=toml_file.render(a_business(slug))).code == 0
