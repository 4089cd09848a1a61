"""Server processes that are killed or stopped for a while; they come back, or say why not."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bookonce.torture.databases import SingleDatabase
from bookonce.torture.servers import ServerError, ServerProcess
from bookonce.torture.waiting import until
from bookonce.torture.world import World


@pytest.fixture
async def server(database_url: str, scratch: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess("torture-server", database_url, scratch)
    await server.start()
    yield server
    await server.stop()


async def test_it_is_killed_restarted_stopped_for_a_while_and_ended(server: ServerProcess) -> None:
    """One story, because a server takes seconds to start."""
    first = _family(server)
    assert await server.is_ready()

    await server.kill()
    assert psutil.wait_procs(first, timeout=30)[1] == []
    assert server.pid is None
    assert not await server.is_ready()

    await server.start()
    second = _family(server)
    assert second[0].pid != first[0].pid

    await server.kill_worker()
    assert psutil.wait_procs(second[-1:], timeout=30)[1] == []
    await until(server.is_ready, 30, "another worker answers")
    assert _family(server)[0].pid == second[0].pid

    pausing = asyncio.create_task(server.pause(1.0))
    await until(lambda: _stands_still(server), 10, "the server stands still")
    await pausing
    assert await server.is_ready()

    third = _family(server)
    os.kill(third[0].pid, signal.SIGKILL)
    await until(lambda: _is_gone(third), 10, "a worker ends when its server was killed alone")
    await server.start()

    everybody = _family(server)
    await server.stop()
    assert psutil.wait_procs(everybody, timeout=30)[1] == []


def _family(server: ServerProcess) -> list[psutil.Process]:
    """The server's process and those it has started; the worker last."""
    assert server.pid is not None
    first = psutil.Process(server.pid)
    return [first, *sorted(first.children(recursive=True), key=_is_worker)]


def _is_worker(process: psutil.Process) -> bool:
    return "spawn_main" in " ".join(process.cmdline())


async def _is_gone(family: list[psutil.Process]) -> bool:
    return not any(process.is_running() for process in family)


async def _stands_still(server: ServerProcess) -> bool:
    return all(process.status() == psutil.STATUS_STOPPED for process in _family(server))


async def test_one_that_can_not_start_says_why(scratch: Path) -> None:
    server = ServerProcess("homeless", "postgresql://bookonce@/none?host=/nowhere", scratch)
    with pytest.raises(ServerError, match=r"homeless ended:\n.*nowhere|No such file"):
        await server.start()
    await server.stop()


def test_an_answer_with_500_is_found_in_the_log(scratch: Path) -> None:
    """As the server writes it: the product's own log is set up and used."""
    server = ServerProcess("failing", "postgresql://bookonce@/none?host=/nowhere", scratch)
    world = World(SingleDatabase(scratch), servers=[server])
    world.require_no_unexpected_error()
    code = (
        "from bookonce.platform.logs import configure_logs; from bookonce.web.errors import crashed;"
        "configure_logs('warning'); crashed(None, ValueError('lost the thread'))"
    )
    with server.log_path.open("w") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, check=True)
    with pytest.raises(ServerError, match=r"failing has answered 500:\n.*lost the thread"):
        world.require_no_unexpected_error()
