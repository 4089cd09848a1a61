"""What a server says, and to which stream, from its start to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cli.commands import environment
from tests.running import COMMAND, free_port
from tests.web.waiting import wait_until


class Started:
    """A server with its two streams apart, in a group of processes of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(free_port())],
                stdout=out, stderr=err, cwd="/", start_new_session=True,
                env=environment(BOOKONCE_DATABASE_URL=url, BOOKONCE_DATA_DIR=str(folder)),
            )  # fmt: skip

    def jobs_process(self) -> list[int]:
        """The process that does the jobs, from the moment it is there."""
        children = psutil.Process(self.process.pid).children()
        return [one.pid for one in children if "jobs_process" in " ".join(one.cmdline())]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_signal_to_all_of_it_is_no_death_of_the_jobs_process(
    scratch: Path, new_database: Callable[[], str], number: signal.Signals
) -> None:
    """As Ctrl-C in a terminal, at the earliest moment: the child has only just begun."""
    started = Started(new_database(), scratch / f"stopping-{number.name}")
    wait_until(lambda: bool(started.jobs_process()), "the jobs process")
    os.killpg(started.process.pid, number)
    assert started.process.wait(60) == 0
    said = started.err.read_text()
    assert "Bookonce is open" in said
    assert "died" not in said
    assert "Traceback" not in said + started.out.read_text()


def test_each_line_of_the_output_is_a_json_object(
    scratch: Path, new_database: Callable[[], str]
) -> None:
    started = Started(new_database(), scratch / "streams")
    wait_until(lambda: "jobs worker started" in started.out.read_text(), "a worker")
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(60) == 0
    lines = started.out.read_text().splitlines()
    assert len(lines) > 1
    for line in lines:
        assert json.loads(line)["event"]
    assert "stop with Ctrl-C" in started.err.read_text()
