"""Text messages by Twilio's API, as a real HTTP server on loopback speaks it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.move import MoveRequest, move
from bookonce.messages.outgoing import SMS, Ways
from bookonce.messages.send import Sender
from bookonce.messages.twilio import Twilio
from bookonce.platform.actor import COMMAND_LINE, VISITOR
from tests.factories import a_booking, a_business, a_visitor, now, tomorrow_at
from tests.messages.conftest import Desk, Open

SID, TOKEN = "AC0123", "se:cret/"


@dataclass
class Exchange:
    """What the server got, and what it is to answer."""

    port: int = 0
    texts: list[dict[str, str]] = field(default_factory=list)
    status: int = 201
    said: dict[str, object] = field(default_factory=lambda: {"sid": "SM1", "status": "queued"})
    hangs_up: bool = False

    @property
    def url(self) -> str:
        return f"twilio://{SID}:se%3Acret%2F@127.0.0.1:{self.port}/+15550100"

    async def messages(self, request: web.Request) -> web.Response:
        assert request.match_info["account"] == SID
        assert (
            request.headers["Authorization"]
            == f"Basic {base64.b64encode(f'{SID}:{TOKEN}'.encode()).decode()}"
        )
        form = await request.post()
        self.texts.append({name: str(value) for name, value in form.items()})
        if self.hangs_up:
            assert request.transport is not None
            request.transport.close()
        return web.json_response(self.said, status=self.status)


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A server that speaks Twilio's Messages."""
    made = Exchange()
    application = web.Application()
    application.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", made.messages)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


async def moved_by_the_business(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business(messages={"sms": True}))
    client = a_visitor("Zoe", phone="+49 30 1234567")
    wish = a_booking(tomorrow_at(9), client=client)
    booked = await book(installation, slug, wish, actor=VISITOR, now=now())
    request = MoveRequest(start=tomorrow_at(9) + timedelta(hours=2))
    await move(installation, slug, booked.appointment.id, request, actor=COMMAND_LINE, now=now())
    await desk.make()


async def text_all(desk: Desk, exchange: Exchange) -> None:
    gateway = Twilio(exchange.url)
    sender = Sender(desk.installation, Ways(sms_url=exchange.url), None, gateway)
    async with desk.sending(SMS, sender):
        await desk.until(lambda: none_due(desk), "no text is due")
    await gateway.close()
    await asyncio.sleep(0)


async def none_due(desk: Desk) -> bool:
    return not await desk.rows(
        "SELECT FROM message WHERE way = 'sms' AND"
        " (status = 'sending' OR (status = 'waiting' AND next_at <= now()))"
    )


async def test_a_client_is_told_of_a_move_by_telephone(
    desk: Desk, exchange: Exchange, open_business: Open, installation: Installation
) -> None:
    await moved_by_the_business(desk, open_business, installation)
    await text_all(desk, exchange)
    (text,) = exchange.texts
    assert text["To"] == "+49301234567"
    assert text["From"] == "+15550100"
    assert text["Body"].startswith("Lumen Hair: ")
    assert await desk.statuses(way="sms") == ["sent"]


async def test_a_number_that_can_t_be_reached_is_refused_for_good(
    desk: Desk, exchange: Exchange, open_business: Open, installation: Installation
) -> None:
    exchange.status = 400
    exchange.said = {"code": 21211, "message": "The 'To' number is not a valid phone number."}
    await moved_by_the_business(desk, open_business, installation)
    await text_all(desk, exchange)
    (row,) = await desk.messages(way="sms")
    assert row["status"] == "failed"
    assert "21211" in row["reason"]


async def test_too_many_at_once_are_tried_again(
    desk: Desk, exchange: Exchange, open_business: Open, installation: Installation
) -> None:
    exchange.status, exchange.said = 429, {"code": 20429}
    await moved_by_the_business(desk, open_business, installation)
    await text_all(desk, exchange)
    assert await desk.statuses(way="sms") == ["waiting"]


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_a_text_without_an_answer_is_not_sent_again(
    desk: Desk,
    exchange: Exchange,
    open_business: Open,
    installation: Installation,
    hangs_up: bool,
) -> None:
    exchange.hangs_up, exchange.status = hangs_up, 500
    await moved_by_the_business(desk, open_business, installation)
    await text_all(desk, exchange)
    assert await desk.statuses(way="sms") == ["unknown"]
    assert len(exchange.texts) == 1


async def test_a_gateway_that_is_away_loses_nothing(
    desk: Desk, exchange: Exchange, open_business: Open, installation: Installation
) -> None:
    port, exchange.port = exchange.port, 1
    await moved_by_the_business(desk, open_business, installation)
    await text_all(desk, exchange)
    assert await desk.statuses(way="sms") == ["waiting"]
    exchange.port = port
    await desk.rows("UPDATE message SET next_at = now() WHERE way = 'sms'")
    await text_all(desk, exchange)
    assert await desk.statuses(way="sms") == ["sent"]


async def test_what_the_client_did_is_not_told_by_telephone(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business(messages={"sms": True}))
    client = a_visitor("Zoe", phone="+49 30 1234567")
    wish = a_booking(tomorrow_at(9), client=client)
    booked = await book(installation, slug, wish, actor=VISITOR, now=now())
    request = MoveRequest(start=tomorrow_at(11))
    await move(installation, slug, booked.appointment.id, request, actor=VISITOR, now=now())
    await desk.make()
    assert await desk.messages(way="sms") == []
