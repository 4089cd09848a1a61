"""A way to the database that can be cut and mended while a server uses it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from urllib.parse import parse_qs, urlsplit, urlunsplit

SOCKET_NAME = ".s.PGSQL.5432"


class Forwarder:
    """Listens on a TCP port and passes everything on to a database's Unix socket."""

    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        self._target = parse_qs(parts.query)["host"][0] + "/" + SOCKET_NAME
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self.mend()
        self.url = urlunsplit(
            parts._replace(netloc=f"{parts.username}@127.0.0.1:{self._port}", query="")
        )

    def __enter__(self) -> Forwarder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """The database can't be reached while the block runs."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    def mend(self) -> None:
        """Listen again, on the same port as ever."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Close the port and end every connection."""
        if self._listener is not None:
            _end(self._listener)
            self._listener = None
        with self._lock:
            for end in self._ends:
                _end(end)
            self._ends.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = listener.accept()
                database = socket.socket(socket.AF_UNIX)
                database.connect(self._target)
                with self._lock:
                    self._ends |= {visitor, database}
                for source, target in ((visitor, database), (database, visitor)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    _end(source)
    _end(target)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
