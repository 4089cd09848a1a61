"""Claims at hand are the claims there are: every way in which they change is seen at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bench.filling import fill, open_salon
from bookonce.availability import busy_rows
from bookonce.availability.block import block, unblock
from bookonce.availability.busy_rows import READ, SERVER
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer, soonest
from bookonce.availability.selection import Choice
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.database import Database
from tests.factories import a_booking, a_business, a_staff_member, tomorrow_at

NOW = datetime.now(UTC)
TEN = tomorrow_at(10)
HALF_AN_HOUR = timedelta(minutes=30)
Open = Callable[[Business], Awaitable[str]]


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Any]:
    """A connection of somebody else's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the database from now on."""
    sent: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        method = getattr(asyncpg.Connection, name)

        def logged(self: Any, query: str, *args: Any, _method: Any = method, **more: Any) -> Any:
            sent.append(query)
            return _method(self, query, *args, **more)

        monkeypatch.setattr(asyncpg.Connection, name, logged)
    return sent


async def free_at(
    installation: Installation, slug: str, start: datetime, staff: str | None = None
) -> list[str]:
    """Who is on offer at a start."""
    choice = Choice.of("cut", staff)
    _, found = await offer(installation, slug, choice, start.date(), start.date(), now=NOW)
    return found.by_start().get(int(start.timestamp()), [])


async def insert_claim(
    connection: Any, slug: str, start: datetime, hours: int = 1
) -> asyncpg.Record:
    """What somebody with a database console might do."""
    row: asyncpg.Record = await connection.fetchrow(
        """
        INSERT INTO claim (business_id, claim_id, resource_id, during, kind)
        SELECT business_id, gen_random_uuid(), resource_id, tstzrange($2, $3), 'blocked'
        FROM business_slug JOIN resource USING (business_id)
        WHERE slug = $1
        RETURNING business_id, claim_id
        """,
        slug,
        start,
        start + timedelta(hours=hours),
    )
    return row


class TestChanges:
    """Each is made elsewhere, by an installation that shares nothing but the database."""

    @pytest.fixture
    async def elsewhere(self, database_url: str) -> AsyncIterator[Installation]:
        database = Database(database_url, connections_max=2)
        await database.open()
        yield Installation(database)
        await database.close()

    @pytest.fixture
    async def slug(self, installation: Installation, open_business: Open) -> str:
        slug = await open_business(a_business())
        assert await free_at(installation, slug, TEN) == ["ada"]
        return slug

    @staticmethod
    async def booked(elsewhere: Installation, slug: str) -> Booked:
        return await book(elsewhere, slug, a_booking(TEN), actor=VISITOR, now=NOW)

    async def test_a_booking(
        self, installation: Installation, elsewhere: Installation, slug: str
    ) -> None:
        await self.booked(elsewhere, slug)
        assert await free_at(installation, slug, TEN) == []
        assert await free_at(installation, slug, TEN + HALF_AN_HOUR) == ["ada"]

    async def test_a_cancellation(
        self, installation: Installation, elsewhere: Installation, slug: str
    ) -> None:
        held = await self.booked(elsewhere, slug)
        assert await free_at(installation, slug, TEN) == []
        await cancel(elsewhere, slug, held.appointment.id, actor=VISITOR, now=NOW)
        assert await free_at(installation, slug, TEN) == ["ada"]

    async def test_a_move(
        self, installation: Installation, elsewhere: Installation, slug: str
    ) -> None:
        held = await self.booked(elsewhere, slug)
        assert await free_at(installation, slug, TEN) == []
        later = TEN + timedelta(hours=3)
        await move(elsewhere, slug, held.appointment.id, MoveRequest(later), actor=VISITOR, now=NOW)
        assert await free_at(installation, slug, TEN) == ["ada"]
        assert await free_at(installation, slug, later) == []

    async def test_blocked_time_and_its_end(
        self, installation: Installation, elsewhere: Installation, slug: str
    ) -> None:
        blocked = await block(
            elsewhere, slug, "ada", TEN, TEN + HALF_AN_HOUR, actor=SYSTEM, now=NOW
        )
        assert await free_at(installation, slug, TEN) == []
        await unblock(elsewhere, slug, blocked.id, actor=SYSTEM, now=NOW)
        assert await free_at(installation, slug, TEN) == ["ada"]

    async def test_time_off_in_the_business_file_and_its_end(
        self, installation: Installation, open_business: Open, slug: str
    ) -> None:
        time_off = {"from": f"{TEN:%Y-%m-%dT00:00}", "to": f"{TEN:%Y-%m-%dT23:00}"}
        await open_business(a_business(slug, staff=[a_staff_member("ada", time_off=[time_off])]))
        assert await free_at(installation, slug, TEN) == []
        await open_business(a_business(slug))
        assert await free_at(installation, slug, TEN) == ["ada"]

    async def test_a_claim_by_the_database_s_console(
        self, installation: Installation, slug: str, connection: Any
    ) -> None:
        await insert_claim(connection, slug, TEN)
        assert await free_at(installation, slug, TEN) == []

    async def test_one_that_is_under_way_while_others_look(
        self, installation: Installation, slug: str, connection: Any
    ) -> None:
        # The transaction has its number before the first look and commits after the second, and
        # others with later numbers have committed in between.
        transaction = connection.transaction()
        await transaction.start()
        await insert_claim(connection, slug, TEN)
        assert await free_at(installation, slug, TEN) == ["ada"]
        await book(installation, slug, a_booking(TEN + timedelta(hours=5)), actor=VISITOR, now=NOW)
        assert await free_at(installation, slug, TEN) == ["ada"]
        await transaction.commit()
        assert await free_at(installation, slug, TEN) == []

    async def test_one_that_is_given_up(
        self, installation: Installation, slug: str, connection: Any
    ) -> None:
        transaction = connection.transaction()
        await transaction.start()
        await insert_claim(connection, slug, TEN)
        assert await free_at(installation, slug, TEN) == ["ada"]
        await transaction.rollback()
        assert await free_at(installation, slug, TEN) == ["ada"]

    async def test_one_within_a_savepoint(
        self, installation: Installation, slug: str, connection: Any
    ) -> None:
        async with connection.transaction():
            await connection.execute("SELECT pg_current_xact_id()")
            async with connection.transaction():
                await insert_claim(connection, slug, TEN)
            assert await free_at(installation, slug, TEN) == ["ada"]
        assert await free_at(installation, slug, TEN) == []

    async def test_a_claim_that_touches_a_day_that_was_not_looked_at_yet(
        self, installation: Installation, slug: str, connection: Any
    ) -> None:
        later = TEN + timedelta(days=20)
        await insert_claim(connection, slug, later)
        assert await free_at(installation, slug, later) == []
        assert await free_at(installation, slug, TEN) == ["ada"]
        assert await free_at(installation, slug, TEN - timedelta(days=1)) == ["ada"]

    async def test_claims_deleted_by_other_hands_are_noticed_after_a_while(
        self,
        installation: Installation,
        slug: str,
        connection: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await insert_claim(connection, slug, TEN)
        assert await free_at(installation, slug, TEN) == []
        await connection.execute("DELETE FROM claim")
        monkeypatch.setattr(busy_rows, "KEPT_S_MAX", 0)
        assert await free_at(installation, slug, TEN) == ["ada"]


async def test_rows_that_a_dump_brought_from_another_server_are_not_taken_for_news(
    installation: Installation, open_business: Open, connection: Any, queries: list[str]
) -> None:
    slug = await open_business(a_business())
    await insert_claim(connection, slug, TEN)
    await connection.execute("UPDATE claim SET xid = '99999999999'")  # far in the future
    assert await free_at(installation, slug, TEN) == []
    directory = await installation.current(slug)
    ids = list(directory.staff_ids.values())
    rows = await READ.rows(
        connection,
        business_id=directory.business_id,
        resource_ids=ids,
        known_ids=ids,
        snapshot=await connection.fetchval("SELECT pg_current_snapshot()::text"),
        server=await connection.fetchval(f"SELECT {SERVER}"),
        first=TEN,
        end=TEN + HALF_AN_HOUR,
        released=None,
        now=TEN,
    )
    assert [(row["resource_id"], row["changed_ids"]) for row in rows] == [(None, [])]


async def test_another_server_s_snapshot_says_nothing(
    installation: Installation, open_business: Open, connection: Any
) -> None:
    slug = await open_business(a_business())
    assert await free_at(installation, slug, TEN) == ["ada"]
    [(business_id, known)] = installation.busy._known.items()
    # As after a failover: what was read came from a server that had seen far more transactions.
    installation.busy._known[business_id] = replace(
        known,
        server=known.server - timedelta(days=1),
        snapshot="99999999999:99999999999:",
    )
    await insert_claim(connection, slug, TEN)
    assert await free_at(installation, slug, TEN) == []


async def test_where_no_snapshot_can_be_named_nothing_is_kept(
    installation: Installation, open_business: Open, connection: Any
) -> None:
    slug = await open_business(a_business())
    # What Citus brings, for all that the statement asks.
    await connection.execute("CREATE FUNCTION citus_version() RETURNS text RETURN 'citus'")
    assert await free_at(installation, slug, TEN) == ["ada"]
    assert not installation.busy._known
    await insert_claim(connection, slug, TEN)
    assert await free_at(installation, slug, TEN) == []


async def test_what_is_at_hand_is_bounded_the_oldest_goes_first(
    installation: Installation,
    open_business: Open,
    connection: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(busy_rows, "INTERVALS_KEPT_MAX", 2 * (busy_rows.WEEK_COUNTS_AS + 1) + 1)
    slugs = [await open_business(a_business()) for _ in range(3)]
    for slug in slugs:
        await insert_claim(connection, slug, TEN)
        assert await free_at(installation, slug, TEN) == []
    _, *others = [(await installation.current(slug)).business_id for slug in slugs]
    assert list(installation.busy._known) == others
    assert installation.busy._size == 2 * (busy_rows.WEEK_COUNTS_AS + 1)
    assert await free_at(installation, slugs[0], TEN) == []


class TestCost:
    STAFF = 8

    @pytest.fixture
    async def slug(self, database: Database, connection: Any) -> str:
        """A business with 4,000 appointments among 20,000."""
        for number in range(5):
            business_id = await open_salon(database, f"salon-{number}", self.STAFF)
            await fill(
                connection,
                business_id,
                first=NOW.date() - timedelta(days=20),
                days=80,
                appointments=4_000,
            )
        await connection.execute(
            """
            INSERT INTO claim_release (business_id, xid, resource_id)
            SELECT business_id, number::text::xid8, resource_id
            FROM resource CROSS JOIN generate_series(1, 100) AS number
            """
        )
        await connection.execute("ANALYZE")
        return "salon-3"

    async def test_a_look_is_one_query_whatever_there_is(
        self, installation: Installation, slug: str, queries: list[str]
    ) -> None:
        first = NOW.date() + timedelta(days=1)
        await installation.current(slug)
        for days in (0, 30, 61):
            for staff in (None, "staff-2"):
                for _ in range(2):
                    queries.clear()
                    choice = Choice.of("cut", staff)
                    last = first + timedelta(days=days)
                    _, found = await offer(installation, slug, choice, first, last, now=NOW)
                    assert len(found) > 0
                    assert queries == [READ.sql]

    async def test_the_soonest_starts_are_two_queries_at_most(
        self, installation: Installation, slug: str, queries: list[str]
    ) -> None:
        await installation.current(slug)
        for limit, expected in ((3, [READ.sql]), (100_000, [READ.sql, READ.sql])):
            queries.clear()
            await soonest(installation, slug, Choice.of("cut"), limit, now=NOW)
            assert queries == expected

    @pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
    @pytest.mark.parametrize("staff", [1, STAFF])
    @pytest.mark.parametrize("is_known", [False, True])
    async def test_claims_are_found_through_an_index(
        self,
        installation: Installation,
        slug: str,
        connection: Any,
        mode: str,
        staff: int,
        is_known: bool,
    ) -> None:
        directory = await installation.current(slug)
        ids = list(directory.staff_ids.values())[:staff]
        quoted = "ARRAY[" + ", ".join(f"'{one}'" for one in ids) + "]::uuid[]"
        await connection.execute(f"SET plan_cache_mode = {mode}")
        types = {
            "business_id": ("uuid", f"'{directory.business_id}'"),
            "resource_ids": ("uuid[]", quoted),
            "known_ids": ("uuid[]", quoted if is_known else "'{}'"),
            "snapshot": ("text", "pg_current_snapshot()::text" if is_known else "NULL"),
            "server": ("timestamptz", SERVER if is_known else "NULL"),
            "first": ("timestamptz", "now()"),
            "end": ("timestamptz", "now() + interval '31 days'"),
            "released": ("uuid", "NULL"),
            "now": ("timestamptz", "now()"),
        }
        await connection.execute(
            f"PREPARE read ({', '.join(types[name][0] for name in READ.names)}) AS {READ.sql}"
        )
        explained = await connection.fetchval(
            "EXPLAIN (FORMAT json) EXECUTE read"
            f" ({', '.join(types[name][1] for name in READ.names)})"
        )
        scans = list(_scans(json.loads(explained)[0]["Plan"]))
        indexes = {(scan["Relation Name"], scan.get("Index Name")) for scan in scans}
        assert ("claim", "claim_one_at_a_time") in indexes
        if is_known:
            assert ("claim", "claim_by_transaction") in indexes
            assert ("claim_release", "claim_release_pkey") in indexes
        sequential = [scan["Relation Name"] for scan in scans if scan["Node Type"] == "Seq Scan"]
        assert set(sequential) <= {"business"}  # five rows; there an index would be slower


def _scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a plan that read a table; a bitmap scan of an index doesn't name it."""
    if "Relation Name" in plan:
        yield plan
    elif "Index Name" in plan:
        of = "claim_release" if plan["Index Name"].startswith("claim_release") else "claim"
        yield plan | {"Relation Name": of}
    for part in plan.get("Plans", ()):
        yield from _scans(part)


async def test_answers_at_the_same_time_don_t_mix_up_what_they_found(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(staff=[a_staff_member(key) for key in "abc"]))
    days = [TEN + timedelta(days=7 * number) for number in range(4)]
    for number, day in enumerate(days):
        await book(
            installation, slug, a_booking(day, staff="abc"[number % 3]), actor=VISITOR, now=NOW
        )
    fresh = Installation(installation.database)
    looks = [free_at(fresh, slug, day, staff) for day in days for staff in (None, *"abc")]
    found = await asyncio.gather(*looks)
    assert found == [
        [key for key in "abc" if key != "abc"[number % 3] and staff in (None, key)]
        for number in range(4)
        for staff in (None, *"abc")
    ]
