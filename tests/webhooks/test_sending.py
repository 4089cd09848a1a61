"""What a webhook is sent, and what becomes of each answer."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from bookonce.platform.actor import COMMAND_LINE
from bookonce.queue import halt_rows
from bookonce.webhooks import log, subscribe
from bookonce.webhooks.log_rows import Delivery
from bookonce.webhooks.retrying import (
    ATTEMPTS_MAX,
    RETRIES,
    Answer,
    Disabled,
    Health,
    Problem,
    ending_of,
)
from bookonce.webhooks.subscribe import Change
from tests.webhooks.conftest import KEY, LOOPBACK, Hooks
from tests.webhooks.receiver import Behaviour, Receiver, receiving, says, status

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GIGABYTE = 2**30


async def test_what_happens_arrives_signed_and_with_the_id_of_the_event(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, secret = await hooks.made(receiver.url)
        (event_id,) = await hooks.happens()
        await hooks.send()
        (came,) = receiver.received
        said = came.verified(secret)
        assert came.head == "POST /hook HTTP/1.1"
        assert came.id == said["data"]["id"] == str(event_id)
        assert said["type"] == "time.blocked"
        assert said["data"]["resource"] == "ada"
        assert "dentist" not in came.body.decode()
        with pytest.raises(WebhookVerificationError):
            came.verified("whsec_" + "A" * 43 + "=")
    (one,) = await hooks.log(webhook)
    assert (one.status, one.attempts, one.answer_status, one.answer) == (
        "delivered",
        1,
        200,
        "thanks",
    )


async def test_a_webhook_hears_of_its_kinds_alone(hooks: Hooks) -> None:
    async with receiving() as receiver:
        await hooks.made(receiver.url, "appointment.booked")
        await hooks.happens()
        await hooks.send()
        assert receiver.received == []


async def drip_head(writer: asyncio.StreamWriter, _: int) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_body(writer: asyncio.StreamWriter, _: int) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _byte in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def hang(writer: asyncio.StreamWriter, _: int) -> None:
    await asyncio.sleep(30)


def gushing(receiver: Receiver) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter, _: int) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n".encode())
        while receiver.sent_bytes < GIGABYTE:
            writer.write(bytes(65536))
            await writer.drain()
            receiver.sent_bytes += 65536

    return behave


async def endless_head(writer: asyncio.StreamWriter, _: int) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"y" * 1000 + b"\r\n")
        await writer.drain()


async def endless_continue(writer: asyncio.StreamWriter, _: int) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


def packed(size: int) -> Behaviour:
    body = gzip.compress(bytes(size))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return says(head.encode() + body)


LATER = (datetime.now(UTC) + 12 * HOUR).replace(microsecond=0)
"""From when this is read on: the tests may come to it much later."""
ANSWERS: dict[str, tuple[Behaviour, str, int | None, Problem | None]] = {
    "204": (status(204), "delivered", 204, None),
    "299": (status(299), "delivered", 299, None),
    "400": (status(400, body="no"), "waiting", 400, None),
    "410": (status(410), "failed", 410, None),
    "500": (status(500, body="oops\0\x1b[31m"), "waiting", 500, None),
    "429 in 2 h": (status(429, "Retry-After: 7200"), "waiting", 429, None),
    "503 till later": (
        status(503, f"Retry-After: {format_datetime(LATER, usegmt=True)}"), "waiting", 503, None,
    ),
    "429 for ever": (status(429, "Retry-After: 99999999999999"), "waiting", 429, None),
    "500 at once": (status(500, "Retry-After: soon"), "waiting", 500, None),
    "drips its head": (drip_head, "waiting", None, Problem.TIMEOUT),
    "drips its body": (drip_body, "delivered", 200, None),
    "hangs": (hang, "waiting", None, Problem.TIMEOUT),
    "hangs up": (says(b""), "waiting", None, Problem.NO_ANSWER),
    "no HTTP": (says(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "waiting", None, Problem.NO_ANSWER),
    "head without end": (endless_head, "waiting", None, Problem.NO_ANSWER),
    "100 without end": (endless_continue, "waiting", None, Problem.TIMEOUT),
    "says too much": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort"), "delivered", 200, None,
    ),
    "says too little": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nthis is longer"), "waiting", None,
        Problem.NO_ANSWER,
    ),
    "says nonsense": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n"), "waiting", None, Problem.NO_ANSWER,
    ),
    "a bomb": (packed(50_000_000), "delivered", 200, None),
}  # fmt: skip


async def test_each_answer_has_its_consequence(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once, since they mustn't hold up each other."""
    async with AsyncExitStack() as stack:
        elsewhere = await stack.enter_async_context(receiving())
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{elsewhere.port}")
        cases: dict[str, Any] = dict(ANSWERS)
        moved = status(301, f"Location: {elsewhere.url}")
        cases["301"] = (moved, "waiting", 301, None)
        cases["307"] = (status(307, f"Location: {elsewhere.url}"), "waiting", 307, None)
        fat = await stack.enter_async_context(receiving())
        fat.behave = gushing(fat)
        made = {"a gigabyte": (await hooks.made(fat.url))[0]}
        cases["a gigabyte"] = (None, "delivered", 200, None)
        for name, (behave, *_) in cases.items():
            if name not in made:
                receiver = await stack.enter_async_context(receiving(behave))
                made[name] = (await hooks.made(receiver.url))[0]
        nobody = await stack.enter_async_context(receiving())
        made["nobody there"], _ = await hooks.made(nobody.url.replace(str(nobody.port), "1"))
        cases["nobody there"] = (None, "waiting", None, Problem.UNREACHABLE)
        (event_id,) = await hooks.happens()
        began = datetime.now(UTC)
        await hooks.send()
        logs: dict[str, Delivery] = {}
        for name, webhook in made.items():
            logs[name] = next(d for d in await hooks.log(webhook) if d.event_id == event_id)
            found = logs[name].status, logs[name].answer_status, logs[name].problem
            assert found == cases[name][1:], name
        assert elsewhere.connections == 0
        assert fat.sent_bytes < GIGABYTE / 50
    assert logs["500"].answer == "oops  [31m"
    assert logs["says too much"].answer == "short"
    waits = {name: one.next_at - began for name, one in logs.items() if one.next_at}
    assert waits["429 in 2 h"] > 2 * HOUR - timedelta(seconds=1)
    assert began + waits["503 till later"] > LATER - timedelta(seconds=2)
    assert timedelta(hours=23) < waits["429 for ever"] < DAY + HOUR
    assert waits["500"] < timedelta(seconds=30)
    assert waits["500 at once"] < timedelta(seconds=30)
    gone = await hooks.found(made["410"])
    assert gone.disabled_why is Disabled.GONE


async def test_a_retry_has_the_same_id_and_bytes_and_a_time_of_its_own(hooks: Hooks) -> None:
    async with receiving(status(500)) as receiver:
        webhook, secret = await hooks.made(receiver.url)
        await hooks.happens()
        await hooks.send()
        await hooks.rows("UPDATE webhook_delivery SET created_at = created_at - interval '1 day'")
        receiver.behave = status(200)
        await asyncio.sleep(1.01)  # signatures have whole seconds
        await hooks.time_comes()
        await hooks.send()
        first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    first.verified(secret), second.verified(secret)
    (one,) = await hooks.log(webhook)
    assert (one.status, one.attempts) == ("delivered", 2)
    assert (await hooks.found(webhook)).failing_since is None


async def test_for_a_day_two_secrets_sign(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, old = await hooks.made(receiver.url)
        _, new = await subscribe.rotate(
            hooks.database, hooks.business_id, webhook.id,
            secret_key=KEY, actor=COMMAND_LINE, now=datetime.now(UTC),
        )  # fmt: skip
        await hooks.happens()
        await hooks.send()
        await hooks.rows("UPDATE webhook SET old_until = now()")
        await hooks.happens()
        await hooks.send()
        both, one = receiver.received
    for secret in (old, new):
        assert both.verified(secret)
    assert one.verified(new)
    with pytest.raises(WebhookVerificationError):
        one.verified(old)


async def test_secrets_are_sealed_and_a_lost_key_is_told(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, secret = await hooks.made(receiver.url)
        (row,) = await hooks.rows("SELECT webhook::text AS text FROM webhook")
        assert secret not in row["text"]
        hooks.installation = type(hooks.installation)(hooks.database, "another key" * 4)
        await hooks.happens()
        await hooks.send()
        assert receiver.received == []
    (one,) = await hooks.log(webhook)
    assert (one.status, one.problem) == ("waiting", Problem.SEAL_LOST)


async def test_after_days_of_failures_it_is_disabled_and_starts_afresh(hooks: Hooks) -> None:
    async with receiving(status(500)) as receiver:
        webhook, _ = await hooks.made(receiver.url)
        await hooks.happens(3)
        await hooks.send()
        await hooks.rows("UPDATE webhook SET failing_since = now() - interval '5 days'")
        await hooks.time_comes()
        await hooks.send()
        found = await hooks.found(webhook)
        assert found.disabled_why is Disabled.FAILING
        assert await hooks.statuses(webhook) == ["failed"] * 3
        told = await hooks.rows("SELECT data FROM event WHERE kind = 'webhook.disabled'")
        assert len(told) == 1
        seen = len(receiver.received)
        await hooks.happens()
        await hooks.send()
        assert len(receiver.received) == seen

        receiver.behave = status(200)
        await subscribe.change(
            hooks.database, hooks.business_id, webhook.id, Change(is_active=True),
            reach=LOOPBACK, actor=COMMAND_LINE, now=datetime.now(UTC),
        )  # fmt: skip
        since = webhook.created_at
        replayed = await log.replay(
            hooks.database, hooks.business_id, webhook.id, since=since, now=datetime.now(UTC)
        )
        assert replayed == 4
        await hooks.send()
        assert await hooks.statuses(webhook) == ["delivered"] * 4
        ids = {one.id for one in receiver.received[seen:]}
        assert ids == {str(one.event_id) for one in await hooks.log(webhook)}


async def test_one_is_sent_again_when_somebody_wants_it(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, _ = await hooks.made(receiver.url)
        (event_id,) = await hooks.happens()
        await hooks.send()
        await log.retry(
            hooks.database, hooks.business_id, webhook.id, event_id, now=datetime.now(UTC)
        )
        await hooks.send()
        assert [one.id for one in receiver.received] == [str(event_id)] * 2


async def test_what_is_removed_gets_nothing_more(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, _ = await hooks.made(receiver.url)
        await hooks.happens()
        await subscribe.remove(
            hooks.database, hooks.business_id, webhook.id, actor=COMMAND_LINE, now=datetime.now(UTC)
        )
        await hooks.happens()
        await hooks.send()
        assert receiver.received == []


async def test_a_restored_copy_sends_nothing_until_its_jobs_are_started(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, _ = await hooks.made(receiver.url)
        await hooks.happens()
        await hooks.database.run(halt_rows.halt, "it is a copy")
        async with hooks.sending() as lane:
            await lane._round()
        assert await hooks.statuses(webhook) == ["waiting"]
        await hooks.database.run(halt_rows.start)
        await hooks.send()
        assert await hooks.statuses(webhook) == ["delivered"]


def test_retries_go_on_for_two_days_and_their_last_is_the_end() -> None:
    assert timedelta(hours=47) < sum(RETRIES, timedelta()) < timedelta(hours=49)
    failed = Answer(500)
    for number in range(1, ATTEMPTS_MAX):
        ending = ending_of(failed, number, Health(), NOW, 0.0)
        assert (ending.status, ending.next_at) == ("waiting", NOW + RETRIES[number - 1])
        shifted = ending_of(failed, number, Health(), NOW, 1.0).next_at
        assert shifted is not None
        assert NOW + RETRIES[number - 1] < shifted < NOW + 1.2 * RETRIES[number - 1]
    assert ending_of(failed, ATTEMPTS_MAX, Health(), NOW).status == "failed"


def test_a_webhook_that_fails_rests_longer_each_time_up_to_a_minute() -> None:
    rests = [
        ending_of(Answer(500), 1, Health(failures, NOW), NOW).rest_until for failures in range(12)
    ]
    seconds = [(rest - NOW).total_seconds() for rest in rests if rest]
    assert seconds == [1, 2, 4, 8, 16, 32, *[60] * 6]
    put_off = Answer(429, retry_after=2 * HOUR)
    assert ending_of(put_off, 1, Health(), NOW).rest_until == NOW + 2 * HOUR
