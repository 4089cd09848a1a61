"""Agents at `/mcp`, with the protocol's own client: they find, hold, book, move and cancel, under the
guard of everyone and with the rights of their key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from bookonce.keys.scopes import Scope
from tests.cli.commands import bookonce
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.running import RunningServer
from tests.web.ledger import Ledger

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BOTH = pytest.mark.parametrize("mode", ["auto", "legacy"])
ZOE = {"name": "Zoe", "email": "zoe@example.com"}


class Salon:
    """A salon of the test's own, and the keys to it."""

    def __init__(self, server: RunningServer, slug: str) -> None:
        self.server, self.slug = server, slug

    def key(self, *scopes: Scope, name: str = "Assistant") -> str:
        outcome = bookonce(
            "key", "create", "--business", self.slug, "--name", name,
            "--scope", ",".join(scopes), "--database-url", self.server.database_url or "",
        )  # fmt: skip
        assert outcome.code == 0, outcome
        return outcome.out.strip()

    @asynccontextmanager
    async def agent(
        self, *scopes: Scope, mode: Any = "auto", key: str = ""
    ) -> AsyncIterator[Agent]:
        """An agent with a key of its own."""
        key = key or await asyncio.to_thread(self.key, *scopes)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"{self.server.base_url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                yield Agent(client)


class Agent:
    """A client of the protocol."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def tools(self) -> set[str]:
        return {tool.name for tool in (await self.client.list_tools()).tools}

    async def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool answered."""
        found = await self.client.call_tool(tool, arguments)
        assert not found.is_error, found.content
        return found.structured_content

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Why a tool refused."""
        found = await self.client.call_tool(tool, arguments)
        assert found.is_error, found.content
        problem: dict[str, Any] = found.structured_content
        return problem


@pytest.fixture
def salon(server: RunningServer, serve_business: Callable[..., str]) -> Salon:
    business = a_business(
        staff=[a_staff_member("ada"), a_staff_member("bea")],
        service=[a_service("cut"), a_service("beard", duration_min=15)],
    )
    return Salon(server, serve_business(business).rpartition("/")[2])


async def test_an_agent_answers_what_a_visitor_has_to(
    server: RunningServer, serve_business: Callable[..., str]
) -> None:
    rules = {"key": "rules", "name": "I agree", "kind": "consent", "required": True}
    salon = Salon(server, serve_business(a_business(question=[rules])).rpartition("/")[2])
    async with salon.agent(Scope.BOOK) as agent:
        [service] = (await agent.call("list_services"))["services"]
        assert [each["key"] for each in service["questions"]] == ["rules"]
        wish = {"services": ["cut"], "start": tomorrow_at(9).isoformat(), "client": ZOE}
        refused = await agent.refused("hold_or_book", **wish)
        assert [each["field"] for each in refused["errors"]] == ["answers.rules"]
        booked = await agent.call("hold_or_book", **wish, answers={"rules": "yes"})
        assert booked["appointment"]["status"] == "confirmed"


@BOTH
async def test_from_nothing_to_an_appointment_and_back(salon: Salon, mode: str) -> None:
    async with salon.agent(Scope.BOOK, mode=mode) as agent:
        offered = await agent.call("list_services")
        assert [one["key"] for one in offered["services"]] == ["cut", "beard"]
        first, second = (await agent.call("find_times", services=["cut"], limit=2))["times"]
        booked = await agent.call(
            "hold_or_book", services=["cut"], start=first["start"], staff="ada", client=ZOE
        )
        appointment = booked["appointment"]
        assert (appointment["status"], appointment["staff"]) == ("confirmed", "ada")
        assert booked["manage_url"].startswith(f"{salon.server.base_url}/{salon.slug}/a/")
        moved = await agent.call(
            "move_appointment", appointment=appointment["id"], start=second["start"]
        )
        assert moved["start"] == second["start"]
        assert (await agent.call("get_appointment", appointment=appointment["id"])) == moved
        gone = await agent.call("cancel_appointment", appointment=appointment["id"])
        assert gone["status"] == "cancelled"
        again = await agent.call("find_times", services=["cut"], limit=2)
        assert [one["start"] for one in again["times"]] == [first["start"], second["start"]]


async def test_of_twenty_who_want_one_time_one_gets_it_and_others_hear_of_others(
    salon: Salon,
) -> None:
    start = tomorrow_at(10).isoformat()
    keys = [await asyncio.to_thread(salon.key, Scope.BOOK)] * 20

    async def want(number: int, key: str) -> dict[str, Any]:
        async with salon.agent(key=key) as agent:
            found = await agent.client.call_tool(
                "hold_or_book",
                {
                    "services": ["cut"],
                    "start": start,
                    "staff": "ada",
                    "client": {"name": f"Client {number}", "email": f"c{number}@example.com"},
                },
            )
            answer: dict[str, Any] = found.structured_content
            return answer

    answers = await asyncio.gather(*(want(*each) for each in enumerate(keys)))
    won = [one for one in answers if "appointment" in one]
    lost = [one for one in answers if "code" in one]
    assert (len(won), len(lost)) == (1, 19)
    assert {one["code"] for one in lost} == {"BOOKING_CONFLICT"}
    assert all(one["alternatives"] for one in lost)


async def test_a_time_is_held_while_somebody_is_asked(salon: Salon) -> None:
    async with salon.agent(Scope.BOOK) as agent:
        wish = {"services": ["cut"], "start": tomorrow_at(9).isoformat(), "staff": "ada"}
        held = (await agent.call("hold_or_book", **wish, client=ZOE, hold_min=5))["appointment"]
        assert held["status"] == "held"
        other = {"name": "Yan", "email": "yan@example.com"}
        refusal = await agent.refused("hold_or_book", **wish, client=other)
        assert refusal["code"] == "BOOKING_CONFLICT"
        mine = await agent.call("confirm_appointment", appointment=held["id"])
        assert mine["status"] == "confirmed"


async def test_sent_again_it_is_done_once(salon: Salon) -> None:
    async with salon.agent(Scope.BOOK) as agent:
        wish = {"services": ["cut"], "start": tomorrow_at(9).isoformat(), "client": ZOE}
        first = await agent.call("hold_or_book", **wish, request_id="of Monday")
        second = await agent.call("hold_or_book", **wish, request_id="of Monday")
        assert second["appointment"]["id"] == first["appointment"]["id"]
        # Without a name for it, too: the same client doesn't want the same time twice.
        third = await agent.refused("hold_or_book", **wish)
        assert third["code"] == "STATUS_CONFLICT" or "already" in third["detail"]


async def test_it_is_bound_by_what_binds_visitors(server: RunningServer, salon: Salon) -> None:
    business = a_business(policy={"notice_min": 7 * 24 * 60})
    server.apply(business)
    strict = Salon(server, business.business.slug)
    async with strict.agent(Scope.OFFICE) as agent:
        wish = {"services": ["cut"], "start": tomorrow_at(9).isoformat(), "client": ZOE}
        assert (await agent.refused("hold_or_book", **wish))["code"] == "NOT_OFFERED"


@pytest.mark.parametrize(
    "scopes, lacking",
    [
        ([Scope.READ], {"hold_or_book", "move_appointment", "block_time", "mark_no_show"}),
        ([Scope.BOOK], {"agenda", "find_client", "block_time", "mark_no_show"}),
        ([Scope.SETTINGS], {"hold_or_book", "agenda", "find_client", "get_appointment"}),
        ([Scope.OFFICE], set[str]()),
    ],
    ids=["read", "book", "settings", "office"],
)
async def test_a_key_gives_the_tools_of_its_scopes(
    salon: Salon, scopes: list[Scope], lacking: set[str]
) -> None:
    async with salon.agent(Scope.OFFICE) as all_tools:
        every = await all_tools.tools()
    async with salon.agent(*scopes) as agent:
        listed = await agent.tools()
        assert lacking <= every - listed
        some = {"appointment": "00000000-0000-4000-8000-000000000000"}
        wishes: dict[str, dict[str, Any]] = {
            "hold_or_book": {"services": ["cut"], "start": "2030-01-01T00:00Z", "client": ZOE},
            "move_appointment": some | {"start": "2030-01-01T00:00Z"},
            "find_client": {"query": "zoe"},
            "block_time": {"staff": "ada", "from": "2030-01-01T00:00Z", "to": "2030-01-01T01:00Z"},
            "agenda": {},
        }
        for tool in lacking:
            refusal = await agent.refused(tool, **wishes.get(tool, some))
            assert refusal["code"] == "FORBIDDEN", tool


async def test_the_office_s_tools(salon: Salon) -> None:
    async with salon.agent(Scope.OFFICE) as agent:
        start = tomorrow_at(9)
        booked = await agent.call(
            "hold_or_book", services=["cut"], start=start.isoformat(), staff="ada", client=ZOE
        )
        day = start.date().isoformat()
        found = await agent.call("agenda", **{"from": day})
        assert [one["id"] for one in found["appointments"]] == [booked["appointment"]["id"]]
        clients = (await agent.call("find_client", query="zoé"))["clients"]
        assert [one["email"] for one in clients] == ["zoe@example.com"]
        lunch = {
            "staff": "bea",
            "from": (start + timedelta(hours=3)).isoformat(),
            "to": (start + timedelta(hours=4)).isoformat(),
        }
        assert (await agent.call("block_time", **lunch, reason="Lunch"))["reason"] == "Lunch"
        in_the_way = {**lunch, "staff": "ada", "from": start.isoformat()}
        refusal = await agent.refused("block_time", **in_the_way)
        assert refusal["code"] == "BLOCK_CONFLICT"
        early = await agent.refused("mark_no_show", appointment=booked["appointment"]["id"])
        assert early["code"] in ("TOO_EARLY", "STATUS_CONFLICT", "VALIDATION")


async def test_history_says_that_an_agent_did_it(salon: Salon) -> None:
    async with salon.agent(key=await asyncio.to_thread(salon.key, Scope.BOOK, name="Ava")) as agent:
        start = tomorrow_at(9).isoformat()
        await agent.call("hold_or_book", services=["cut"], start=start, client=ZOE)
    assert await asyncio.to_thread(who_booked, salon) == [("agent", "Ava")]


def who_booked(salon: Salon) -> list[tuple[str, str]]:
    """Kind and name of the actor of each booking."""
    assert salon.server.database_url
    with Ledger(salon.server.database_url) as ledger:
        rows = ledger.fetch(
            "SELECT actor->>'kind', actor->>'name' FROM event JOIN business USING (business_id) "
            f"WHERE current_slug = '{salon.slug}' AND kind = 'appointment.booked'"
        )
    return [(kind, name) for kind, name in rows]


async def test_wrong_arguments_are_named(salon: Salon) -> None:
    async with salon.agent(Scope.BOOK) as agent:
        refusal = await agent.refused("find_times", services=[], until="2026-12-01")
        assert refusal["code"] == "VALIDATION"
        assert {one["field"] for one in refusal["errors"]} == {"services", "until"}
        unknown = await agent.refused("find_times", services=["shave"])
        assert unknown["code"] == "NOT_FOUND"


async def test_what_belongs_to_another_business_is_not_there(
    server: RunningServer, salon: Salon
) -> None:
    async with salon.agent(Scope.BOOK) as agent:
        start = tomorrow_at(9).isoformat()
        booked = await agent.call("hold_or_book", services=["cut"], start=start, client=ZOE)
    other = a_business()
    server.apply(other)
    wish = {"appointment": booked["appointment"]["id"]}
    async with Salon(server, other.business.slug).agent(Scope.OFFICE) as stranger:
        for tool in ("get_appointment", "cancel_appointment", "confirm_appointment"):
            assert (await stranger.refused(tool, **wish))["code"] == "NOT_FOUND"
        moving = wish | {"start": start}
        assert (await stranger.refused("move_appointment", **moving))["code"] == "NOT_FOUND"
