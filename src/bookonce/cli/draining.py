"""Stopping in a way that a proxy notices: say that one is about to stop, wait, then stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from granian.server.common import AbstractServer

from bookonce.cli.interrupt import LOOK_S, Interrupt
from bookonce.web.drain import mark_draining


class Draining(Interrupt):
    """The server's main loop goes on from here to stop its workers; on SIGTERM not before
    `drain_s` seconds in which it answers and says that it is about to stop. Ctrl-C, and a second
    SIGTERM, stop at once.
    """

    def __init__(self, server: AbstractServer[Any], drain_s: float) -> None:
        super().__init__()
        self._server = server
        self._drain_s = drain_s
        self._told: list[int] = []
        self._act: Callable[..., None] = server.signal_handler_interrupt
        server.signal_handler_interrupt = self._hear  # type: ignore[method-assign]

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._told.append(number)
        self._act(number, frame)

    def wait(self) -> None:
        """Sleep until there is something to act on, and longer if it is the end."""
        super().wait()
        if self._server.interrupt_signal and self._told == [signal.SIGTERM] and self._drain_s:
            mark_draining()
            end_s = time.monotonic() + self._drain_s
            while time.monotonic() < end_s and len(self._told) == 1:
                time.sleep(LOOK_S)
