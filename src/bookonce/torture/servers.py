"""Server processes of the torture's own: `bookonce serve`, as a user runs it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

import aiohttp
import psutil

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 90.0  # longer than its workers and its jobs are given
LOG_TAIL_CHARACTERS = 4_000
UNEXPECTED = '"event":"unexpected error"'
"""What a server logs when it answers 500 (`web/errors.py`)."""
_COMMAND = [sys.executable, "-c", "from bookonce.cli.main import main; main()", "serve"]


class ServerError(Exception):
    """A server didn't start or stop as it should; the message has the end of its log."""


class ServerProcess:
    """One `bookonce serve` on a port of its own, with its workers."""

    def __init__(self, name: str, database_url: str, folder: Path) -> None:
        self.name = name
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / f"{name}.log"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("BOOKONCE_")}
        self._environment = inherited | {
            "BOOKONCE_DATABASE_URL": database_url,
            "BOOKONCE_DATA_DIR": str(folder / name),
            "BOOKONCE_PORT": str(self.port),
            "BOOKONCE_RATE_LIMIT": "off",
            "BOOKONCE_LOG_LEVEL": "warning",
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, while it runs."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    async def start(self) -> None:
        """Start, and return when it is ready. Raises ServerError."""
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd="/",
                start_new_session=True,  # a group that signals reach whole, and Ctrl-C doesn't
            )
        await self.ready(START_TIMEOUT_S)

    async def ready(self, timeout_s: float) -> None:
        """Return when it answers that it is ready. Raises ServerError."""
        deadline = time.monotonic() + timeout_s
        while not await self.is_ready():
            if self.pid is None:
                raise ServerError(f"the server {self.name} ended:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerError(
                    f"the server {self.name} isn't ready after {timeout_s:.0f} s:\n"
                    f"{self.log_tail()}"
                )
            await asyncio.sleep(0.05)

    async def is_ready(self) -> bool:
        """Whether it says that it can be used."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(f"{self.base_url}/readyz") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def kill(self) -> None:
        """End it and its workers at once and without notice."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    async def kill_worker(self) -> None:
        """End the process that answers, and leave it to the server to start another."""
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()

    async def pause(self, seconds: float) -> None:
        """Let it stand still for a while, as a machine that swaps or a virtual one that moves."""
        self._signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Stop it as an operator would, and by force if it doesn't. Raises ServerError then."""
        if self._process is None or self.pid is None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            raise ServerError(
                f"the server {self.name} didn't stop within {STOP_TIMEOUT_S:.0f} s of SIGTERM:\n"
                f"{self.log_tail()}"
            ) from None
        finally:
            self._signal(signal.SIGKILL)  # whatever is left of it

    def unexpected_error(self) -> str | None:
        """The first answer with 500 that it has logged, whole."""
        for text in self._log().splitlines():
            if UNEXPECTED in text:
                return text
        return None

    def log_tail(self) -> str:
        """The end of what it has printed."""
        return self._log()[-LOG_TAIL_CHARACTERS:].strip()

    def _log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        """To the server and its workers."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
