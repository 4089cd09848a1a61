"""Faults are spread over a run, each kind at least once, and leave nothing broken or behind."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import aiohttp
import asyncpg
import psutil
import pytest

from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError
from bookonce.platform.retry import RetryPolicy
from bookonce.torture.databases import SingleDatabase
from bookonce.torture.faults import DISK_FULL, KINDS, PAUSE, Fault, Schedule, planned
from bookonce.torture.full_disk import Volume, VolumeError
from bookonce.torture.world import World, new_world

BOOKING = {
    "service": "cut",
    "start": "2030-01-01T10:00:00Z",
    "client": {"name": "Zoe", "email": "zoe@example.com"},
}


async def _nothing(world: World, random: Random) -> None:
    pass


FAULTS = [Fault(name, _nothing) for name in "abcde"]


def struck(world: World) -> list[str]:
    return [fault.what for fault in world.injected]


def test_each_fault_is_planned_once_in_an_order_by_the_seed() -> None:
    one, same, other = (
        [fault.what for _, fault in planned(FAULTS, Random(seed), 6, 4)] for seed in (1, 1, 2)
    )
    assert sorted(one) == ["a", "b", "c", "d", "e"]
    assert one == same != other


def test_while_there_is_time_they_come_again_one_after_the_other() -> None:
    plan = planned(FAULTS, Random(1), 86, 4)
    assert Counter(fault.what for _, fault in plan) == dict.fromkeys("abcde", 4)
    times = [at_s for at_s, _ in plan]
    assert times == sorted(times)


@pytest.mark.parametrize(("seconds", "calm_s"), [(5, 1), (30, 6), (600, 6)])
def test_the_end_is_calm(seconds: float, calm_s: float) -> None:
    assert planned(FAULTS, Random(1), seconds, 4)[-1][0] < seconds - calm_s


def test_nothing_to_inject_is_nothing_planned() -> None:
    assert planned([], Random(1), 30, 4) == []


async def injected(schedule: Schedule, seconds: float) -> World:
    world = World(SingleDatabase(Path("/nowhere")))
    await schedule.inject(world, Random(1), time.monotonic() + seconds)
    return world


async def test_what_is_planned_is_struck() -> None:
    assert sorted(struck(await injected(Schedule(FAULTS), 0.1))) == ["a", "b", "c", "d", "e"]


async def test_what_there_was_no_time_for_is_said() -> None:
    world = await injected(Schedule(FAULTS[:2]), -1)
    assert world.injected == []
    assert world.skipped == ["a: no time was left", "b: no time was left"]


async def test_a_disk_is_not_filled_where_none_could_be_mounted() -> None:
    assert struck(await injected(Schedule((DISK_FULL, FAULTS[0])), 0.1)) == ["a"]


def can_mount(folder: Path) -> bool:
    try:
        volume = Volume(folder / "try")
        volume.mount()
    except VolumeError:
        return False
    volume.unmount()
    return True


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_where_mounting_is_not_allowed_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match="only root on Linux"):
        Volume(tmp_path / "v").mount()
    assert not (tmp_path / "v").exists()


def test_a_full_volume_takes_nothing_until_it_is_freed(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("no volume can be mounted here")
    volume = Volume(tmp_path / "v")
    volume.mount()
    try:
        (volume.folder / "a").write_bytes(b"x" * 100_000)
        volume.fill()
        with pytest.raises(OSError, match="No space left"):
            (volume.folder / "b").write_bytes(b"x" * 100_000)
        volume.free()
        (volume.folder / "b").write_bytes(b"x" * 100_000)
    finally:
        volume.unmount()
    assert list((tmp_path / "v").iterdir()) == []


class Knocking:
    """Somebody who asks all servers for a booking at a salon that isn't there, all the time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.answers: Counter[int] = Counter()
        self.cut_off = 0

    async def go_on(self, address: str) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            while True:
                try:
                    async with session.post(f"{address}/api/v1/none/book", json=BOOKING) as answer:
                        await answer.read()
                    self.answers[answer.status] += 1
                except (aiohttp.ClientError, TimeoutError):
                    self.cut_off += 1
                    await asyncio.sleep(0.05)


class Writing:
    """Somebody who writes to the database all the time, and knows what was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: set[int] = set()
        self.refused: Counter[type[BaseException] | None] = Counter()

    async def go_on(self, url: str) -> None:
        database = Database(url, connections_max=1, retry=RetryPolicy(attempts=1))
        await database.open()
        for number in itertools.count():
            try:
                await database.run(partial(self._write, number=number))
                self.acknowledged.add(number)
            except TryAgainError as error:
                cause = error.__cause__
                self.refused[type(cause) if cause else None] += 1
                await asyncio.sleep(0.02)

    async def _write(self, connection: Connection, number: int) -> None:
        await connection.execute(WRITE_A_PAGE, number)


PAGES = "CREATE TABLE page (number int PRIMARY KEY, text text)"
WRITE_A_PAGE = """
    INSERT INTO page SELECT $1, string_agg(md5(random()::text), '') FROM generate_series(1, 500)
"""


async def test_every_fault_really_happens_and_the_world_survives_it() -> None:
    """A server says 503 while its database is away, never 500, and recovers by itself; what the
    database has acknowledged is there at the end.
    """
    async with new_world(replicated=True, small_disks=True) as world:
        folder = world.database.primary.data_dir.parent
        knocking, writing = Knocking(world), Writing()
        office = await asyncpg.connect(world.database.url)
        await office.execute(PAGES)
        await office.close()
        tasks = [asyncio.create_task(knocking.go_on(one)) for one in world.addresses() * 2]
        tasks.append(asyncio.create_task(writing.go_on(world.database.url)))
        random = Random(1)
        for fault in KINDS["all"].faults:
            if fault is DISK_FULL and not world.volumes:
                assert world.skipped
                continue
            before = await state(world)
            await fault.strike(world, random)
            await world.recovered(20)
            shows = await state(world) != before
            assert shows or fault is PAUSE, fault.what
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        office = await asyncpg.connect(world.database.url)
        kept = {row["number"] for row in await office.fetch("SELECT number FROM page")}
        await office.close()
    assert set(knocking.answers) == {404, 503}
    assert knocking.cut_off > 0
    assert not folder.exists()
    assert writing.acknowledged
    assert writing.acknowledged <= kept
    assert not world.volumes or writing.refused[asyncpg.DiskFullError] > 0


async def state(world: World) -> tuple[object, ...]:
    """What shows that something has happened to one of the parts."""
    database = world.database
    return (
        database.primary.data_dir,
        database.primary.postmaster,
        database.primary.log().count("terminating any other active server processes"),
        database.primary.log().count("No space left on device"),
        [psutil.Process(server.pid).children() for server in world.servers],
        [proxy.cuts for proxy in world.client_proxies],
        [proxy.cuts for proxy in world.database_proxies],
    )


ALONE = """
import asyncio
from bookonce.torture.world import new_world
async def main():
    async with new_world(small_disks=True) as world:
        print(world.database.primary.data_dir.parent, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_nothing_is_left(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = process.stdout.readline().strip()
    family = psutil.Process(process.pid).children(recursive=True)
    assert Path(folder).exists()

    process.send_signal(number)
    process.send_signal(number)  # as `timeout` does, and people who have no patience
    process.communicate(timeout=60)

    assert not Path(folder).exists()
    assert folder not in Path("/proc/mounts").read_text()
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert not [
        one.pid for one in psutil.process_iter(["cmdline"]) if folder in str(one.info["cmdline"])
    ]
