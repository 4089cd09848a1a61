"""`bookonce serve`: starting, stopping without losing an answer, workers, the demo."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests import asking
from tests.cli.commands import bookonce, environment, refused
from tests.factories import a_business, new_slug, tomorrow_at
from tests.running import COMMAND, RunningServer, free_port
from tests.web.ledger import Ledger
from tests.web.visitors import a_wish, address_of
from tests.web.waiting import wait_until

STOP_S = 20
"""Much less than the 30 seconds after which a worker would be killed."""


def embedded_url(data_dir: Path) -> str:
    """The address of a data directory's own database."""
    return f"postgresql://bookonce@/bookonce?host={data_dir / 'postgres'}"


def database_runs(data_dir: Path) -> bool:
    """Whether somebody serves a data directory's own database."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(data_dir / "postgres" / ".s.PGSQL.5432")) == 0


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = subprocess.run(
        ["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return [int(line) for line in found.split()]


class Started:
    """A server of whose start nobody waits for the end; whatever is left of it ends with the block."""

    def __init__(self, *arguments: str | Path, **settings: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(self.port), *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(**settings),
            cwd="/",
            start_new_session=True,
        )

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass(frozen=True, slots=True)
class Story:
    """What came of a server that was told to stop while a booking waited for a rival."""

    answer: httpx.Response
    code: int
    kept: list[str]
    database_runs: bool


@pytest.fixture(scope="module")
def story(scratch: Path) -> Story:
    """The server runs on its own embedded database."""
    data_dir = scratch / "stopping"
    server = RunningServer(None, data_dir)
    server.start()
    try:
        server.database_url = embedded_url(data_dir)
        business, start = a_business("salon"), tomorrow_at(10)
        server.apply(business)
        answers: list[httpx.Response] = []

        def ask() -> None:
            address = f"{server.base_url}/api/v1/salon/book"
            answers.append(httpx.post(address, json=a_wish(start), timeout=30))

        visitor = threading.Thread(target=ask)
        with Ledger(server.database_url) as ledger:
            with ledger.time_held("salon", start, start + timedelta(minutes=30)):
                visitor.start()
                wait_until(ledger.somebody_waits, "the booking waits for the rival")
                assert server.process is not None
                server.process.send_signal(signal.SIGTERM)
            visitor.join()
            kept = [row["status"] for row in ledger.fetch("SELECT status FROM appointment")]
        code = server.stop(STOP_S)
    finally:
        server.stop()
    return Story(answers[0], code, kept, database_runs(data_dir))


class TestStopping:
    def test_a_request_in_flight_gets_its_answer(self, story: Story) -> None:
        assert story.answer.status_code == 201, story.answer.text
        assert story.kept == ["confirmed"]

    def test_it_ends_well(self, story: Story) -> None:
        assert story.code == 0

    def test_the_embedded_database_stops_with_it(self, story: Story) -> None:
        assert not story.database_runs

    def test_interrupting_from_the_keyboard_ends_well_too(
        self, database_url: str, scratch: Path
    ) -> None:
        with RunningServer(database_url, scratch / "interrupted") as server:
            assert server.process is not None
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(STOP_S) == 0

    def test_a_signal_that_another_thread_takes_is_heard(
        self, database_url: str, scratch: Path
    ) -> None:
        """As happens when a thread starts a process or a thread while the signal arrives."""
        with RunningServer(database_url, scratch / "distracted") as server:
            assert server.process is not None
            pid = server.process.pid
            wait_until(lambda: bool(other_threads(pid)), "a thread beside the main one")
            send_to_thread(pid, other_threads(pid)[0], signal.SIGTERM)
            assert server.process.wait(STOP_S) == 0

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_it_stops_at_once_when_told_while_workers_start(
        self, database_url: str, scratch: Path, workers: str
    ) -> None:
        settings = {"BOOKONCE_DATA_DIR": str(scratch / "early")}
        with Started("--database-url", database_url, "--workers", workers, **settings) as server:
            wait_until(lambda: bool(children(server.process.pid)), "a worker is there")
            server.process.terminate()
            assert server.process.wait(STOP_S) == 0

    def test_told_to_stop_while_it_prepares_it_stops_its_database_too(self, scratch: Path) -> None:
        data_dir = scratch / "unprepared"
        with Started("--demo", "--data-dir", data_dir) as server:
            wait_until(lambda: bookings(data_dir) > 0, "the demo is being written", 60)
            server.process.terminate()
            server.process.wait(STOP_S)
        try:
            wait_until(lambda: not database_runs(data_dir), "the database has stopped", 3)
        finally:
            bookonce("migrate", "--data-dir", data_dir)  # the last one out stops it


def other_threads(pid: int) -> list[int]:
    """The threads of a process but its main one, the longest there first."""
    return sorted({int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()} - {pid})


def send_to_thread(pid: int, thread_id: int, number: signal.Signals) -> None:
    """What `kill` does, but to a thread that the kernel doesn't choose."""
    assert ctypes.CDLL(None, use_errno=True).tgkill(pid, thread_id, number) == 0


def bookings(data_dir: Path) -> int:
    """How many appointments there are; none while there is no database or no table."""
    try:
        with Ledger(embedded_url(data_dir)) as ledger:
            return ledger.contents()["appointment"][0]
    except (OSError, asyncpg.PostgresError, KeyError):
        return 0


class TestStarting:
    def test_a_port_that_is_taken_is_named_before_anything_is_made(self, scratch: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            place = scratch / "taken"
            refused(bookonce("serve", "--port", port, "--data-dir", place), port, "--port")
        assert not place.exists()

    @pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.1", "[/b]"])
    def test_a_host_that_is_not_ours_is_named(self, scratch: Path, host: str) -> None:
        refused(bookonce("serve", "--host", host, "--data-dir", scratch / "nohost"), host)

    def test_every_wrong_setting_is_named(self, scratch: Path) -> None:
        wrong = {
            "BOOKONCE_RATE_LIMIT": "often",
            "BOOKONCE_TRUSTED_PROXIES": "10.0.0.0/8, router",
            "BOOKONCE_CONNECTIONS_MAX": "0",
            "BOOKONCE_PUBLIC_URL": "book.example.com",
            "BOOKONCE_SECRET_KEY": "short",
            "BOOKONCE_LOG_LEVEL": "loud",
        }
        outcome = bookonce("serve", "--data-dir", scratch / "wrong", **wrong)
        refused(outcome, *wrong)
        assert "router" in outcome.err

    def test_a_database_that_is_away_is_told(self) -> None:
        url = f"postgresql://bookonce@127.0.0.1:{free_port()}/bookonce"
        port = str(free_port())
        refused(bookonce("serve", "--port", port, "--database-url", url), "--database-url")

    def test_the_addresses_to_open_are_printed(self, demo: RunningServer) -> None:
        wait_until(lambda: "stop with Ctrl-C" in demo.log(), "the greeting")
        for path in ("/schema", "/readyz", "/lumen"):
            assert f"{demo.base_url}{path}" in demo.log()
            assert asking.get(f"{demo.base_url}{path}").status_code == 200

    def test_an_ipv6_address_can_be_listened_on(self, database_url: str, scratch: Path) -> None:
        settings = {"BOOKONCE_DATA_DIR": str(scratch / "six")}
        with Started("--host", "::1", "--database-url", database_url, **settings) as server:
            address = f"http://[::1]:{server.port}/readyz"
            wait_until(lambda: answers(address), "it is ready")
            server.process.terminate()
            assert server.process.wait(STOP_S) == 0


def answers(address: str) -> bool:
    try:
        return asking.get(address).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def server(database_url: str, scratch: Path) -> Iterator[RunningServer]:
    """A server whose two workers have both answered."""
    with RunningServer(database_url, scratch / "workers", "--workers", "2") as running:
        with Ledger(database_url) as ledger:
            wait_until(lambda: both_have_answered(running, ledger), "each worker has a connection")
        yield running


def both_have_answered(server: RunningServer, ledger: Ledger) -> bool:
    """Ask once more, and tell whether two workers are connected to the database by now."""
    asking.get(f"{server.base_url}/readyz")
    connections = ledger.fetch(
        "SELECT FROM pg_stat_activity"
        " WHERE application_name = 'bookonce' AND datname = current_database()"
    )
    return len(connections) >= 2


class TestWorkers:
    def test_metrics_are_those_of_all_workers(self, server: RunningServer) -> None:
        slug = new_slug()
        server.apply(a_business(slug))
        route = (
            'bookonce_http_requests_total{method="GET",route="/api/v1/{slug}/staff",status="200"}'
        )
        for _ in range(20):
            assert asking.get(f"{server.base_url}/api/v1/{slug}/staff").status_code == 200
        for _ in range(8):
            lines = asking.get(f"{server.base_url}/metrics").text.splitlines()
            assert f"{route} 20.0" in lines

    def test_a_change_by_one_worker_is_seen_by_all(self, server: RunningServer) -> None:
        slug = new_slug()
        server.apply(a_business(slug))
        api = f"{server.base_url}/api/v1/{slug}"
        for number in range(8):
            answer = asking.post(f"{api}/book", json=a_wish(tomorrow_at(10 + number)))
            assert answer.status_code == 201
            at = address_of(api, answer.json())
            assert asking.get(at).json() == answer.json()
            assert asking.post(f"{at}/cancellation").json()["status"] == "cancelled"
            assert asking.get(at).json()["status"] == "cancelled"
        server.apply(a_business(slug, name="New name"))
        assert {asking.get(api).json()["name"] for _ in range(8)} == {"New name"}

    def test_one_key_is_one_booking_whoever_answers(self, server: RunningServer) -> None:
        slug = new_slug()
        server.apply(a_business(slug))
        address, headers = f"{server.base_url}/api/v1/{slug}/book", {"Idempotency-Key": "key-1"}
        wish = a_wish(tomorrow_at(10))
        bodies = {asking.post(address, json=wish, headers=headers).content for _ in range(8)}
        assert len(bodies) == 1

    def test_a_worker_that_dies_is_replaced(self, server: RunningServer, ledger: Ledger) -> None:
        assert server.process is not None
        pid = server.process.pid
        before = set(children(pid))
        os.kill(before.pop(), signal.SIGKILL)
        wait_until(lambda: len(set(children(pid)) - before) == 1, "another worker is there")
        wait_until(lambda: both_have_answered(server, ledger), "it answers")


@pytest.fixture(scope="module")
def demo(scratch: Path) -> Iterator[RunningServer]:
    with RunningServer(None, scratch / "demo", "--demo") as server:
        yield server


class TestDemo:
    def test_it_works(self, demo: RunningServer) -> None:
        api = f"{demo.base_url}/api/v1/lumen"
        assert asking.get(api).json()["slug"] == "lumen"
        assert len(asking.get(f"{api}/staff").json()) == 5
        assert len(asking.get(f"{api}/services").json()) == 8

    def test_there_is_something_to_book_and_something_taken(self, demo: RunningServer) -> None:
        first = date.today() + timedelta(1)
        query = f"service=cut&from={first}&to={first + timedelta(12)}"
        address = f"{demo.base_url}/api/v1/lumen/availability?{query}"
        days = asking.get(address).json()["days"]
        assert sum(bool(day["slots"]) for day in days) >= 10
        assert bookings(demo.data_dir) >= 50

    def test_a_second_start_adds_nothing(self, demo: RunningServer) -> None:
        before = bookings(demo.data_dir)
        with RunningServer(None, demo.data_dir, "--demo") as again:
            assert asking.get(f"{again.base_url}/api/v1/lumen").status_code == 200
        assert bookings(demo.data_dir) == before

    def test_it_goes_on_when_a_second_server_on_its_database_stops(
        self, demo: RunningServer
    ) -> None:
        with RunningServer(None, demo.data_dir) as second:
            assert asking.get(f"{second.base_url}/api/v1/lumen").status_code == 200
        assert asking.get(f"{demo.base_url}/api/v1/lumen").status_code == 200
