"""Two servers behind nginx are restarted one after the other under load: no request fails."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.factories import a_business, a_staff_member, tomorrow_at
from tests.running import RunningServer, free_port
from tests.web.visitors import a_wish
from tests.web.waiting import wait_until

ROOT = Path(__file__).parents[2]
VISITORS = 6
BEHIND_A_PROXY = {"BOOKONCE_TRUSTED_PROXIES": "127.0.0.1", "BOOKONCE_DRAIN_S": "3"}


def documented_upstream(ports: list[int]) -> str:
    """The upstream of the documented configuration, with our ports in place of its own."""
    text = (ROOT / "docs/operate.md").read_text()
    block = text[text.index("upstream bookonce {") :].partition("}")[0] + "}"
    for documented, port in zip((8001, 8002), ports, strict=True):
        assert f"127.0.0.1:{documented} " in block
        block = block.replace(f"127.0.0.1:{documented} ", f"127.0.0.1:{port} ")
    return block


@contextmanager
def nginx_before(ports: list[int], folder: Path) -> Iterator[str]:
    """The address of an nginx before some servers."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        pytest.skip("nginx isn't installed (apt-get install nginx-light)")
    port = free_port()
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log info;
        events {{ worker_connections 512; }}
        http {{
            access_log off;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            {documented_upstream(ports)}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://bookonce;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_set_header Host $host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }}
            }}
        }}
        """
    )
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


class Load:
    """Visitors who look and book without a pause, until the block ends."""

    def __init__(self, address: str) -> None:
        self.answered = 0
        self.booked = 0
        self.failed: list[str] = []
        self._address = address
        self._done = threading.Event()
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._visit) for _ in range(VISITORS)]

    def _visit(self) -> None:
        api = f"{self._address}/api/v1/salon"
        with httpx.Client(timeout=60) as client:
            while not self._done.is_set():
                number = next(self._numbers)
                start = tomorrow_at(9) + timedelta(days=number % 20, minutes=30 * (number % 12))
                try:
                    answers = [client.get(api), client.post(f"{api}/book", json=a_wish(start))]
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                    continue
                self.answered += len(answers)
                self.booked += sum(answer.status_code == 201 for answer in answers)
                self.failed += [str(one.status_code) for one in answers if one.status_code >= 500]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.timeout(600)
def test_a_rolling_restart_fails_no_request(scratch: Path, new_database: object) -> None:
    url = new_database()  # type: ignore[operator]
    servers = [
        RunningServer(url, scratch / f"rolling-{number}", environment=BEHIND_A_PROXY)
        for number in range(2)
    ]
    for server in servers:
        server.start()
    staff = [a_staff_member(key) for key in ("ada", "bela", "chen")]
    servers[0].apply(a_business("salon", staff=staff))
    try:
        with nginx_before([one.port for one in servers], scratch / "nginx") as address:
            wait_until(lambda: _answers(address), "nginx")
            with Load(address) as load:
                for server in servers:
                    before = load.answered
                    wait_until(lambda: load.answered > before + 50, "load")  # noqa: B023
                    assert server.stop(60) == 0
                    server.start()
    finally:
        for server in servers:
            server.stop(60)
    assert load.failed == []
    assert load.booked > 0
    assert load.answered > 200


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def test_it_says_that_it_is_about_to_stop_and_goes_on_answering(
    scratch: Path, new_database: object
) -> None:
    url = new_database()  # type: ignore[operator]
    environment = {"BOOKONCE_DRAIN_S": "60"}
    with RunningServer(url, scratch / "draining", environment=environment) as server:
        assert server.process is not None
        server.process.terminate()
        wait_until(lambda: not server._is_ready(), "not ready")
        refused = httpx.get(f"{server.base_url}/readyz", timeout=30)
        assert refused.status_code == 503
        assert "being stopped" in refused.json()["detail"]
        answer = httpx.get(f"{server.base_url}/healthz", timeout=30)
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        server.process.terminate()  # told again, it stops at once
        assert server.process.wait(30) == 0
