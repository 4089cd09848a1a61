"""A light load generator: keep-alive connections, requests built beforehand, a process of its own.

It shares the machine with what it measures, so it does as little as it can: it sends bytes, counts
bytes, reads the status, and notes the time.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import uvloop

from bench.figures import Times

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a run. `cpu_s`: what the generator itself took of the processors."""

    statuses: Counter[int]
    times: Times
    elapsed_s: float
    cpu_s: float

    def per_s(self, status: int) -> float:
        """Answers with a status, a second."""
        return self.statuses[status] / self.elapsed_s


def post(path: str, body: bytes, **headers: str) -> bytes:
    """A request as it goes over the wire. Underscores in names of headers become dashes."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str) -> bytes:
    """A request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def run(port: int, requests: Sequence[Sequence[bytes]], seconds: float) -> Load:
    """Send each connection's requests one after the other, until they or the time run out."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run_there, args=(theirs, port, requests, seconds))
    process.start()
    theirs.close()
    try:
        found: Load = ours.recv()
    except EOFError:
        raise RuntimeError("the load generator died; what it said is above") from None
    finally:
        process.join()
    return found


def _run_there(
    pipe: Connection, port: int, requests: Sequence[Sequence[bytes]], seconds: float
) -> None:
    pipe.send(uvloop.run(_drive(port, requests, seconds)))
    pipe.close()


async def _drive(port: int, requests: Sequence[Sequence[bytes]], seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    clients = []
    for own in requests:
        clients.append(await _connected(loop, _Client(own), port))
    cpu_s, started = time.process_time(), time.perf_counter()
    for client in clients:
        client.start(started + seconds)
    await asyncio.gather(*(client.done for client in clients))
    elapsed_s = time.perf_counter() - started
    return Load(
        Counter(status for client in clients for status in client.statuses),
        Times(sorted(spent * 1000 for client in clients for spent in client.spent_s)),
        elapsed_s,
        time.process_time() - cpu_s,
    )


async def _connected(loop: asyncio.AbstractEventLoop, client: _Client, port: int) -> _Client:
    transport, _ = await loop.create_connection(lambda: client, "127.0.0.1", port)
    client.transport = transport
    return client


class _Client(asyncio.Protocol):
    """One connection, one request under way."""

    transport: asyncio.Transport

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.statuses: list[int] = []
        self.spent_s: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = iter(requests)
        self._received = b""

    def start(self, until: float) -> None:
        """Begin sending."""
        self._until = until
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        request = next(self._requests, None)
        if request is None or self._sent >= self._until:
            self.done.set_result(None)
            self.transport.close()
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Once the answer is whole, the next request."""
        received = self._received = self._received + data
        head = received.find(END_OF_HEAD)
        if head < 0:
            return
        length = received.lower().find(LENGTH, 0, head) + len(LENGTH)
        if len(received) < head + len(END_OF_HEAD) + int(
            received[length : received.find(b"\r", length)]
        ):
            return
        self.spent_s.append(time.perf_counter() - self._sent)
        self.statuses.append(int(received[9:12]))
        self._received = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        """The server hung up before the answer."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server hung up"))
