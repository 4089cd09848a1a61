"""Proxies pass everything on, and cut where they are told; to a database: tests/races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from bookonce.platform.embedded import SOCKET_NAME
from bookonce.torture.proxies import Cut, HttpTalk, Proxy, database_proxy, http_proxy

BODY = {"start": "x" * 100_000}


class Shop:
    """A server that counts what it has got whole."""

    def __init__(self) -> None:
        self.got = 0

    async def take(self, request: web.Request) -> web.Response:
        await request.json()
        self.got += 1
        return web.json_response({"got": self.got})

    async def look(self, _: web.Request) -> web.Response:
        return web.json_response({"got": self.got})


@asynccontextmanager
async def open_shop() -> AsyncIterator[tuple[Shop, Proxy, str]]:
    """A shop, the proxy to it, and its address through the proxy."""
    shop, app = Shop(), web.Application(client_max_size=1_000_000)
    app.add_routes([web.post("/", shop.take), web.get("/", shop.look)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    target: int = runner.addresses[0][1]
    async with http_proxy(target) as (port, proxy):
        yield shop, proxy, f"http://127.0.0.1:{port}/"
    await runner.cleanup()


async def test_it_works() -> None:
    async with open_shop() as (_, proxy, address), aiohttp.ClientSession() as session:
        async with session.post(address, json=BODY) as answer:
            assert await answer.json() == {"got": 1}
        async with session.get(address) as answer:
            assert await answer.json() == {"got": 1}
    assert proxy.cuts == 0


@pytest.mark.parametrize(
    ("cut", "got"),
    [(Cut.BEFORE_THE_REQUEST, 0), (Cut.AFTER_THE_REQUEST, None), (Cut.BEFORE_THE_ANSWER, 1)],
)
async def test_a_request_cut_off_gets_no_answer(cut: Cut, got: int | None) -> None:
    """Whether the other side has done it is certain before the request and before the answer."""
    async with open_shop() as (shop, proxy, address), aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            await answer.read()
        proxy.arm(cut)
        with pytest.raises(aiohttp.ClientError):
            await session.post(address, json=BODY)
        await proxy.spent()
        assert proxy.cuts == 1
        assert shop.got in ((0, 1) if got is None else (got,))
        async with session.post(address, json=BODY) as answer:
            assert answer.status == 200


async def test_looking_is_not_cut() -> None:
    async with open_shop() as (_, proxy, address), aiohttp.ClientSession() as session:
        proxy.arm(Cut.BEFORE_THE_ANSWER)
        async with session.get(address) as answer:
            assert answer.status == 200
    assert proxy.cuts == 0


async def test_the_nth_request_and_as_many_as_told_are_cut() -> None:
    async with open_shop() as (shop, proxy, address), aiohttp.ClientSession() as session:
        proxy.arm(Cut.BEFORE_THE_ANSWER, request=2, times=2)
        outcomes: list[int | None] = []
        for _ in range(4):
            try:
                async with session.post(address, json=BODY) as answer:
                    outcomes.append(answer.status)
            except aiohttp.ClientError:
                outcomes.append(None)
        assert outcomes == [200, None, None, 200]
        assert shop.got == 4


async def test_disarmed_it_cuts_no_more() -> None:
    async with open_shop() as (_, proxy, address), aiohttp.ClientSession() as session:
        proxy.arm(Cut.BEFORE_THE_REQUEST, times=5)
        proxy.disarm()
        async with session.post(address, json=BODY) as answer:
            assert answer.status == 200


async def test_all_connections_can_be_cut_as_they_stand(database_url: str, tmp_path: Path) -> None:
    host = Path(database_url.partition("host=")[2])
    async with database_proxy(tmp_path / "s", lambda: host / SOCKET_NAME) as proxy:
        url = database_url.replace(str(host), str(tmp_path / "s"))
        connections = [await asyncpg.connect(url) for _ in range(3)]
        assert proxy.cut_all() == 3
        for connection in connections:
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await connection.fetchval("SELECT 1")
        again = await asyncpg.connect(url)
        assert await again.fetchval("SELECT 1") == 1
        await again.close()


async def test_a_proxy_to_nobody_ends_at_once(tmp_path: Path) -> None:
    async with database_proxy(tmp_path / "s", lambda: tmp_path / "nobody"):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s" / SOCKET_NAME))
        assert await reader.read() == b""
        writer.close()


def test_a_request_is_complete_when_its_body_is() -> None:
    talk = HttpTalk()
    assert not talk.asks(b"POST /book HTTP/1.1\r\nHost: x\r\nConte")
    assert not talk.asks(b"nt-Length: 5\r\n\r\n123")
    assert not talk.answers(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert talk.asks(b"45")
    assert talk.answers(b"HTTP/1.1 201 Created\r\n")
    assert not talk.answers(b"more of it")
