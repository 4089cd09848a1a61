"""A worker does each job that is there: once, again after a failure, never for what didn't happen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bookonce.platform.database import Database
from bookonce.queue import worker as worker_module
from bookonce.queue.handlers import Context, Registry, RetryLater
from bookonce.queue.job_rows import Subject
from bookonce.queue.worker import Tempo
from tests.queue.conftest import Salon, until, working


class Doing:
    """A handler that remembers what it was asked for, and fails as often as it is told."""

    def __init__(self, *failures: BaseException) -> None:
        self.subjects: list[Subject] = []
        self._failures = list(failures)

    async def __call__(self, context: Context[Any], subject: Subject) -> None:
        self.subjects.append(subject)
        if self._failures:
            raise self._failures.pop(0)


def registry_of(handler: Any, **more: Any) -> Registry[Any]:
    """One job, done after everything that happened to a thing."""
    registry = Registry[Any]()
    registry.after(["thing.happened"], "look", handler, **more)
    return registry


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No long waits between attempts; how long they are has a test of its own."""
    monkeypatch.setattr(worker_module, "delay_s", lambda failures: 0.01)


async def test_it_works(database: Database, salon: Salon) -> None:
    doing = Doing()
    event_id = await salon.happen()
    async with working(database, registry_of(doing)):
        await until(lambda: salon.jobs("look", "done"), "the job is done")
    assert doing.subjects == [Subject(salon.business_id, event_id)]
    assert await salon.rows("SELECT FROM event WHERE is_unrelayed") == []


async def test_an_event_that_was_rolled_back_leads_to_nothing(
    database: Database, salon: Salon
) -> None:
    doing = Doing()
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await salon.write(connection, "thing.happened")
        await transaction.rollback()
    async with working(database, registry_of(doing)):
        later = await salon.happen()
        await until(lambda: salon.jobs("look", "done"), "a later one is done")
    assert [subject.event_id for subject in doing.subjects] == [later]


async def test_events_of_kinds_that_nobody_knows_are_left(database: Database, salon: Salon) -> None:
    await salon.happen("things.other")
    async with working(database, registry_of(Doing())):
        await salon.happen("thing.happened")
        await until(lambda: salon.jobs("look", "done"), "the known one is done")
    assert len(await salon.rows("SELECT FROM event WHERE is_unrelayed")) == 1


async def test_a_ring_wakes_it_long_before_it_would_look(database: Database, salon: Salon) -> None:
    slow = Tempo(poll_s=600)
    async with working(database, registry_of(Doing()), slow):
        await until(lambda: salon.rows("SELECT FROM job_worker"), "it is there")
        await until(
            lambda: salon.rows(
                "SELECT FROM pg_stat_activity WHERE application_name = 'bookonce listener'"
                " AND datname = current_database() AND query LIKE 'LISTEN%'"
            ),
            "it listens",
        )
        await salon.happen()
        database.wake_workers()
        await until(lambda: salon.jobs("look", "done"), "the job is done")


@pytest.mark.usefixtures("at_once")
async def test_what_fails_is_done_again(database: Database, salon: Salon) -> None:
    doing = Doing(ValueError("no"), RetryLater(0.01, "not yet"), OSError("away"))
    await salon.happen()
    async with working(database, registry_of(doing)):
        await until(lambda: salon.jobs("look", "done"), "the job is done")
    assert (await salon.job("look"))["attempts"] == 4
    totals = await salon.rows("SELECT outcome, total FROM job_outcome ORDER BY outcome")
    assert [tuple(row) for row in totals] == [("done", 1), ("retried", 3)]


@pytest.mark.usefixtures("at_once")
async def test_what_always_fails_is_dead_and_kept_without_anything_secret(
    database: Database, salon: Salon
) -> None:
    message = "no postgresql://me:secret@host/x for zoe@example.com\nDETAIL: Key (email)=(zoe)"
    doing = Doing(*[ValueError(message) for _ in range(9)])
    await salon.happen()
    async with working(database, registry_of(doing, attempts_max=3)):
        (dead,) = await until(lambda: salon.jobs("look", "dead"), "the job is dead")
    assert len(doing.subjects) == 3
    assert dead["error"].startswith("ValueError: no postgresql://")
    for word in ("secret", "zoe", "DETAIL"):
        assert word not in dead["error"]


async def test_an_attempt_that_takes_too_long_has_failed(database: Database, salon: Salon) -> None:
    async def hang(context: Context[Any], subject: Subject) -> None:
        await asyncio.Event().wait()

    await salon.happen()
    async with working(database, registry_of(hang, limit_s=0.05, attempts_max=1)):
        (dead,) = await until(lambda: salon.jobs("look", "dead"), "the job is dead")
    assert dead["error"] == "TimeoutError"


async def test_told_to_stop_it_finishes_what_is_under_way_and_begins_nothing(
    database: Database, salon: Salon
) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(context: Context[Any], subject: Subject) -> None:
        begun.set()
        await may_end.wait()

    async def end_later() -> None:
        await begun.wait()
        await salon.happen()
        may_end.set()

    await salon.happen()
    async with working(database, registry_of(slow), Tempo(poll_s=600)):
        await begun.wait()
        ending = asyncio.create_task(end_later())
        await asyncio.sleep(0)
    await ending
    assert len(await salon.jobs("look", "done")) == 1
    assert await salon.rows("SELECT FROM job_worker") == []


async def test_what_does_not_end_in_time_is_free_for_the_next_worker_at_once(
    database: Database, salon: Salon
) -> None:
    begun = asyncio.Event()

    async def hang(context: Context[Any], subject: Subject) -> None:
        begun.set()
        await asyncio.Event().wait()

    await salon.happen()
    async with working(database, registry_of(hang), Tempo(grace_s=0.05)):
        await begun.wait()
    job = await salon.job("look")
    assert (job["status"], job["attempts"]) == ("waiting", 0)
