"""Thousands of reminders by two workers, one of which is killed again and again."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
from collections import Counter
from datetime import timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.messages.lane import Pace
from tests.factories import a_business
from tests.messages.conftest import PUBLIC_URL, SENDER, Desk, Open
from tests.messages.post import Post
from tests.running import COMMAND

KILLED_EVERY_S = 10
SOME = 100
"""In each run; ten thousand take minutes, and come each night."""
LATE_MAX = timedelta(seconds=60)

FILL = """
WITH client_made AS (
    INSERT INTO client (business_id, client_id, email, name, created_at)
    SELECT $1, gen_random_uuid(), 'visitor' || n || '@example.com', 'Visitor ' || n, now()
    FROM generate_series(1, $2::integer) AS n
    RETURNING client_id, email
),
numbered AS (
    SELECT client_id, substring(email FROM '[0-9]+')::integer AS n FROM client_made
),
made AS (
    INSERT INTO appointment (
        business_id, appointment_id, location_id, client_id, status, starts_at, ends_at, currency,
        client_name, token_hash, created_at, confirmed_at, business_version, location_name,
        location_address, zone, wall_start, zone_rules
    )
    SELECT $1, gen_random_uuid(), $3, client_id, 'confirmed', at, at + interval '30 minutes', 'EUR',
           'Visitor ' || n, sha256(n::text::bytea), now(), now() - interval '30 days', 1, '', '',
           'UTC', at AT TIME ZONE 'UTC', '2026f'
    FROM (
        SELECT client_id, n,
               now() + interval '1 day' + $4::interval * n / $2::integer + interval '10 seconds' AS at
        FROM numbered
    ) AS spread
    RETURNING appointment_id, starts_at, ends_at
)
INSERT INTO appointment_part (
    business_id, appointment_id, number, service_id, service_name, resource_id, staff_name,
    starts_at, ends_at
)
SELECT $1, appointment_id, 0, $5, 'Cut', $6, 'Ada', starts_at, ends_at FROM made
"""


def a_worker(desk: Desk) -> subprocess.Popen[bytes]:
    """`bookonce worker`, as an operator starts it."""
    assert desk.ways.smtp_url is not None
    return subprocess.Popen(
        [*COMMAND, "worker"],
        env=os.environ
        | {
            "BOOKONCE_DATABASE_URL": desk.database.url,
            "BOOKONCE_SMTP_URL": desk.ways.smtp_url,
            "BOOKONCE_MAIL_FROM": SENDER,
            "BOOKONCE_PUBLIC_URL": PUBLIC_URL,
            "BOOKONCE_LOG_LEVEL": "warning",
        },
    )


async def all_reminded(
    desk: Desk, installation: Installation, slug: str, many: int, spread: timedelta
) -> int:
    """Fill the business, and have two workers remind everybody while one is killed; how often it
    was.
    """
    kills = 0
    directory = await installation.current(slug)
    async with desk.database.connection() as connection:
        await connection.execute(
            FILL, directory.business_id, many, directory.places["main"].location_id, spread,
            directory.service_ids["cut"], directory.staff_ids["ada"], timeout=60,
        )  # fmt: skip

    async def done() -> bool:
        (row,) = await desk.rows(
            "SELECT count(*) FROM message WHERE kind = 'reminder' AND ended_at IS NOT NULL"
        )
        return bool(row[0] == many)

    steady, killed = a_worker(desk), a_worker(desk)
    try:
        async with asyncio.timeout(spread.total_seconds() + 240):
            for tick in itertools.count(1):
                await asyncio.sleep(1)
                if await done():
                    break
                if tick % KILLED_EVERY_S == 0:
                    killed.kill()
                    killed.wait()
                    kills += 1
                    killed = a_worker(desk)
    finally:
        for worker in (steady, killed):
            worker.kill()
            worker.wait()
    return kills


async def none_missing_none_double(desk: Desk, post: Post, many: int, kills: int) -> None:
    rows = await desk.messages(kind="reminder")
    assert len({row["appointment_id"] for row in rows}) == len(rows) == many
    arrived = Counter(one.to for one in post.received)
    assert max(arrived.values()) == 1
    # A worker that dies in the moment of handing over leaves one of which nobody knows.
    sent = {row["address"] for row in rows if row["status"] == "sent"}
    unknown = {row["address"] for row in rows if row["status"] == "unknown"}
    assert sent | unknown == {f"visitor{n}@example.com" for n in range(1, many + 1)}
    assert sent <= arrived.keys()
    assert len(unknown) <= kills * Pace().for_one
    # By the rows' own times: each was sent while it was of use, and none before it was due.
    assert all(row["event_at"] <= row["ended_at"] < row["useful_until"] for row in rows)


async def reminded(
    desk: Desk,
    post: Post,
    open_business: Open,
    installation: Installation,
    many: int,
    spread_s: int,
) -> None:
    slug = await open_business(a_business(timezone="UTC"))
    spread = timedelta(seconds=spread_s)
    kills = await all_reminded(desk, installation, slug, many, spread)
    await none_missing_none_double(desk, post, many, kills)


@pytest.mark.timeout(300)
async def test_everybody_is_reminded_once_though_a_worker_dies(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    await reminded(desk, post, open_business, installation, SOME, 10)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
async def test_ten_thousand_are_reminded_once_though_a_worker_dies_every_ten_seconds(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    await reminded(desk, post, open_business, installation, 10_000, 240)
    rows = await desk.messages(kind="reminder")
    late = max(row["ended_at"] - row["event_at"] for row in rows if row["status"] == "sent")
    assert late <= LATE_MAX
