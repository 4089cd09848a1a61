"""What a web worker process of `bookonce serve` runs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

from litestar.types import ASGIApp

from bookonce.cli.grace import WEB_WORKER_GRACE_S
from bookonce.platform.lesser_user import take_rights
from bookonce.platform.settings import Settings
from bookonce.web.application import application as web_application
from bookonce.web.connections.watch import Watch


def application() -> ASGIApp:
    """The web application, for as long as the server that started this worker lives."""
    take_rights()
    threading.Thread(target=_end_with_server, daemon=True).start()
    Watch(Settings.read()).start()
    return web_application()


def _end_with_server() -> None:
    """A server that is killed tells its workers nothing; left alone they would keep its port."""
    server = multiprocessing.parent_process()
    if server is None:
        return
    server.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(WEB_WORKER_GRACE_S)  # for the requests in flight
    os._exit(1)
