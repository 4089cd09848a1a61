"""The rules that let the schema be sharded by business, read off the catalog."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from bookonce.accounts.link_rows import LinkKind
from bookonce.availability.block import BlockKind
from bookonce.booking.appointment import Status
from bookonce.platform.actor import Role
from bookonce.platform.schema import applied_versions, migrate, packaged_versions, pending_versions

# Not sharded by business: a unique address can't be, the migrations are of the whole database, and
# the queue of jobs is worked on across businesses.
QUEUE = {"job", "job_worker", "job_schedule", "job_outcome", "job_halt", "transaction_mark"}
# An account may belong to several businesses, and signing in asks for no business.
ACCOUNTS = {
    "account",
    "account_link",
    "api_key",
    "known_network",
    "membership",
    "passkey",
    "passkey_challenge",
    "recovery_code",
    "served_address",
    "session",
    "sign_in_attempt",
}
# How many messages an address got is counted for all businesses together.
REFERENCE_TABLES = {"business_slug", "schema_migration", "message_count"} | QUEUE | ACCOUNTS


@pytest.fixture
async def catalog(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def keys(catalog: asyncpg.Connection, kinds: str) -> list[Any]:
    """Constraints of these kinds on sharded tables: table, name, definition, columns in order."""
    return await catalog.fetch(
        """
        SELECT c.conrelid::regclass::text AS table, c.conname AS name, c.contype::text AS kind,
               pg_get_constraintdef(c.oid) AS definition, c.condeferrable AS deferrable,
               (SELECT array_agg(a.attname::text ORDER BY k.position)
                FROM unnest(c.conkey) WITH ORDINALITY AS k (number, position)
                JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS columns
        FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid
        JOIN pg_namespace AS n ON n.oid = t.relnamespace
        WHERE n.nspname = 'public' AND c.contype::text = ANY (string_to_array($1, NULL))
          AND t.relname <> ALL ($2)
        """,
        kinds,
        list(REFERENCE_TABLES),
    )


async def test_business_id_leads_every_key_and_exclusion(catalog: asyncpg.Connection) -> None:
    found = await keys(catalog, "pux")
    assert len(found) > 15
    for key in found:
        assert key["columns"][0] == "business_id", key


async def test_business_id_leads_every_foreign_key_on_both_sides(
    catalog: asyncpg.Connection,
) -> None:
    found = await keys(catalog, "f")
    assert len(found) > 10
    for key in found:
        assert key["columns"][0] == "business_id", key
        assert re.search(r"REFERENCES \w+\(business_id[,)]", key["definition"]), key
        assert "SET NULL" not in key["definition"]
        assert "ON UPDATE" not in key["definition"]


async def test_business_id_leads_every_index(catalog: asyncpg.Connection) -> None:
    for row in await catalog.fetch(
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    ):
        if row["tablename"] not in REFERENCE_TABLES:
            assert re.search(r"\(business_id\b", row["indexdef"]), row


async def test_every_sharded_table_has_a_plain_business_id(catalog: asyncpg.Connection) -> None:
    rows = await catalog.fetch(
        """
        SELECT t.relname, a.attnotnull, a.attgenerated::text, ty.typname, ty.typtype::text, a.attidentity::text
        FROM pg_class AS t
        JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = 'public'
        LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'business_id'
        LEFT JOIN pg_type AS ty ON ty.oid = a.atttypid
        WHERE t.relkind IN ('r', 'p')
        """
    )
    tables = {row["relname"] for row in rows} - REFERENCE_TABLES
    assert {"business", "location", "resource", "service", "client", "claim", "event"} <= tables
    for row in rows:
        if row["relname"] in tables:
            assert (row["attnotnull"], row["typname"], row["typtype"]) == (True, "uuid", "b"), row
            assert row["attgenerated"] == "", row


async def test_business_id_leads_the_key_of_memberships(catalog: asyncpg.Connection) -> None:
    definition = await catalog.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'membership'::regclass AND contype = 'p'"
    )
    assert definition == "PRIMARY KEY (business_id, account_id)"


async def test_tables_of_accounts_refer_to_no_sharded_table(catalog: asyncpg.Connection) -> None:
    referred = await catalog.fetch(
        """
        SELECT confrelid::regclass::text AS table FROM pg_constraint
        WHERE contype = 'f' AND conrelid::regclass::text = ANY ($1)
        """,
        list(ACCOUNTS),
    )
    assert {row["table"] for row in referred} == {"account"}


async def test_there_are_no_triggers_of_ours_and_no_identity_columns(
    catalog: asyncpg.Connection,
) -> None:
    assert await catalog.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0
    assert (
        await catalog.fetchval(
            """
            SELECT count(*) FROM information_schema.columns
            WHERE table_schema = 'public'
              AND (is_identity = 'YES' OR column_default LIKE 'nextval%')
            """
        )
        == 0
    )


async def test_the_guard_is_one_exclusion_over_business_resource_and_time(
    catalog: asyncpg.Connection,
) -> None:
    (guard,) = await keys(catalog, "x")
    assert guard["table"] == "claim"
    assert guard["columns"] == ["business_id", "resource_id", "during"]
    assert "business_id WITH =, resource_id WITH =, during WITH &&" in guard["definition"]
    assert not guard["deferrable"]


async def checked_words(catalog: asyncpg.Connection, table: str, column: str) -> set[str]:
    definition = await catalog.fetchval(
        """
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = $1::text::regclass AND contype = 'c'
          AND pg_get_constraintdef(oid) LIKE '%(' || $2 || ' = ANY%'
        """,
        table,
        column,
    )
    return set(re.findall(r"'(\w+)'", definition))


async def test_the_database_knows_the_statuses_of_the_core_and_no_others(
    catalog: asyncpg.Connection,
) -> None:
    assert await checked_words(catalog, "appointment", "status") == {s.value for s in Status}


async def test_the_database_knows_the_roles_and_the_kinds_of_links(
    catalog: asyncpg.Connection,
) -> None:
    roles = {role.value for role in Role}
    assert await checked_words(catalog, "membership", "role") == roles
    assert await checked_words(catalog, "account_link", "role") == roles
    assert await checked_words(catalog, "account_link", "kind") == {k.value for k in LinkKind}


async def test_the_database_knows_the_kinds_of_claim_and_no_others(
    catalog: asyncpg.Connection,
) -> None:
    kinds = {"appointment", "kept"} | {kind.value for kind in BlockKind}
    assert await checked_words(catalog, "claim", "kind") == kinds


@pytest.mark.parametrize(
    "during",
    [
        "empty",
        "(,2026-12-01)",
        "[2026-12-01,)",
        "(2026-12-01,2026-12-02)",
        "[2026-12-01,2026-12-02]",
    ],
)
async def test_a_claim_is_a_half_open_bounded_time(
    catalog: asyncpg.Connection, during: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await catalog.execute(
            "INSERT INTO claim (business_id, claim_id, resource_id, during, kind)"
            f" VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{during}', 'blocked')"
        )


async def test_migrating_again_applies_nothing(database_url: str) -> None:
    assert await migrate(database_url) == []


async def test_the_schema_is_what_the_migrations_make(catalog: asyncpg.Connection) -> None:
    assert await applied_versions(catalog) == packaged_versions()
    assert await pending_versions(catalog) == []


def test_migrations_are_numbered_without_gaps_and_never_taken_back() -> None:
    folder = files("bookonce.platform").joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    for name in names:
        down = folder.joinpath(name).read_text().partition("-- migrate:down")[2]
        assert all(line.startswith("--") for line in down.splitlines() if line.strip()), name
