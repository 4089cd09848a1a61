"""No request gives a 500: every route, every kind of attack, ten thousand requests each time and
ten times as many each night.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.platform.actor import SYSTEM
from bookonce.platform.database import Database
from bookonce.platform.settings import Settings
from tests.factories import a_booking, a_business, a_service, a_staff_member, a_visitor, tomorrow_at
from tests.web.asgi import Answer, InProcess, Request, in_process
from tests.web.hostile import World, attacks, operations
from tests.web.visitors import INSIDES

# Litestar's, of what its next version leaves out.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

EACH_RUN, EACH_NIGHT = 10_000, 100_000
NEIGHBOURS = ("Nora Neighbour", "Salon of the Neighbour", "nora@example.com")
FRESH_EACH = 400
"""After so many requests appointments are booked anew: most have been cancelled by then."""


class Attacked:
    """Two businesses with appointments, in an application that is attacked."""

    def __init__(self, asked: InProcess, installation: Installation, world: World) -> None:
        self.asked, self.installation, self.world = asked, installation, world
        self._starts = 0

    async def refresh(self) -> None:
        """Book some appointments in each business, and forget the oldest."""
        for slug, tokens, name in (
            (self.world.slug, self.world.tokens, "Zoe"),
            (self.world.neighbour, self.world.neighbours_tokens, NEIGHBOURS[0]),
        ):
            for service in ("cut", "wash"):
                self._starts += 1
                start = tomorrow_at(0) + timedelta(days=1, hours=self._starts)
                request = a_booking(
                    start, service, client=a_visitor(name, email="nora@example.com")
                )
                booked = await book(
                    self.installation, slug, request, actor=SYSTEM, now=datetime.now(UTC)
                )
                tokens.append(booked.token)
            del tokens[:-12]


@pytest.fixture
async def attacked(database_url: str, tmp_path: Path) -> AsyncIterator[Attacked]:
    settings = Settings(
        tmp_path,
        database_url=database_url,
        rate_limit=None,
        form_time_min_s=0,
        stripe_secret_key="sk_test_hostile",
        stripe_publishable_key="pk_test_hostile",
        stripe_webhook_secret="whsec_hostile",
        stripe_api_base="http://127.0.0.1:1",
    )
    database = Database(database_url, connections_max=2)
    await database.open()
    installation = Installation(database, providers={"on_site": OnSitePayments()})
    deposit = {"price": "40.00", "deposit": "10.00"}
    services = [a_service("cut"), a_service("dye", **deposit), a_service("wash")]
    ours = a_business(service=services, payments={"provider": "on_site"})
    theirs = a_business(
        service=services, staff=[a_staff_member("nora", name=NEIGHBOURS[0])], name=NEIGHBOURS[1]
    )
    for business in (ours, theirs):
        await apply_file.apply(database, business, now=datetime.now(UTC))
    likely = {
        "service": "cut", "services": None, "start": tomorrow_at(10).isoformat(), "staff": "ada",
        "client": {"name": "Zoe", "email": "zoe@example.com"}, "name": "Zoe", "lang": "en",
        "email": "zoe@example.com", "from": str(tomorrow_at(0).date()), "key": "k",
        "to": str(tomorrow_at(0).date()), "date": str(tomorrow_at(0).date()), "provider": "stripe",
    }  # fmt: skip
    world = World(ours.business.slug, theirs.business.slug, [], [], likely)
    async with in_process(settings) as asked:
        found = Attacked(asked, installation, world)
        await found.refresh()
        yield found
    await database.close()


def wrong_with(request: Request, answer: Answer, world: World) -> str:
    """What no answer may be, or have in it; empty if it is well."""
    if not 200 <= answer.status < 500:
        return f"answered {answer.status}"
    if b"\r" in b"".join(value for _, value in answer.headers):
        return "a header was injected"
    if not request.path.startswith((b"/static", b"/schema", b"/embed.js")):
        text = answer.body.decode(errors="replace")
        if words := [word for word in INSIDES if word in text]:
            return f"shows its insides: {words}"
        ours = request.path.split(b"/")[1:4]
        if world.neighbour.encode() not in ours and any(each in text for each in NEIGHBOURS[:2]):
            return "shows the neighbour's"
    return ""


async def attack(attacked: Attacked, count: int, seed: int) -> Counter[str]:
    """Send so many requests; how many of each kind got past the first refusals."""
    asked, world = attacked.asked, attacked.world
    reached: Counter[str] = Counter()
    for number, (operation, kind, request) in enumerate(
        attacks(asked.litestar, world, count, seed)
    ):
        if number % FRESH_EACH == FRESH_EACH - 1:
            await attacked.refresh()
        answer = await asked.ask(request)
        if wrong := wrong_with(request, answer, world):
            fault = asked.faults[-1] if asked.faults else ""
            raise AssertionError(
                f"seed {seed}, {kind} to {operation}: {wrong}\n{request}\n{fault!r}"
            )
        assert not asked.faults, f"seed {seed}, {kind} to {operation}\n{request}\n{asked.faults}"
        reached[kind] += answer.status in (200, 201, 303)
    return reached


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(EACH_RUN, marks=pytest.mark.timeout(600)),
        pytest.param(EACH_NIGHT, marks=[pytest.mark.nightly, pytest.mark.timeout(7200)]),
    ],
)
async def test_no_request_gives_a_500(attacked: Attacked, count: int) -> None:
    seed = int(os.environ.get("TEST_HOSTILE_SEED") or secrets.randbelow(2**31))
    reached = await attack(attacked, count, seed)
    assert all(reached[kind] > count // 500 for kind in ("hostile instant", "every header hostile"))


async def test_every_route_is_attacked(attacked: Attacked) -> None:
    found = operations(attacked.asked.litestar)
    paths = {route.path_format for route in attacked.asked.litestar.routes}
    assert {each.path for each in found} == paths
    posts = {each.takes for each in found if each.method == "POST"}
    assert posts == {"json", "form", "bytes"}
