"""Hostile clients: many connections that ask and don't read, begin and don't end, or say nothing."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

BUNDLE = "/static/swagger-ui/swagger-ui-bundle.js"
PIPELINED = 6

NEVER_READS = f"GET {BUNDLE} HTTP/1.1\r\nHost: salon.example\r\n\r\n".encode() * PIPELINED
NEVER_ENDS = (
    b"POST /api/v1/lumen/book HTTP/1.1\r\nHost: salon.example\r\nContent-Type: application/json\r\n"
    b"Content-Length: 60000\r\n\r\n{"
)
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: sal"
SAYS_NOTHING = b""
KINDS = (NEVER_READS, NEVER_ENDS, HALF_A_HEAD, SAYS_NOTHING)
FEW_BYTES = 4096


def connected(port: int, said: bytes, source: str) -> socket.socket:
    """A connection from an address of this machine that has said something; it never waits."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FEW_BYTES)
    connection.bind((source, 0))
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        connection.connect(("127.0.0.1", port))
    connection.setblocking(True)
    connection.settimeout(20)
    with contextlib.suppress(OSError):  # ended already, or not accepted in time
        connection.sendall(said)
    connection.setblocking(False)
    return connection


@contextmanager
def crowd(
    port: int, number: int, kinds: Sequence[bytes] = KINDS, source: str = "127.0.0.2"
) -> Iterator[list[socket.socket]]:
    """So many connections of one address, each of some kind, for as long as the block runs."""
    connections: list[socket.socket] = []
    try:
        for each in range(number):
            connections.append(connected(port, kinds[each % len(kinds)], source))
        yield connections
    finally:
        for connection in connections:
            connection.close()


def is_open(connection: socket.socket) -> bool:
    """Whether the server still holds it; whatever it sent stays unread as far as possible."""
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
