"""Servers as users run them: the command in a process of its own, spoken to over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

import httpx

from bookonce.booking import apply_file
from bookonce.business.document import Business
from bookonce.platform.database import Database
from bookonce.platform.embedded import RUNTIME_ROLE

COMMAND = [sys.executable, "-c", "from bookonce.cli.main import main; main()"]
START_TIMEOUT_S = 200


def database_named(url: str, name: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningServer:
    """`bookonce serve` for as long as the block runs. Limits are off unless set, and so are jobs."""

    def __init__(
        self,
        database_url: str | None,
        data_dir: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        command: list[str] = COMMAND,
        jobs: bool = False,
    ) -> None:
        self.database_url = database_url
        self.data_dir = data_dir
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log_path = data_dir.parent / f"{data_dir.name}-{self.port}.log"
        self._command = [*command, "serve", "--port", str(self.port), *arguments]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("BOOKONCE_") or name in ("BOOKONCE_POSTGRES_BIN",)
        }
        self._environment = (
            inherited
            | {
                "BOOKONCE_RATE_LIMIT": "off",
                "BOOKONCE_FORM_TIME_MIN_S": "0",
                "BOOKONCE_JOBS": str(int(jobs)),
                "BOOKONCE_DATA_DIR": str(data_dir),
            }
            | (_as_operators_do(database_url) if database_url else {})
            | (environment or {})
        )
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, and return when it is ready."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environment, cwd="/"
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self.log()}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, timeout_s: float = 30) -> int:
        """Stop as an operator would; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def log(self) -> str:
        """What the server has printed."""
        return self.log_path.read_text(errors="replace")

    def apply(self, business: Business) -> None:
        """Write a business into the server's database, as `bookonce apply` does."""
        assert self.database_url is not None
        with ThreadPoolExecutor(1) as elsewhere:  # a test may have a loop of its own
            elsewhere.submit(asyncio.run, _apply(self.database_url, business)).result()


def _as_operators_do(url: str) -> dict[str, str]:
    """One role owns the tables, and a lesser one serves."""
    runtime = url.replace("//bookonce@", f"//{RUNTIME_ROLE}@")
    return {"BOOKONCE_DATABASE_URL": url, "BOOKONCE_RUNTIME_DATABASE_URL": runtime}


async def _apply(url: str, business: Business) -> None:
    database = Database(url, connections_max=1)
    await database.open()
    try:
        await apply_file.apply(database, business, now=datetime.now(UTC))
    finally:
        await database.close()
