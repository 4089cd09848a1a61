"""The process that does the jobs beside the web workers: started, watched, ended with the server."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bookonce.cli.grace import JOBS_CHILD_GRACE_S
from bookonce.cli.output import warn

RESTART_S = 1.0
RESTART_S_MAX = 30.0
LIVED_LONG_S = 60.0


class JobsChild:
    """One child at a time, restarted when it dies, with a growing rest if it dies young."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._watcher: threading.Thread | None = None

    def start(self, ready: Callable[[], bool]) -> None:
        """Watch over a child from when `ready` holds: it must not hold up the web workers."""
        self._watcher = threading.Thread(target=self._watch, args=(ready,), daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End the child and wait for it."""
        self._done.set()
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self, ready: Callable[[], bool]) -> None:
        while not ready():
            if self._done.wait(0.05):
                return
        # A child begins with the signals that its parent's thread blocks: the terminal's Ctrl-C is
        # the server's to act on, also while the child is still reading its modules.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        rest_s = RESTART_S
        while not self._done.is_set():
            # The pipe tells the child when we are gone, however we went.
            child = subprocess.Popen(
                [sys.executable, "-m", "bookonce.cli.jobs_process"], stdin=subprocess.PIPE
            )
            if self._ended_by_us(child):
                return
            # Else it was told to stop, as a whole group of processes may be.
            if child.returncode not in (0, -signal.SIGTERM):
                warn(f"the jobs process had died ({child.returncode}) and is started again")
            if self._done.wait(rest_s):
                return
            rest_s = min(RESTART_S_MAX, rest_s * 2)

    def _ended_by_us(self, child: subprocess.Popen[bytes]) -> bool:
        """Wait until the child ends by itself, or end it when we are to stop."""
        gone = threading.Thread(target=child.wait, daemon=True)
        gone.start()
        while gone.is_alive() and not self._done.is_set():
            gone.join(0.2)
        if not self._done.is_set():
            return False
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(JOBS_CHILD_GRACE_S)
            return True
        child.kill()
        child.wait()
        return True


@contextmanager
def jobs_beside(ready: Callable[[], bool], *, are_done: bool) -> Iterator[None]:
    """Jobs are done for as long as the block runs, if they are `are_done`."""
    if not are_done:
        yield
        return
    child = JobsChild()
    child.start(ready)
    try:
        yield
    finally:
        child.stop()
