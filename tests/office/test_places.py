"""Where a dragged appointment can be put is where a move of it succeeds, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer

BERLIN = ZoneInfo("Europe/Berlin")
TEN = tomorrow_at(10).astimezone(BERLIN).replace(hour=10)


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    for who in (cast.alice, cast.bob, cast.charlie):
        who.sign_in()
    yield cast
    cast.close()


def booked(cast: Cast, start: datetime) -> str:
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut", "start": start.isoformat(), "staff": "ada", "client": {"name": "Zoe"},
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def places(cast: Cast, appointment_id: str, **query: str) -> Any:
    days = {"from": TEN.date().isoformat(), "to": TEN.date().isoformat()} | query
    return cast.alice.browser.get(
        f"/office/{cast.slug}/appointments/{appointment_id}/places", params=days
    )


def state_at(found: dict[str, Any], start: datetime) -> str:
    told = f"{start:%Y-%m-%d %H:%M}"
    for kind, spans in found.items():
        if any(low <= told < high for low, high in spans["ada"]):
            return kind
    return "taken"


def test_each_place_is_what_a_move_there_comes_to(cast: Cast) -> None:
    zoes = booked(cast, TEN)
    booked(cast, TEN + timedelta(hours=2))
    yesterday = TEN.date() - timedelta(days=3)  # what has passed is against the rule of notice
    found = places(cast, zoes, **{"from": yesterday.isoformat()}).json()
    codes = {"free": None, "against_rules": "NOT_OFFERED", "taken": "BOOKING_CONFLICT"}
    seen = set()
    quarters = [TEN + timedelta(minutes=15 * number) for number in range(-4, 14)]
    for start in (TEN - timedelta(days=3), *quarters):
        answer = cast.alice.browser.post(
            f"/api/v1/{cast.slug}/office/appointments/{zoes}/move",
            json={"start": start.isoformat()},
        )
        state = state_at(found, start)
        refused = None if answer.status_code == 200 else answer.json()["code"]
        assert refused == codes[state], (start, state, answer.text)
        seen.add(state)
    assert seen == codes.keys()


@pytest.mark.parametrize("days", [{"from": ""}, {"to": "2026-02-30"}, {"to": "2000-01-01"}])
def test_days_that_make_no_sense_are_refused(cast: Cast, days: dict[str, str]) -> None:
    assert places(cast, booked(cast, TEN), **days).status_code == 422
