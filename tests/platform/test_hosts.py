"""An address with several hosts: whoever answers is found, however the others fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from bookonce.platform.database import Database
from bookonce.platform.embedded import SOCKET_NAME
from bookonce.platform.hosts import Hosts, connect, each_host


class SilentHost:
    """It accepts connections and says nothing, as a machine that hangs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.read()  # until the other side has given up
        writer.close()


@pytest.fixture
async def silent(tmp_path: Path) -> AsyncIterator[SilentHost]:
    host = SilentHost(tmp_path)
    async with await asyncio.start_unix_server(host.serve, str(tmp_path / SOCKET_NAME)):
        yield host


def with_host_before(folder: Path, url: str) -> str:
    """The address with another host that is asked first."""
    return url.replace("host=", f"host={folder},")


async def test_a_host_that_is_silent_does_not_hide_the_next(
    silent: SilentHost, database_url: str
) -> None:
    database = Database(with_host_before(silent.folder, database_url), connections_max=3)
    await database.open()
    async with database.connection() as one, database.connection() as another:
        assert await one.fetchval("SELECT 1") == 1
        assert await another.fetchval("SELECT 1") == 1
    await database.close()
    assert silent.asked == 1, "who answered last is asked first"


async def test_a_host_that_is_not_there_does_not_hide_the_next(
    tmp_path: Path, database_url: str
) -> None:
    connection = await connect(with_host_before(tmp_path, database_url), timeout=5)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_if_none_answers_the_last_one_is_heard(tmp_path: Path, database_url: str) -> None:
    none = database_url.partition("host=")[0] + f"host={tmp_path}/a,{tmp_path}/b"
    with pytest.raises(FileNotFoundError):
        await Hosts(none).connect(timeout=5)


async def test_a_standby_is_not_what_was_asked_for(database_url: str) -> None:
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
        await connect(database_url + "&target_session_attrs=standby", timeout=5)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@h/d", ["postgresql://u@h/d"]),
        ("postgresql://u@/d?host=/a", ["postgresql://u@/d?host=/a"]),
        (
            "postgresql://u:p%40@h1:5432,h2:5433/d?sslmode=require",
            [
                "postgresql://u:p%40@h1:5432/d?sslmode=require",
                "postgresql://u:p%40@h2:5433/d?sslmode=require",
            ],
        ),
        (
            "postgresql://[::1]:5,h/d?target_session_attrs=primary",
            [
                "postgresql://[::1]:5/d?target_session_attrs=primary",
                "postgresql://h/d?target_session_attrs=primary",
            ],
        ),
        (
            "postgresql://u@/d?host=/a,/b&port=1,2",
            ["postgresql://u@/d?host=%2Fa&port=1", "postgresql://u@/d?host=%2Fb&port=2"],
        ),
        (
            "postgresql://h1,h2/d?port=5",
            ["postgresql://h1/d?port=5", "postgresql://h2/d?port=5"],
        ),
    ],
)
def test_an_address_is_told_apart(url: str, expected: list[str]) -> None:
    assert each_host(url) == expected
