"""`bookonce serve`: migrate, serve, stop gracefully."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from bookonce.accounts import served
from bookonce.accounts.links import make_first_owner_link, make_sign_in_link
from bookonce.availability.installation import Installation
from bookonce.cli.database import opened, watched_database_url
from bookonce.cli.draining import Draining
from bookonce.cli.grace import WEB_WORKER_GRACE_S
from bookonce.cli.jobs_child import jobs_beside
from bookonce.cli.options import DatabaseUrl, DataDir, read_settings
from bookonce.cli.output import err, give_up, plain_errors
from bookonce.cli.preflight import made_ready, runtime_url
from bookonce.cli.rights import tell_lesser_user
from bookonce.demo import OWNER, SLUG
from bookonce.platform.settings import Settings, is_loopback
from bookonce.web import counts, drain
from bookonce.web.build import NotBuiltError, build
from bookonce.web.connections.accepted import accepted_max

BACKLOG = 4_096
"""Connections that wait in the kernel, besides those that workers have accepted."""
HEAD_MS_MAX = 30_000
"""For a request's head to come, and for the next request on a connection that stays open."""
BUFFER_BYTES_MAX = 32 * 1024
"""Of each connection: the longest head, and what is written of an answer at a time."""

T = TypeVar("T")
Line = tuple[str, str]
"""An address to open, and what is there."""


def serve(
    host: Annotated[str, typer.Option(envvar="BOOKONCE_HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="BOOKONCE_PORT", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(envvar="BOOKONCE_WORKERS", min=1, max=256)] = 1,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    demo: Annotated[bool, typer.Option(help="With a salon to try things on.")] = False,
    jobs: Annotated[
        bool, typer.Option(envvar="BOOKONCE_JOBS", help="Do the installation's jobs, too.")
    ] = True,
) -> None:
    """Bring the schema up to date and serve until SIGTERM or Ctrl-C."""
    with plain_errors():
        # Until the server takes over, being told to stop ends the block, and the database with it.
        signal.signal(signal.SIGTERM, _end)
        # Fresh processes: a forked one would share our threads' locks, and until it has handlers
        # of its own take a signal to stop for its parent's.
        multiprocessing.set_start_method("spawn", force=True)
        settings = read_settings(data_dir, database_url)
        _require_built()
        _require_public_url(settings, host)
        _require_free(host, port, "--port")
        if operators := settings.operator_listen:
            _require_free(operators.host, operators.port, "BOOKONCE_OPERATOR_LISTEN")
        with (
            watched_database_url(settings) as url,
            tempfile.TemporaryDirectory(prefix="bookonce-metrics-") as metrics,
        ):
            base = settings.public_url or _base(host, port)
            links = asyncio.run(_or_stop(_prepare(settings, url, base, demo=demo)))
            signal.signal(signal.SIGTERM, _end)
            # The environment is how settings reach the workers.
            os.environ["BOOKONCE_DATABASE_URL"] = asyncio.run(runtime_url(settings, url))
            os.environ.pop("BOOKONCE_RUNTIME_DATABASE_URL", None)
            os.environ["BOOKONCE_DATA_DIR"] = str(settings.data_dir)
            os.environ["BOOKONCE_PUBLIC_URL"] = base
            os.environ[counts.FILE] = counts.make_file(metrics)
            if workers > 1:
                os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
            server = Server(
                "bookonce.cli.web_worker:application",
                factory=True,
                address=host,
                port=port,
                interface=Interfaces.ASGI,
                workers=workers,
                http=HTTPModes.http1,  # what proxies speak; looking for HTTP/2 takes time
                websockets=False,
                respawn_failed_workers=True,
                workers_kill_timeout=WEB_WORKER_GRACE_S,
                backlog=BACKLOG,
                backpressure=accepted_max(),
                http1_settings=HTTP1Settings(
                    header_read_timeout=HEAD_MS_MAX, max_buffer_size=BUFFER_BYTES_MAX
                ),
                log_level=LogLevels.warning,
            )
            os.environ[drain.PLACE] = f"{metrics}/draining"
            tell_lesser_user(settings, os.environ["BOOKONCE_DATABASE_URL"], Path(metrics))
            server.main_loop_interrupt = Draining(server, settings.drain_s)  # type: ignore[assignment]
            open_ = threading.Event()
            lines = [
                *links,
                ("API, to read and try", f"{base}/schema"),
                ("ready?", f"{base}/readyz"),
            ]
            threading.Thread(target=_announce, args=(host, port, lines, open_), daemon=True).start()
            with jobs_beside(open_.is_set, are_done=jobs):
                server.serve()


def _end(*_: object) -> NoReturn:
    sys.exit(0)


async def _or_stop(work: Coroutine[Any, Any, T]) -> T:
    """Do work, or leave it when told to stop; an exception in the midst of it would be lost."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        _end()


async def _prepare(settings: Settings, url: str, base: str, *, demo: bool) -> list[Line]:
    """Migrate, furnish the demo, and tell which addresses lead in."""
    await made_ready(url)
    now = datetime.now(UTC)
    async with opened(url) as database:
        await served.note(database, base, now)
        if not demo:
            token = await make_first_owner_link(database, now=now)
            return [("the first account", f"{base}/office/invitation/{token}")] if token else []
        from bookonce.demo.salon import furnish  # who serves without it needn't wait for it

        await furnish(Installation(database, settings.secret_key), now)
        token = await make_sign_in_link(database, OWNER, now=now)
        return [
            ("demo salon", f"{base}/{SLUG}"),
            ("its office, signed in", f"{base}/office/link/{token}"),
        ]


def _require_built() -> None:
    """Say that a checkout lacks what browsers load before anything is started."""
    try:
        build()
    except NotBuiltError as error:
        give_up(str(error))


def _require_public_url(settings: Settings, host: str) -> None:
    """Links are made of it. Who is asked from elsewhere mustn't make them of what was asked for."""
    if not settings.public_url and not is_loopback(host):
        give_up(
            f"{host} can be reached from elsewhere, and links have to begin with an address of "
            "yours: set BOOKONCE_PUBLIC_URL, such as https://book.example.com"
        )


def _require_free(host: str, port: int, choice: str) -> None:
    """Say that a port is taken before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            give_up(f"{host}:{port} can't be used ({error.strerror}); choose another with {choice}")


def _base(host: str, port: int) -> str:
    """The address that a browser on this machine opens."""
    reachable = _reachable(host)
    return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}"


def _reachable(host: str) -> str:
    return {str(IPv4Address(0)): "127.0.0.1", str(IPv6Address(0)): "::1"}.get(host, host)


def _announce(host: str, port: int, lines: list[Line], open_: threading.Event) -> None:
    """Print the addresses to open, and set `open_`, once the first answer has come.

    To the error stream: on the other each line is a JSON object.
    """
    while not _is_alive(_reachable(host), port):
        time.sleep(0.05)
    open_.set()
    err.print("Bookonce is open", style="bold")
    for what, address in lines:
        err.print(f"  {what:<22}{address}")
    err.print("  stop with Ctrl-C")


def _is_alive(host: str, port: int) -> bool:
    try:
        with closing(HTTPConnection(host, port, timeout=5)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
