"""The connections that this process holds, as Linux knows them, whoever opened them.

The HTTP server keeps its sockets to itself and has no deadline for readers. The kernel knows of
each how much waits to be read and when data came or went last, and ends one at our word.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

FOLDER = Path("/proc/self/fd")
SO_COOKIE = 57
TCP_NOTSENT_LOWAT = 25
NOT_SENT_BYTES_MAX = 128 * 1024
"""What the kernel takes of an answer before its client reads: more would be memory of ours."""
UNREAD_MS_MAX = 30_000
_NEVER_LINGER = struct.pack("ii", 1, 0)
# linux/tcp.h, struct tcp_info: what is needed of it, by its offset. The kernel only ever adds to
# its end.
_INFO_BYTES = 168
_UNACKED = struct.Struct("=I")
_UNACKED_AT, _LAST_SENT_AT, _LAST_RECEIVED_AT = 24, 44, 52
_ACKED_AT, _NOT_SENT_AT = 120, 144
_SEGMENT_AT = 16


class Connection:
    """A socket of a client; it stays the server's."""

    __slots__ = ("_socket", "address")

    def __init__(self, held: socket.socket, address: str) -> None:
        self._socket = held
        self.address = address

    @property
    def key(self) -> int:
        """Its own for as long as the machine runs, unlike its file descriptor."""
        return int.from_bytes(self._socket.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little")

    def progress(self) -> tuple[int, int, float]:
        """Bytes that wait to be read by the client, bytes that it has acknowledged in all, and for
        how many seconds no data came or went.
        """
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        if len(info) < _INFO_BYTES:  # a kernel from before 4.6
            return 0, 0, 0.0
        unacked = _int(info, _UNACKED_AT) * _int(info, _SEGMENT_AT)
        waiting = unacked + _int(info, _NOT_SENT_AT)
        acked = int.from_bytes(info[_ACKED_AT : _ACKED_AT + 8], sys.byteorder)
        quiet_ms = min(_int(info, _LAST_SENT_AT), _int(info, _LAST_RECEIVED_AT))
        return waiting, acked, quiet_ms / 1000

    def end(self) -> None:
        """Cut it off, with all that waits on it. The server finds it closed."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NEVER_LINGER)
        self._socket.shutdown(socket.SHUT_RDWR)


def _int(info: bytes, offset: int) -> int:
    found: int = _UNACKED.unpack_from(info, offset)[0]
    return found


def is_possible() -> bool:
    """Whether this system tells of its connections."""
    return sys.platform == "linux" and FOLDER.is_dir()


def listening_ports() -> set[int]:
    """The ports that this process listens on. What is accepted there from now on keeps little of
    an answer that nobody reads.
    """
    ports = set()
    for held in _held():
        with closing(held):
            try:
                if held.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    held.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOT_SENT_BYTES_MAX)
                    held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS_MAX)
                    ports.add(held.getsockname()[1])
            except OSError:
                continue  # gone meanwhile
    return ports


def accepted(ports: set[int]) -> Iterator[Connection]:
    """The connections of clients to these ports, each only until the next is asked for."""
    for held in _held():
        with closing(held):
            try:
                if held.getsockname()[1] not in ports:
                    continue
                connection = Connection(held, held.getpeername()[0])
            except OSError:
                continue  # listens, or is gone
            yield connection


def _held() -> Iterator[socket.socket]:
    """Every TCP socket of this process, as a second descriptor of the same."""
    for each in list(FOLDER.iterdir()):
        try:
            if not str(each.readlink()).startswith("socket:"):
                continue
            held = socket.socket(fileno=os.dup(int(each.name)))
        except OSError:
            continue  # gone meanwhile
        if held.family in (socket.AF_INET, socket.AF_INET6) and held.type == socket.SOCK_STREAM:
            yield held
        else:
            held.close()
