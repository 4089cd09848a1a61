"""Started by root, nobody who is spoken to from outside is root."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
import pytest

from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.postgres_programs import system_user
from tests.cli.commands import bookonce
from tests.factories import a_business
from tests.running import COMMAND, RunningServer

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
DEADLINE_S = 60
T = TypeVar("T")
IDS = ("Uid:", "Gid:", "Groups:", "NoNewPrivs:")


def rights(process: psutil.Process) -> dict[str, list[str]]:
    """What the kernel says of a process: real, effective, saved and file system ids, and so on."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    lines = [line.split() for line in status.splitlines()]
    return {line[0]: line[1:] for line in lines if line[0] in IDS}


def until(look: Callable[[], T], is_so: Callable[[T], bool]) -> T:
    """Poll until something holds; fail, telling what was seen last, when it doesn't."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)
    return seen


def lesser() -> dict[str, list[str]]:
    user = system_user()
    return {
        "Uid:": [str(user.pw_uid)] * 4,
        "Gid:": [str(user.pw_gid)] * 4,
        "Groups:": [],
        "NoNewPrivs:": ["1"],
    }


def spoken_to(parent: psutil.Process) -> dict[str, psutil.Process]:
    """The processes of a server that answer or do jobs, without those of its database."""
    found = {}
    for child in parent.children():
        try:
            line = " ".join(child.cmdline())
        except psutil.NoSuchProcess:  # one of the short ones that ask what a user can reach
            continue
        if "jobs_process" in line:
            found["jobs"] = child
        elif "spawn_main" in line:
            found["web"] = child
    return found


@pytest.mark.parametrize("is_embedded", [True, False], ids=["embedded", "own"])
def test_web_and_jobs_give_up_roots_rights(
    is_embedded: bool, new_database: Callable[[], str], scratch: Path
) -> None:
    url = None if is_embedded else new_database()
    with RunningServer(
        url, scratch / f"rights-{is_embedded}", "--workers", "2", jobs=True
    ) as server:
        assert server.process is not None
        parent = psutil.Process(server.process.pid)
        found = until(lambda: spoken_to(parent), lambda each: len(each) == 2)
        for process in found.values():
            until(partial(rights, process), lambda each: each == lesser())
        assert rights(parent)["Uid:"] == ["0"] * 4
        if url:
            server.apply(a_business("salon"))
            assert httpx.get(f"{server.base_url}/salon").status_code == 200
        assert "http_request" in httpx.get(f"{server.base_url}/metrics").text
        assert server.stop() == 0
        assert "run as root" not in server.log()


def test_a_worker_gives_them_up_too_and_leaves_the_database_behind(scratch: Path) -> None:
    data_dir = scratch / "rights-of-a-worker"
    environment = os.environ | {"BOOKONCE_DATA_DIR": str(data_dir)}
    log = data_dir.with_suffix(".log")
    with log.open("wb") as out:
        worker = subprocess.Popen([*COMMAND, "worker"], stdout=out, stderr=out, env=environment)
    try:
        found = until(lambda: spoken_to(psutil.Process(worker.pid)), lambda each: "jobs" in each)
        until(lambda: rights(found["jobs"]), lambda each: each == lesser())
        until(log.read_text, lambda text: "jobs worker started" in text)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert not (data_dir / "postgres/postmaster.pid").exists()
    finally:
        worker.kill()
        worker.wait()


def test_who_keeps_them_says_so_by_name(new_database: Callable[[], str], scratch: Path) -> None:
    environment = {"BOOKONCE_USER": "root"}
    with RunningServer(new_database(), scratch / "rights-root", environment=environment) as server:
        assert server.process is not None
        parent = psutil.Process(server.process.pid)
        found = until(lambda: spoken_to(parent), lambda each: "web" in each)
        assert rights(found["web"])["Uid:"] == ["0"] * 4


def test_a_user_who_is_not_there_is_refused(scratch: Path) -> None:
    outcome = bookonce(
        "serve", BOOKONCE_USER="nobody-of-that-name", BOOKONCE_DATA_DIR=str(scratch / "unused")
    )
    assert outcome.code == 1
    assert "BOOKONCE_USER there is no user 'nobody-of-that-name'" in outcome.err


def test_who_is_not_let_in_by_the_database_stays_root_and_says_so(scratch: Path) -> None:
    embedded = EmbeddedPostgres(scratch / "rights-closed")
    url = embedded.acquire()
    try:
        people = Path(url.partition("host=")[2]) / "pg_ident.conf"
        ours = [line for line in people.read_text().splitlines() if line.split()[1] == "root"]
        people.write_text("\n".join(ours) + "\n")
        postmaster = int((people.parent / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGHUP)
        with RunningServer(url, scratch / "rights-of-closed") as server:
            assert server.process is not None
            parent = psutil.Process(server.process.pid)
            found = until(lambda: spoken_to(parent), lambda each: "web" in each)
            assert rights(found["web"])["Uid:"] == ["0"] * 4
            assert "the database doesn't let in the user bookonce" in server.log()
        outcome = bookonce("serve", "--database-url", url, BOOKONCE_USER="bookonce")
        assert outcome.code == 1
        assert "BOOKONCE_USER the database doesn't let in the user bookonce" in outcome.err
    finally:
        embedded.release()
