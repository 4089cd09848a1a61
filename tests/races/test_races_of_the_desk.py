"""Desks and visitors at once: moves that are undone, overbookings that rise, and nothing overlaps."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bookonce.accounts.access import Access
from bookonce.availability.installation import Installation
from bookonce.availability.rules import Rule
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.business.document import Business
from bookonce.desk.book import book_at_desk
from bookonce.desk.change import cancel_at_desk, move_at_desk, reopen_at_desk, undo_at_desk
from bookonce.desk.request import DeskChange, DeskMove, Overbook
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookonceError, TryAgainError
from tests.desk.cast import a_desk_booking, somebody
from tests.factories import (
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)
from tests.races.harness import assert_sound, at_once

Open = Callable[[Business], Awaitable[str]]
MINUTE = timedelta(minutes=1)


def visitors(installation: Installation, slug: str, start: datetime, number: int) -> list[Any]:
    return [
        partial(
            book,
            installation,
            slug,
            a_booking(start, staff="ada", client=a_visitor(f"V{each}")),
            actor=VISITOR,
            now=datetime.now(UTC),
        )
        for each in range(number)
    ]


async def undone_under_visitors(
    installation: Installation, slug: str, alice: Access, start: datetime
) -> None:
    """One move, undone while visitors want both times: none of them may have the old one."""
    now = datetime.now(UTC)
    wish = a_desk_booking(start)
    mine = (await book_at_desk(installation, slug, wish, access=alice, now=now)).appointment
    to = start + 15 * MINUTE if start.hour % 2 else start + 30 * MINUTE
    await move_at_desk(
        installation, slug, mine.id, DeskMove(start=to), access=alice, now=datetime.now(UTC)
    )
    undo = partial(undo_at_desk, installation, slug, mine.id, access=alice, now=datetime.now(UTC))
    results = await at_once(
        [
            *visitors(installation, slug, start, 4),
            undo,
            *visitors(installation, slug, start + 30 * MINUTE, 4),
        ]
    )
    undone = results[4]
    assert not isinstance(undone, BaseException), undone
    assert undone.appointment.start == start
    got = [result for result in results[:4] if not isinstance(result, BaseException)]
    assert got == []


@pytest.mark.parametrize(
    "rounds", [10, pytest.param(500, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)])]
)
async def test_an_undo_can_not_fail(
    installation: Installation, open_business: Open, database_url: str, rounds: int
) -> None:
    business = a_business(policy={"horizon_days": 365}, staff=[a_staff_member("ada")])
    slug = await open_business(business)
    alice = await somebody(installation, slug)
    for each in range(rounds):
        start = tomorrow_at(2) + timedelta(hours=2 * (each % 10), days=each // 10)
        await undone_under_visitors(installation, slug, alice, start)
    await assert_sound(database_url)


OVER = Overbook(reason="Squeezed in")


class Crowd:
    """Two desks and the public page, each doing what comes to mind."""

    def __init__(self, installation: Installation, slug: str, alice: Access, seed: int) -> None:
        self.installation, self.slug, self.alice = installation, slug, alice
        self.random = random.Random(seed)
        self.known: list[Any] = []
        self.times = [tomorrow_at(10) + 15 * each * MINUTE for each in range(8)]

    def one(self) -> Callable[[], Awaitable[Any]]:
        """Something to do."""
        installation, slug, now = self.installation, self.slug, datetime.now(UTC)
        start, who = self.random.choice(self.times), self.random.choice(("ada", "ben"))
        by_desk: dict[str, Any] = {"access": self.alice, "now": now}
        if not self.known or self.random.random() < 0.35:
            if self.random.random() < 0.5:
                name = f"V{self.random.randrange(10**9)}"
                wish = a_booking(start, staff=who, client=a_visitor(name))
                return partial(book, installation, slug, wish, actor=VISITOR, now=now)
            more: Any = self.random.choice(
                ({}, {"overbook": OVER}, {"break_rules": (Rule.BUFFER,)})
            )
            wish_at_desk = a_desk_booking(start, staff=who, client=None, **more)
            return partial(book_at_desk, installation, slug, wish_at_desk, **by_desk)
        mine = self.random.choice(self.known)
        move = DeskMove(
            start=start,
            staff=who,
            overbook=OVER if self.random.random() < 0.4 else None,
            break_rules=(Rule.BUFFER,) if self.random.random() < 0.3 else (),
        )
        return self.random.choice(
            (
                partial(move_at_desk, installation, slug, mine, move, **by_desk),
                partial(undo_at_desk, installation, slug, mine, **by_desk),
                partial(cancel_at_desk, installation, slug, mine, DeskChange(), **by_desk),
                partial(reopen_at_desk, installation, slug, mine, DeskChange(), **by_desk),
                partial(cancel, installation, slug, mine, actor=VISITOR, now=now),
            )
        )


@pytest.mark.parametrize(
    "rounds", [12, pytest.param(400, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)])]
)
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_desks_do_overlaps_are_said_and_no_other(
    installation: Installation,
    open_business: Open,
    database_url: str,
    seed: int,
    rounds: int,
) -> None:
    business = a_business(
        staff=[a_staff_member("ada"), a_staff_member("ben")],
        service=[a_service(buffer_after_min=10)],
    )
    slug = await open_business(business)
    alice = await somebody(installation, slug)
    crowd = Crowd(installation, slug, alice, seed)
    for _ in range(rounds):
        results = await at_once([crowd.one() for _ in range(8)])
        for result in results:
            if isinstance(result, BaseException):
                assert isinstance(result, BookonceError), repr(result)
                assert not isinstance(result, TryAgainError), repr(result)
            elif result.appointment.id not in crowd.known:
                crowd.known.append(result.appointment.id)
        await assert_sound(database_url)
