"""Many connections that hold on to what everybody needs: each kind, and normal visitors beside."""

from __future__ import annotations

import http.client
import itertools
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.attack import hostile
from tests.attack.conftest import PER_ADDRESS_MAX
from tests.running import RunningServer

CROWD = 200
BODIES_OF_A_CLIENT_MAX = 16
MEMORY_MAX_MB = 300
_sources = itertools.count(2)


def processes(running: RunningServer) -> list[int]:
    """The server's process and those that it started."""
    assert running.process is not None
    found = [running.process.pid]
    for pid in found:
        children = subprocess.run(
            ["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False
        )
        found += [int(each) for each in children.stdout.split()]
    return found


def connections_held(running: RunningServer, source: str) -> int:
    """How many connections from an address the server's processes hold."""
    listing = Path("/proc/net/tcp").read_text().splitlines()[1:]
    address = "".join(f"{int(part):02X}" for part in reversed(source.split(".")))
    inodes = {
        fields[9]
        for fields in map(str.split, listing)
        if fields[2].startswith(f"{address}:") and fields[1].endswith(f":{running.port:04X}")
    }
    held = 0
    for pid in processes(running):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            try:
                held += str(each.readlink())[8:-1] in inodes
            except OSError:
                continue
    return held


def memory_mb(running: RunningServer) -> int:
    """The resident memory of the server's largest process."""
    sizes = []
    for pid in processes(running):
        status = Path(f"/proc/{pid}/status").read_text()
        sizes += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    return max(sizes) // 1024


@contextmanager
def normal_visitor(running: RunningServer) -> Iterator[list[int]]:
    """Somebody who asks again and again; the statuses of the answers."""
    over, statuses = Event(), list[int]()

    def visit() -> None:
        while not over.is_set():
            for path in ("/healthz", "/static/icon.svg", "/nobody"):
                connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
                connection.request("GET", path)
                statuses.append(connection.getresponse().status)
                connection.close()
            over.wait(0.1)  # or they would be more than one visitor may ask

    visitor = Thread(target=visit)
    visitor.start()
    try:
        yield statuses
    finally:
        over.set()
        visitor.join()


def shrinks(running: RunningServer, source: str, most: int) -> bool:
    """Whether the server lets go of an address's connections, but for some, in time."""
    deadline = time.monotonic() + 90
    while connections_held(running, source) > most:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("said", hostile.KINDS, ids=["reader", "writer", "head", "silent"])
def test_one_address_keeps_nobody_out(exposed: RunningServer, said: bytes) -> None:
    source = f"127.0.0.{next(_sources)}"
    with (
        normal_visitor(exposed) as statuses,
        hostile.crowd(exposed.port, CROWD, [said], source),
    ):
        assert shrinks(exposed, source, PER_ADDRESS_MAX)
        assert memory_mb(exposed) < MEMORY_MAX_MB
        seen = len(statuses)
        deadline = time.monotonic() + 60
        while len(statuses) < seen + 10 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(statuses) >= seen + 10
    assert set(statuses) == {200, 404}


def test_who_reads_nothing_is_cut_off_though_alone(exposed: RunningServer) -> None:
    source = f"127.0.0.{next(_sources)}"
    with hostile.crowd(exposed.port, 3, [hostile.NEVER_READS], source):
        assert shrinks(exposed, source, 0)


def test_who_reads_slowly_gets_all_of_it(exposed: RunningServer) -> None:
    connection = hostile.connected(exposed.port, b"", f"127.0.0.{next(_sources)}")
    connection.setblocking(True)
    connection.settimeout(60)
    ask = f"GET {hostile.BUNDLE} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
    connection.sendall(ask.encode())
    received = 0
    started = time.monotonic()
    while piece := connection.recv(64 * 1024):
        received += len(piece)
        if time.monotonic() - started < 12:  # longer than a reader may stand still
            time.sleep(0.05)
    connection.close()
    assert received > 1_700_000


def test_a_body_that_does_not_come_is_answered(exposed: RunningServer) -> None:
    """Here the oldest of too many at once; one alone would be after 20 seconds."""
    source = f"127.0.0.{next(_sources)}"
    first = hostile.connected(exposed.port, hostile.NEVER_ENDS, source)
    first.setblocking(True)
    first.settimeout(60)
    with first, hostile.crowd(exposed.port, BODIES_OF_A_CLIENT_MAX, [hostile.NEVER_ENDS], source):
        answer = first.recv(64 * 1024)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"TOO_SLOW"' in answer
    assert b"connection: close" in answer.lower()


def test_a_body_in_pieces_is_read(exposed: RunningServer) -> None:
    source = f"127.0.0.{next(_sources)}"
    connection = hostile.connected(exposed.port, hostile.NEVER_ENDS.replace(b"60000", b"2"), source)
    connection.setblocking(True)
    connection.settimeout(60)
    with connection:
        connection.sendall(b"}")
        assert connection.recv(64 * 1024).startswith(b"HTTP/1.1 422 ")


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kinds", [hostile.KINDS], ids=["all"])
def test_two_thousand_keep_nobody_out(exposed: RunningServer, kinds: tuple[bytes, ...]) -> None:
    """From twenty addresses, so that they are more than one address may have."""
    sources = [f"127.0.1.{number}" for number in range(1, 21)]
    with normal_visitor(exposed) as statuses:
        crowds: list[socket.socket] = []
        for source in sources:
            crowds += [
                hostile.connected(exposed.port, kinds[number % len(kinds)], source)
                for number in range(100)
            ]
        assert all(shrinks(exposed, source, PER_ADDRESS_MAX) for source in sources)
        assert memory_mb(exposed) < MEMORY_MAX_MB
        for connection in crowds:
            connection.close()
    assert set(statuses) == {200, 404}
