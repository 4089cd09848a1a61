"""Looks at a worker's connections again and again, and ends those that keep others out."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog

from bookonce.platform.settings import Network, Settings
from bookonce.web.client_address import is_trusted, network_of
from bookonce.web.connections import sockets
from bookonce.web.connections.accepted import accepted_max
from bookonce.web.connections.rules import Mark, Seen, marked, to_end
from bookonce.web.metrics import CONNECTIONS_ENDED

log = structlog.get_logger("bookonce.connections")

KEPT_SHARE = 3 / 4
"""Of those that it accepts: beyond it the quietest end, so that there is always room."""
LOOK_S = 1.0
LOOK_S_CROWDED = 0.25
CROWDED = 256
BREATH = 64
"""So many connections are looked at before requests have their turn."""


class Watch(threading.Thread):
    """A thread of a worker. It needs Linux; elsewhere it does nothing."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="connections", daemon=True)
        is_counting = settings.rate_limit is not None
        self._per_network_max = settings.connections_per_address if is_counting else None
        self._proxies: Sequence[Network] = settings.trusted_proxies
        self._in_all_max = int(accepted_max() * KEPT_SHARE)
        self._marks: dict[int, Mark] = {}

    def run(self) -> None:
        """Look for as long as the process lives."""
        if not sockets.is_possible():
            return
        ports: set[int] = set()
        while not (ports := sockets.listening_ports()):
            time.sleep(LOOK_S_CROWDED)
        while True:
            count = self._look(ports)
            time.sleep(LOOK_S_CROWDED if count > CROWDED else LOOK_S)

    def _look(self, ports: set[int]) -> int:
        """Judge all connections, end some; how many there were."""
        seen = []
        for number, connection in enumerate(sockets.accepted(ports)):
            if number % BREATH == BREATH - 1:
                time.sleep(0.001)
            try:
                waiting, acked, quiet_s = connection.progress()
                network = self._network(connection.address)
                seen.append(Seen(connection.key, network, waiting, acked, quiet_s))
            except OSError:
                continue  # it ended meanwhile
        now_s = time.monotonic()
        self._marks = marked(self._marks, seen, now_s)
        ended = to_end(
            self._marks,
            seen,
            now_s,
            per_network_max=self._per_network_max,
            in_all_max=self._in_all_max,
        )
        if ended:
            self._end(ports, ended)
        return len(seen)

    def _network(self, address: str) -> str | None:
        return None if is_trusted(address, self._proxies) else network_of(address)

    def _end(self, ports: set[int], ended: set[int]) -> None:
        count = 0
        for connection in sockets.accepted(ports):
            try:
                if connection.key in ended:
                    connection.end()
                    count += 1
            except OSError:
                continue
        CONNECTIONS_ENDED.inc(count)
        log.warning("connections ended", count=count)
