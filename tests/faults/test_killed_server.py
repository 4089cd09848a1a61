"""A server killed while many pay: not a model of it, but SIGKILL."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from bookonce.booking import apply_file
from tests.factories import a_visitor
from tests.faults.conftest import Place
from tests.faults.journeys import TEN, salon
from tests.faults.judge import offences
from tests.faults.test_money_under_faults import recover
from tests.localstripe import GOOD_CARD, REFUSED_AT_CHARGE_CARD
from tests.running import RunningServer

VISITORS = 20
KILLS = 3
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid()
"""


@pytest.mark.timeout(300)
async def test_a_server_killed_while_twenty_pay(place: Place, scratch: Path) -> None:
    chance = random.Random(7)
    now = datetime.now(UTC)
    business = salon()
    slug = business.business.slug
    async with place.sound() as sound:
        await apply_file.apply(sound.database, business, now=now)
    for round_ in range(KILLS):
        await asyncio.to_thread(_a_round, place, scratch / f"killed-{round_}", slug, round_, chance)
    await _nobody_else_is_at_it(place.database_url)
    async with place.sound() as sound:
        await recover(place, sound, slug, now)
        await recover(place, sound, slug, now)  # what the first round of it has begun
        found = await offences(place.database_url, sound, slug, place.stripe)
    assert found == []
    assert place.stripe.books().taken > 0


async def _nobody_else_is_at_it(url: str) -> None:
    """Wait for the processes that outlived their servers: they end what is under way."""
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(120):
        while await connection.fetchval(OTHERS):
            await asyncio.sleep(0.1)
    await connection.close()


def _a_round(place: Place, folder: Path, slug: str, number: int, chance: random.Random) -> None:
    """A server for as long as it takes some to pay; then it is killed, with the others under way."""
    environment = dict(place.stripe.environment)
    server = RunningServer(place.database_url, folder, environment=environment, jobs=True)
    server.start()
    assert server.process is not None
    enough = threading.Semaphore(0)

    def visit(visitor: int) -> None:
        try:
            _book_and_pay(server.base_url, slug, number * VISITORS + visitor, place, chance)
        except (httpx.HTTPError, KeyError):
            pass  # the server was gone, or had said no
        finally:
            enough.release()

    with ThreadPoolExecutor(VISITORS) as pool:
        for visitor in range(VISITORS):
            pool.submit(visit, visitor)
        for _ in range(chance.randrange(2, 12)):
            enough.acquire()
        server.process.kill()
        server.process.wait()


def _book_and_pay(
    base_url: str, slug: str, number: int, place: Place, chance: random.Random
) -> None:
    start = TEN + timedelta(minutes=30 * number)
    client = a_visitor(f"Guest{number}")
    with httpx.Client(base_url=f"{base_url}/api/v1/{slug}", timeout=20) as api:
        wish: dict[str, Any] = {
            "service": "cut",
            "start": start.isoformat(),
            "client": {"name": client.name, "email": client.email},
        }
        token = api.post("/book", json=wish).json()["manage_url"].rpartition("/")[2]
        card = chance.choice((GOOD_CARD, GOOD_CARD, REFUSED_AT_CHARGE_CARD))
        means = {"means": place.stripe.make_token(card)}
        answer = api.post(f"/appointments/{token}/payment", json=means)
        if answer.status_code == 200 and chance.random() < 0.4:
            api.post(f"/appointments/{token}/cancellation")
