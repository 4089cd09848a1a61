"""What a webhook is sent, and what becomes of each answer."""

from __future__ import annotations

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from tests.webhooks.conftest import Hooks
from tests.webhooks.receiver import receiving


async def test_what_happens_arrives_signed_and_with_the_id_of_the_event(hooks: Hooks) -> None:
    async with receiving() as receiver:
        webhook, secret = await hooks.made(receiver.url)
        (event_id,) = await hooks.happens()
        await hooks.send()
        (came,) = receiver.received
        said = came.verified(secret)
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
