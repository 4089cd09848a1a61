"""Where jobs are done: beside a server, or by a command of their own; and how both end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.commands import environment
from tests.running import COMMAND, RunningServer
from tests.web.ledger import Ledger
from tests.web.waiting import wait_until

STOP_S = 20


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with Ledger(database_url) as opened:
        yield opened


@pytest.fixture
def server(database_url: str, scratch: Path) -> Iterator[RunningServer]:
    place = scratch / f"jobs-{os.urandom(4).hex()}"
    with RunningServer(database_url, place, jobs=True) as running:
        yield running


def workers(ledger: Ledger) -> list[str]:
    return [str(row[0]) for row in ledger.fetch("SELECT worker_id FROM job_worker ORDER BY 1")]


def jobs_process(server: RunningServer) -> list[psutil.Process]:
    assert server.process is not None
    return [
        child
        for child in psutil.Process(server.process.pid).children()
        if "bookonce.cli.jobs_process" in child.cmdline()
    ]


class TestBesideAServer:
    def test_it_works_and_ends_with_the_server(self, server: RunningServer, ledger: Ledger) -> None:
        wait_until(lambda: len(workers(ledger)) == 1, "a worker is there")
        (child,) = jobs_process(server)
        assert server.stop(STOP_S) == 0
        assert not child.is_running()
        assert workers(ledger) == []  # it took its leave

    def test_one_that_dies_is_started_again(self, server: RunningServer, ledger: Ledger) -> None:
        wait_until(lambda: len(workers(ledger)) == 1, "a worker is there")
        (first,) = jobs_process(server)
        first.kill()
        wait_until(lambda: len(workers(ledger)) == 2, "another is there, too")
        assert "the jobs process had died" in server.log()
        assert server.stop(STOP_S) == 0

    def test_it_ends_when_the_server_is_killed(self, server: RunningServer, ledger: Ledger) -> None:
        wait_until(lambda: len(workers(ledger)) == 1, "a worker is there")
        (child,) = jobs_process(server)
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not child.is_running(), "the jobs process has ended")
        wait_until(lambda: workers(ledger) == [], "it took its leave")

    def test_the_keyboard_s_interrupt_ends_both(
        self, database_url: str, scratch: Path, ledger: Ledger
    ) -> None:
        with RunningServer(database_url, scratch / "interrupted-jobs", jobs=True) as server:
            wait_until(lambda: len(workers(ledger)) == 1, "a worker is there")
            (child,) = jobs_process(server)
            assert server.process is not None
            for each in (child.pid, server.process.pid):  # the terminal tells the whole group
                os.kill(each, signal.SIGINT)
            assert server.process.wait(STOP_S) == 0
            assert not child.is_running()

    def test_without_jobs_there_is_no_such_process(
        self, database_url: str, scratch: Path, ledger: Ledger
    ) -> None:
        with RunningServer(database_url, scratch / "no-jobs", "--no-jobs", jobs=True) as server:
            wait_until(lambda: "stop with Ctrl-C" in server.log(), "the greeting")
            assert jobs_process(server) == []
        assert workers(ledger) == []


class TestTheCommand:
    def test_it_works_until_it_is_told_to_stop(self, database_url: str, ledger: Ledger) -> None:
        worker = subprocess.Popen(
            [*COMMAND, "worker", "--database-url", database_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd="/",
        )
        try:
            wait_until(lambda: len(workers(ledger)) == 1, "a worker is there")
            worker.terminate()
            said, _ = worker.communicate(timeout=STOP_S)
        finally:
            worker.kill()
        assert worker.returncode == 0
        assert b"jobs worker stopped" in said
        assert b"Traceback" not in said
        assert workers(ledger) == []
