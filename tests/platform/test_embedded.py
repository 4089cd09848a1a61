"""The embedded server: private, shared while used, stopped by the last."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.postgres_programs import EmbeddedPostgresError
from bookonce.platform.settings import Settings

BINARIES = Settings.read().postgres_bin


@pytest.fixture
def data_dir(scratch: Path) -> Iterator[Path]:
    folder = scratch / uuid.uuid4().hex[:8]
    yield folder
    EmbeddedPostgres(folder, BINARIES).stop_if_running()


def modes(folder: Path) -> dict[Path, int]:
    """The permissions of a folder and all above it."""
    return {place: stat.S_IMODE(place.stat().st_mode) for place in (folder, *folder.parents)}


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_works(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    url = embedded.acquire()
    assert await ask(url, "SELECT current_user::text") == "bookonce"
    assert await ask(url, "SHOW fsync") == "on"
    assert await ask(url, "SHOW listen_addresses") == ""
    assert await ask(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert embedded.release()


def test_no_permission_of_an_existing_folder_is_changed(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    before = modes(data_dir)
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    embedded.acquire()
    embedded.release()
    assert modes(data_dir) == before


def test_a_private_folder_of_roots_still_gets_its_database(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    embedded = EmbeddedPostgres(data_dir / "deep" / "down", BINARIES)
    first = embedded.acquire()
    embedded.release()
    again = EmbeddedPostgres(data_dir / "deep" / "down", BINARIES)
    assert again.acquire() == first
    again.release()
    shutil.rmtree(first.partition("host=")[2])


def test_strangers_can_not_enter_the_socket_folder(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    url = embedded.acquire()
    folder = Path(url.partition("host=")[2])
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    embedded.release()


def test_nobody_is_trusted(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    url = embedded.acquire()
    rules = (Path(url.partition("host=")[2]) / "pg_hba.conf").read_text()
    assert rules.splitlines() == [
        "local all all peer map=bookonce",
        "local replication all peer map=bookonce",
    ]
    embedded.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_of_the_machine_is_refused(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    url = embedded.acquire()
    refused = subprocess.run(
        ["/bin/sh", "-c", f"ls {url.partition('host=')[2]}"],
        user="nobody",
        group="nogroup",
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    assert refused.returncode != 0
    embedded.release()


async def test_the_last_one_out_stops_the_server(data_dir: Path) -> None:
    one, other = EmbeddedPostgres(data_dir, BINARIES), EmbeddedPostgres(data_dir, BINARIES)
    url = one.acquire()
    assert other.acquire() == url
    assert one.release() is False
    assert await ask(url, "SELECT 1") == 1
    assert other.release() is True
    with pytest.raises(OSError, match=r"No such file|refused"):
        await ask(url, "SELECT 1")


async def test_a_user_that_was_killed_does_not_keep_it_running(data_dir: Path) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path;"
        "from bookonce.platform.embedded import EmbeddedPostgres;"
        f"EmbeddedPostgres(Path({str(data_dir)!r}), {BINARIES!r}).acquire();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", "from pathlib import PosixPath;" + code], check=False)
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    embedded.acquire()
    assert embedded.release() is True


def test_data_of_another_major_version_is_refused_with_advice(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir, BINARIES)
    url = embedded.acquire()
    embedded.release()
    (Path(url.partition("host=")[2]) / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 9"):
        embedded.acquire()


async def test_a_path_too_long_for_a_socket_works(data_dir: Path) -> None:
    embedded = EmbeddedPostgres(data_dir / ("long" * 30), BINARIES)
    url = embedded.acquire()
    assert await ask(url, "SELECT 1") == 1
    embedded.release()
