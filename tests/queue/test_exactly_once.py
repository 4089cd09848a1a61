"""Nothing is lost and nothing doubled, whoever dies and whoever races."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bookonce.booking import apply_file
from bookonce.platform.database import Database
from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings
from bookonce.queue import job_rows
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject
from bookonce.queue.relay import relay
from bookonce.queue.worker import Tempo
from tests.queue import dying
from tests.queue.conftest import BRISK, Salon, a_salon, until, working
from tests.queue.test_worker import Doing, registry_of

ROOT = Path(__file__).parents[2]


def die_at(url: str, step: str) -> None:
    """Start a process that dies at a step, and see it die."""
    died = subprocess.run(
        [sys.executable, "-m", "tests.queue.dying", url, step], cwd=ROOT, timeout=60, check=False
    )
    assert died.returncode == -signal.SIGKILL


@pytest.mark.parametrize("step", [*dying.STEPS, dying.COMMITTED])
async def test_a_relay_that_is_killed_loses_and_doubles_nothing(
    database: Database, salon: Salon, step: str
) -> None:
    doing = Doing()
    event_ids = {await salon.happen() for _ in range(3)}
    await asyncio.to_thread(die_at, database.url, step)
    relayed = await salon.rows("SELECT FROM job")
    assert len(relayed) == (3 if step == dying.COMMITTED else 0)
    async with working(database, registry_of(doing)):
        await until(lambda: three_are_done(salon), "all are done")
    assert {subject.event_id for subject in doing.subjects} == event_ids
    assert len(doing.subjects) == 3


async def three_are_done(salon: Salon) -> bool:
    return len(await salon.jobs("look", "done")) == 3


async def test_relays_that_race_put_each_job_in_once(database: Database, salon: Salon) -> None:
    doing = Doing()
    registry = registry_of(doing)
    event_ids = {await salon.happen() for _ in range(250)}

    async def drain() -> None:
        while await salon.rows("SELECT FROM event WHERE is_unrelayed LIMIT 1"):
            await relay(database, registry)

    await asyncio.gather(*(drain() for _ in range(6)))
    rows = await salon.rows("SELECT event_id FROM job")
    assert len(rows) == 250
    assert {row["event_id"] for row in rows} == event_ids


async def test_an_event_that_is_relayed_twice_leads_to_one_job_even_after_it_was_done(
    database: Database, salon: Salon
) -> None:
    doing = Doing()
    await salon.happen()
    async with working(database, registry_of(doing)):
        await until(lambda: salon.jobs("look", "done"), "the job is done")
        await salon.rows("UPDATE event SET is_unrelayed = true")
        await until(
            lambda: salon.rows("SELECT FROM event WHERE NOT is_unrelayed"), "it was relayed again"
        )
        await salon.happen()
        await until(lambda: two_are_done(salon), "a later one is done")
    assert len(doing.subjects) == 2


async def two_are_done(salon: Salon) -> bool:
    return len(await salon.jobs("look", "done")) == 2


async def test_the_job_of_a_worker_that_is_killed_is_done_by_another(
    database: Database, salon: Salon
) -> None:
    doing = Doing()
    await salon.happen()
    await asyncio.to_thread(die_at, database.url, dying.IN_A_JOB)
    assert (await salon.job("look"))["status"] == "running"
    async with working(database, registry_of(doing), Tempo(poll_s=0.1, silent_s=dying.SILENT_S)):
        await until(lambda: salon.jobs("look", "done"), "the job is done")
    assert len(doing.subjects) == 1
    assert (await salon.job("look"))["attempts"] == 2


async def test_a_job_that_kills_its_workers_is_given_up(database: Database, salon: Salon) -> None:
    await salon.happen()
    await asyncio.to_thread(die_at, database.url, dying.IN_A_JOB)
    await salon.rows("UPDATE job SET attempts_max = 1")
    doing = Doing()
    async with working(database, registry_of(doing), Tempo(poll_s=0.1, silent_s=dying.SILENT_S)):
        (dead,) = await until(lambda: salon.jobs("look", "dead"), "the job is dead")
    assert dead["error"] == "its worker went away"
    assert doing.subjects == []


async def test_the_job_of_a_living_worker_is_nobody_else_s_however_long_it_takes(
    database: Database, salon: Salon
) -> None:
    may_end = asyncio.Event()
    begun: list[Subject] = []

    async def slow(context: Context[Any], subject: Subject) -> None:
        begun.append(subject)
        await may_end.wait()

    await salon.happen()
    tempo = Tempo(poll_s=0.1, silent_s=6)
    async with (
        working(database, registry_of(slow), tempo),
        working(database, registry_of(slow), tempo),
    ):
        long_ago = "SELECT FROM job_worker WHERE seen_at > started_at + interval '8 s'"
        await until(lambda: salon.rows(long_ago), "more than the silence allowed has passed")
        may_end.set()
        await until(lambda: salon.jobs("look", "done"), "the job is done")
    assert len(begun) == 1


async def test_a_worker_that_stood_still_does_not_do_its_own_job_twice(
    database: Database, salon: Salon
) -> None:
    """As when its machine was suspended: by its own watch it is lost, yet there it is."""
    may_end = asyncio.Event()
    begun: list[Subject] = []

    async def slow(context: Context[Any], subject: Subject) -> None:
        begun.append(subject)
        await may_end.wait()

    await salon.happen()
    async with working(database, registry_of(slow)):
        await until(lambda: salon.jobs("look", "running"), "the job is under way")
        recent = "SELECT FROM job_worker WHERE seen_at > now() - interval '1 minute'"
        for _ in range(5):
            await salon.rows("UPDATE job_worker SET seen_at = now() - interval '1 hour'")
            await until(lambda: salon.rows(recent), "it has shown itself again")
        may_end.set()
        await until(lambda: salon.jobs("look", "done"), "the job is done")
    assert len(begun) == 1


async def test_an_attempt_that_lost_its_job_does_not_end_the_next(
    database: Database, salon: Salon
) -> None:
    await salon.happen()
    await relay(database, registry_of(Doing()))
    first_worker, second_worker = await two_workers(salon)
    async with database.connection() as connection:
        (first,) = await job_rows.take(connection, first_worker, ["look"], 1)
        assert await job_rows.rescue(connection, second_worker, 0) == 1
        (second,) = await job_rows.take(connection, second_worker, ["look"], 1)
        for end in (job_rows.done(connection, first), job_rows.again(connection, first, 0, "late"),
                    job_rows.dead(connection, first, "late")):  # fmt: skip
            assert not await end
        assert (await salon.job("look"))["status"] == "running"
        assert await job_rows.done(connection, second)


async def two_workers(salon: Salon) -> list[Any]:
    rows = await salon.rows(
        "INSERT INTO job_worker (worker_id) VALUES (gen_random_uuid()), (gen_random_uuid())"
        " RETURNING worker_id"
    )
    return [row["worker_id"] for row in rows]


async def test_a_schedule_runs_once_for_all_workers_and_once_for_all_times_that_were_missed(
    database: Database, salon: Salon
) -> None:
    doing = Doing()

    def registry() -> Registry[Any]:
        found = Registry[Any]()
        found.every(timedelta(days=1), "sweep", doing)
        return found

    async with working(database, registry()):
        await until(lambda: salon.rows("SELECT FROM job_schedule"), "it is known")
    assert doing.subjects == []
    await salon.rows("UPDATE job_schedule SET next_at = now() - interval '9 days'")
    async with (
        working(database, registry(), BRISK),
        working(database, registry(), BRISK),
        working(database, registry(), BRISK),
    ):
        await until(lambda: salon.jobs("sweep", "done"), "it is done")
        await until(lambda: three_workers_looked_again(salon), "everybody looked")
    assert len(doing.subjects) == 1
    ((ahead,),) = await salon.rows("SELECT next_at > now() FROM job_schedule")
    assert ahead
    await salon.rows("UPDATE job_schedule SET next_at = now()")
    async with working(database, registry()):
        await until(lambda: twice(doing), "the next time it is done again")
    assert len(await salon.rows("SELECT FROM job")) == 1


async def three_workers_looked_again(salon: Salon) -> bool:
    seen = await salon.rows("SELECT FROM job_worker WHERE seen_at > started_at + interval '0.5 s'")
    return len(seen) == 3


async def twice(doing: Doing) -> bool:
    return len(doing.subjects) == 2


async def test_a_worker_survives_its_database(scratch: Path) -> None:
    """It is stopped under a job, stays away for a while, and comes back."""
    folder = Path(tempfile.mkdtemp(prefix="j", dir=scratch))
    folder.chmod(0o711)
    embedded = EmbeddedPostgres(folder / "data", Settings.read().postgres_bin)
    url = await asyncio.to_thread(embedded.acquire)
    await migrate(url)
    database = Database(url)
    await database.open()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(context: Context[Any], subject: Subject) -> None:
        begun.set()
        await may_end.wait()

    async def apply(business: Any) -> str:
        await apply_file.apply(database, business, now=datetime.now(UTC))
        return str(business.business.slug)

    try:
        salon = await a_salon(database, apply)
        await salon.happen()
        async with working(database, registry_of(slow), Tempo(poll_s=0.1, silent_s=30)):
            await begun.wait()
            await asyncio.to_thread(embedded.stop_if_running)
            may_end.set()
            await asyncio.sleep(2)  # long enough that a first series of tries has failed
            await asyncio.to_thread(embedded.revive)
            await until(lambda: salon.jobs("look", "done"), "the job is done")
            await salon.happen()
            await until(lambda: two_are_done(salon), "and the next")
        assert {row["attempts"] for row in await salon.jobs("look", "done")} == {1}
    finally:
        await database.close()
        await asyncio.to_thread(embedded.release)
