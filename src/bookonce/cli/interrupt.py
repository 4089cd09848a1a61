"""What the server's main thread waits for: a signal, or a worker that ended.

A signal is meant for the process, and the kernel lets any of its threads take it: one that starts
a process or a thread as it arrives does. Python runs the handler in the main thread alone, and an
`Event` there sleeps on, since nothing has interrupted it: a server that was told to stop just as
it started its jobs process never did. So this looks again and again. It holds no lock either,
which a handler could find taken by the very thread that it runs in.
"""

from __future__ import annotations

import time

LOOK_S = 0.1


class Interrupt:
    """Stands in for the `threading.Event` of the web server's main loop."""

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        """Whether there is something to act on."""
        return self._is_set

    def set(self) -> None:
        """Called by handlers of signals, and by the threads that watch workers."""
        self._is_set = True

    def clear(self) -> None:
        """It has been acted on."""
        self._is_set = False

    def wait(self) -> None:
        """Sleep until it is set."""
        while not self._is_set:
            time.sleep(LOOK_S)
