"""What goes wrong during a run, and when: drawn from the seed, spread over the time there is.

One fault at a time: two servers of a database survive the loss of one of them, so each fault waits
until what the one before has broken is whole again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bookonce.torture.databases import ReplicatedDatabase
from bookonce.torture.proxies import Cut, Proxy
from bookonce.torture.world import World

CALM_S_MAX = 6.0
"""The end of a run without faults, in which the load recovers; a fifth of a short one."""
AVERAGE_S = 4.0
CUTS_EACH = 4
CUTTING_S_MAX = 1.5
RECOVERY_S_MAX = 20.0


class Faults(Protocol):
    """Those of one run."""

    async def inject(self, world: World, random: Random, until: float) -> None:
        """Inject them until a time of the monotonic clock, and leave everything whole.

        Raises ServerError when a server doesn't recover by itself.
        """


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can go wrong."""

    what: str
    strike: Callable[[World, Random], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Each of its faults once, in an order by chance, and again while there is time."""

    faults: Sequence[Fault]
    average_s: float = AVERAGE_S

    async def inject(self, world: World, random: Random, until: float) -> None:
        """See Faults."""
        start = time.monotonic()
        possible = [fault for fault in self.faults if not _impossible(fault, world)]
        for at_s, fault in planned(possible, random, until - start, self.average_s):
            await asyncio.sleep(start + at_s - time.monotonic())
            if time.monotonic() > until:
                break
            with world.fault(fault.what):
                await fault.strike(world, random)
            await world.recovered(RECOVERY_S_MAX)
        struck = {fault.what for fault in world.injected}
        world.skipped += [
            f"{fault.what}: no time was left" for fault in possible if fault.what not in struck
        ]


def planned(
    faults: Sequence[Fault], random: Random, seconds: float, average_s: float
) -> list[tuple[float, Fault]]:
    """When which fault is struck, in seconds from the start, if all goes as fast as it should."""
    last_s = seconds - min(CALM_S_MAX, seconds / 5)
    strikes = max(len(faults), int(last_s / average_s))
    order: list[Fault] = []
    while faults and len(order) < strikes:
        order += random.sample(faults, len(faults))
    share_s = last_s / max(strikes, 1)
    return [
        (share_s * (number + random.random() / 2), fault)
        for number, fault in enumerate(order[:strikes])
    ]


def _impossible(fault: Fault, world: World) -> bool:
    return fault is DISK_FULL and not world.volumes


async def _kill_database(world: World, random: Random) -> None:
    await world.database.kill()
    await asyncio.sleep(random.random())
    await world.database.recover()
    await world.database.in_step()


async def _kill_backend(world: World, random: Random) -> None:
    await asyncio.to_thread(world.database.primary.kill_one_backend)
    await world.database.answers()
    await world.database.in_step()


async def _kill_server(world: World, random: Random) -> None:
    server = random.choice(world.servers)
    await server.kill()
    await asyncio.sleep(random.random())
    await server.start()


async def _kill_worker(world: World, random: Random) -> None:
    server = random.choice(world.servers)
    await server.kill_worker()
    await server.ready(RECOVERY_S_MAX)


async def _pause_server(world: World, random: Random) -> None:
    await random.choice(world.servers).pause(1 + 2 * random.random())


async def _cut_client_connections(world: World, random: Random) -> None:
    await _cut(world.client_proxies, random)


async def _cut_database_connections(world: World, random: Random) -> None:
    await _cut(world.database_proxies, random)


async def _cut(proxies: list[Proxy], random: Random) -> None:
    """Cut in every way, each a few times, and then everything at once."""
    for cut in random.sample(list(Cut), len(Cut)):
        for proxy in proxies:
            proxy.arm(cut, request=random.randint(1, 3), times=CUTS_EACH)
        with suppress(TimeoutError):
            async with asyncio.timeout(CUTTING_S_MAX / len(Cut)):
                await asyncio.gather(*(proxy.spent() for proxy in proxies))
        for proxy in proxies:
            proxy.disarm()
    random.choice(proxies).cut_all()


async def _fill_disk(world: World, random: Random) -> None:
    volume = world.volumes[world.database.primary.data_dir]
    await asyncio.to_thread(volume.fill)
    try:
        await asyncio.sleep(1.5 + random.random())
    finally:
        await asyncio.to_thread(volume.free)
    await world.database.recover()  # it may have given up for want of room for its log
    await world.database.answers()
    await world.database.in_step()


async def _fail_over(world: World, random: Random) -> None:
    assert isinstance(world.database, ReplicatedDatabase)
    await world.database.in_step()
    await world.database.fail_over()
    await asyncio.sleep(random.random())
    await world.database.rejoin()


DISK_FULL = Fault("the disk of the database full", _fill_disk)
PAUSE = Fault("a server stopped for seconds", _pause_server)
FAILOVER = Fault("the primary killed, the standby promoted", _fail_over)
CRASHES = (
    Fault("the database killed and recovered", _kill_database),
    Fault("a connection's process of the database killed", _kill_backend),
    Fault("a server killed and restarted", _kill_server),
    Fault("a server's worker killed", _kill_worker),
    PAUSE,
    Fault("connections between clients and servers cut", _cut_client_connections),
    Fault("connections between servers and database cut", _cut_database_connections),
    DISK_FULL,
)

KINDS: dict[str, Schedule] = {
    "none": Schedule(()),
    "crash": Schedule(CRASHES),
    "failover": Schedule((FAILOVER,), average_s=10.0),
    "all": Schedule((*CRASHES, FAILOVER)),
}
"""By the name that `--faults` takes."""
