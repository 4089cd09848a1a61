"""What one torture run has for itself: a database, servers, the proxies between, and their end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings
from bookonce.torture.databases import ReplicatedDatabase, SingleDatabase, address
from bookonce.torture.full_disk import Volume, VolumeError
from bookonce.torture.proxies import Proxy, database_proxy, http_proxy
from bookonce.torture.servers import ServerError, ServerProcess

SERVERS = 2


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that happened: when it began and was over, by the monotonic clock in seconds."""

    at: float
    what: str
    until: float


@dataclass
class World:
    """The parts of a run. Clients reach the servers, and servers the database, through proxies."""

    database: SingleDatabase
    servers: list[ServerProcess] = field(default_factory=list)
    client_proxies: list[Proxy] = field(default_factory=list)
    database_proxies: list[Proxy] = field(default_factory=list)
    volumes: dict[Path, Volume] = field(default_factory=dict)
    """By the folder of the server whose disk it is; empty where none can be mounted."""
    injected: list[Injected] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Faults that this machine or this run's length didn't allow, and why."""
    _addresses: list[str] = field(default_factory=list)

    def addresses(self) -> list[str]:
        """Where clients find the servers."""
        return list(self._addresses)

    @contextmanager
    def fault(self, what: str) -> Iterator[None]:
        """Keep record of a fault for as long as the block runs."""
        at = time.monotonic()
        yield
        self.injected.append(Injected(at, what, time.monotonic()))

    async def recovered(self, timeout_s: float) -> None:
        """Return when every server says that it is ready. Raises ServerError."""
        await asyncio.gather(*(server.ready(timeout_s) for server in self.servers))

    def require_no_unexpected_error(self) -> None:
        """No server has answered 500, whatever was broken under it. Raises ServerError."""
        for server in self.servers:
            if error := server.unexpected_error():
                raise ServerError(f"the server {server.name} has answered 500:\n{error}")


@asynccontextmanager
async def new_world(*, replicated: bool = False, small_disks: bool = False) -> AsyncIterator[World]:
    """A world in a temporary folder. Whatever ends the block, nothing is left of it.

    With `small_disks` the database lies on volumes that can be full, where that is possible.
    Raises ServerError at the end if a server has answered 500 meanwhile.
    """
    with _ended_in_order():
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(_temporary_folder())
            binaries = Settings.read().postgres_bin
            world = World((ReplicatedDatabase if replicated else SingleDatabase)(folder, binaries))
            if small_disks:
                _mount_volumes(world, stack)
            stack.push_async_callback(world.database.stop)
            await world.database.start()
            await migrate(world.database.primary_url)
            async with asyncio.TaskGroup() as starting:
                for number in range(1, SERVERS + 1):
                    server = await _connect_server(world, stack, folder, number)
                    starting.create_task(server.start())
            yield world
            world.require_no_unexpected_error()


async def _connect_server(
    world: World, stack: AsyncExitStack, folder: Path, number: int
) -> ServerProcess:
    """A server that isn't started yet, its proxies to the database, and the clients' proxy to it."""
    sockets = [folder / f"proxy-{number}-{place}" for place in range(len(world.database.nodes))]
    for place, socket in enumerate(sockets):
        target = partial(_socket, world.database, place)
        world.database_proxies.append(
            await stack.enter_async_context(database_proxy(socket, target))
        )
    server = ServerProcess(f"server-{number}", address(sockets), folder)
    stack.push_async_callback(server.stop)
    port, proxy = await stack.enter_async_context(http_proxy(server.port))
    world.servers.append(server)
    world.client_proxies.append(proxy)
    world._addresses.append(f"http://127.0.0.1:{port}")
    return server


def _socket(database: SingleDatabase, place: int) -> Path:
    """Where the server at one place of the address listens; it may be another one by now."""
    return database.nodes[place].socket


def _mount_volumes(world: World, stack: AsyncExitStack) -> None:
    for node in world.database.nodes:
        volume = Volume(node.data_dir)
        try:
            volume.mount()
        except VolumeError as error:
            world.skipped.append(f"disk full: {error}")
            return
        stack.callback(volume.unmount)
        world.volumes[node.data_dir] = volume


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder of ours; as root, a system user may pass through it to the database."""
    folder = Path(tempfile.mkdtemp(prefix="bookonce-torture-"))
    try:
        if os.geteuid() == 0:
            folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block as an exception would: KeyboardInterrupt, raised when all
    is cleared away. Told again meanwhile, as by `timeout`, it goes on clearing away.
    """
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    told: list[signal.Signals] = []

    def end(number: signal.Signals) -> None:
        if not told:
            task.cancel()
        told.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    try:
        yield
    except asyncio.CancelledError:
        if told:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
