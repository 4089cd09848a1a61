"""HTTP byte by byte, for requests that no client library would send."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came; header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


def exchange(port: int, request: bytes) -> RawAnswer:
    """Send bytes, read until the server closes. The request should ask it to."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        received = b""
        # It may answer, and close, before it has read everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    assert received, "the server closed the connection without an answer"
    head, _, content = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    return RawAnswer(int(status.split(" ")[1]), headers, content)


def send(
    port: int,
    method: str,
    path: bytes,
    body: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> RawAnswer:
    """One request on a connection of its own."""
    lines = [b"%s %s HTTP/1.1" % (method.encode(), path), b"Host: localhost", b"Connection: close"]
    lines += [b"%s: %s" % pair for pair in headers]
    lines += [b"Content-Length: %d" % len(body)] if body or method == "POST" else []
    return exchange(port, b"\r\n".join(lines) + b"\r\n\r\n" + body)
