"""Many events, many receivers, some of them dead, and workers that die: none is lost, none waits for
another.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from bookonce.events import feed_rows
from bookonce.webhooks.deliver import Sender
from bookonce.webhooks.lane import Pace, WebhookLane
from bookonce.webhooks.poster import Patience, Poster
from bookonce.webhooks.retrying import Answer, Problem
from bookonce.webhooks.webhook_rows import Webhook
from tests.webhooks import dying
from tests.webhooks.conftest import LOOPBACK, QUICK, Hooks
from tests.webhooks.receiver import Receiver, receiving, says, status

ROOT = Path(__file__).parents[2]


async def started(hooks: Hooks, step: str = "") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.webhooks.dying", hooks.database.url, step,
        cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.parametrize("step", dying.STEPS)
async def test_of_a_worker_that_dies_the_next_one_sends_the_same_again(
    hooks: Hooks, step: str
) -> None:
    async with receiving() as receiver:
        webhook, secret = await hooks.made(receiver.url)
        (event_id,) = await hooks.happens()
        dead = await started(hooks, step)
        assert await dead.wait() == -signal.SIGKILL
        async with hooks.sending():
            await hooks.until(lambda: _delivered(hooks), "it is delivered")
        came = receiver.received
    assert {one.id for one in came} == {str(event_id)}
    assert len({one.body for one in came}) == 1
    assert all(one.verified(secret) for one in came)
    assert len(came) == (2 if step == "sent" else 1)
    assert await hooks.statuses(webhook) == ["delivered"]


async def _delivered(hooks: Hooks) -> bool:
    return not await hooks.rows("SELECT FROM webhook_delivery WHERE status <> 'delivered'")


async def hang(writer: asyncio.StreamWriter, _: int) -> None:
    await asyncio.sleep(3600)


@pytest.mark.parametrize(
    "events, living, lives_s, kills_max",
    [
        pytest.param(60, 4, 0.2, 2),
        pytest.param(
            10_000, 17, 5.0, 10_000, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)]
        ),
    ],
)
async def test_each_living_receiver_gets_each_event_whoever_dies(
    hooks: Hooks, events: int, living: int, lives_s: float, kills_max: int
) -> None:
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving()) for _ in range(living)]
        for behave in (hang, status(500), says(b"")):
            bad = await stack.enter_async_context(receiving(behave))
            await hooks.made(bad.url)
        for receiver in receivers:
            await hooks.made(receiver.url)
        happened: list[str] = []
        for _ in range(0, events, 1000):
            happened += [str(one) for one in await hooks.happens(min(events, 1000))]
        sent_ids = set(happened)
        kills = 0
        while not await _all_have(receivers, sent_ids):
            before = sum(len(receiver.received) for receiver in receivers)
            worker = await started(hooks)
            await hooks.until(partial(_goes_on, receivers, before), "the worker sends")
            if kills < kills_max:
                await asyncio.sleep(lives_s)
            else:
                await hooks.until(lambda: _all_have(receivers, sent_ids), "all have all")
            worker.kill()
            await worker.wait()
            kills += 1
        assert kills > min(kills_max, 1)
        for receiver in receivers:
            bodies = Counter(
                one.id for one in {(r.id, r.body): r for r in receiver.received}.values()
            )
            assert set(bodies) == sent_ids
            assert set(bodies.values()) == {1}
    assert sent_ids <= await in_feed(hooks)


def ids(receiver: Receiver) -> set[str]:
    return {one.id for one in receiver.received}


async def in_feed(hooks: Hooks) -> set[str]:
    """What the feed of events has."""
    while await hooks.database.transaction(feed_rows.give_places, hooks.business_id):
        pass
    found: set[str] = set()
    place = 0
    while some := await hooks.database.run(feed_rows.after, hooks.business_id, place, 1000):
        found |= {str(one.id) for one in some}
        place = some[-1].place
    return found


async def test_dead_receivers_hold_up_no_living_one(hooks: Hooks) -> None:
    """More dead ones than the whole lane has room for, and one that lives."""
    pace = Pace(brisk=4, unknown=2, sluggish=2, poll_s=0.05, grace_s=0)
    async with AsyncExitStack() as stack:
        bad = await stack.enter_async_context(receiving(hang))
        for number in range(12):
            await hooks.made(f"{bad.url}/{number}")
        await hooks.happens(5)
        await hooks.rows("UPDATE webhook SET failing_since = now(), failures = 1")
        good = await stack.enter_async_context(receiving())
        await hooks.made(good.url)
        sent = {str(one) for one in await hooks.happens(20)}
        async with hooks.sending(Poster(LOOPBACK, Patience(total_s=30)), pace):
            await hooks.until(lambda: _has(good, sent), "the living one has all")
            assert len(bad.received) <= pace.sluggish


async def _has(receiver: Receiver, sent: set[str]) -> bool:
    return sent <= ids(receiver)


async def _goes_on(receivers: list[Receiver], before: int) -> bool:
    return sum(len(receiver.received) for receiver in receivers) > before


async def _all_have(receivers: list[Receiver], sent: set[str]) -> bool:
    return all(sent <= ids(receiver) for receiver in receivers)


class _Faulty:
    """A poster with a fault of ours in it."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        raise KeyError("a fault")


async def test_a_fault_of_ours_is_kept_and_in_nobodys_way(hooks: Hooks) -> None:
    webhook, _ = await hooks.made("http://127.0.0.1:9/")
    await hooks.happens()
    stop = asyncio.Event()
    lane = WebhookLane(Sender(hooks.installation, _Faulty()), QUICK)
    running = asyncio.create_task(lane.run(stop))
    await hooks.until(partial(_has_failed, hooks, webhook), "it is given up")
    stop.set()
    await running
    (one,) = await hooks.log(webhook)
    assert one.problem is not None
    assert Problem(one.problem) is Problem.FAULT


async def _has_failed(hooks: Hooks, webhook: Webhook) -> bool:
    return await hooks.statuses(webhook) == ["failed"]


async def test_what_a_worker_left_behind_runs_out_while_it_lives(hooks: Hooks) -> None:
    """The database was away when its attempt ended."""
    async with receiving() as receiver:
        webhook, _ = await hooks.made(receiver.url)
        await hooks.happens()
        async with hooks.sending() as lane:
            await hooks.until(lambda: _delivered(hooks), "it is delivered")
            await hooks.rows(
                """
                UPDATE webhook_delivery SET status = 'sending', ended_at = NULL,
                    worker_id = $1, lease_until = now() + interval '0.2 s'
                """,
                lane.worker_id,
            )
            await hooks.until(lambda: _delivered(hooks), "it is sent again")
        assert len(receiver.received) == 2
        assert await hooks.statuses(webhook) == ["delivered"]
