"""What becomes of a delivery and its webhook after an attempt: pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=16),
)
"""How long after the first, second … attempt that failed the next one comes: two days in all."""
JITTER = 0.1
ATTEMPTS_MAX = len(RETRIES) + 1
RETRY_AFTER_MAX = timedelta(days=1)
"""A receiver may put us off, but not for ever."""
REST_MAX = timedelta(minutes=1)
FAILING_MAX = timedelta(days=5)
"""A webhook that has only failed for so long is disabled."""
GONE = 410


class Problem(StrEnum):
    """Why an attempt got no answer."""

    REFUSED = "refused"  # the address is one that we don't send to
    NO_HOST = "no_host"  # its name leads nowhere
    UNREACHABLE = "unreachable"
    TLS = "tls"  # no trusted, encrypted connection
    TIMEOUT = "timeout"
    NO_ANSWER = "no_answer"  # it hung up, or what it said is no HTTP
    SEAL_LOST = "seal_lost"  # the installation's key is another one now
    FAULT = "fault"  # of ours
    DISABLED = "disabled"  # the webhook was disabled while the delivery waited


class Disabled(StrEnum):
    """Why a webhook is sent nothing any more. The database refuses any other word."""

    GONE = "gone"  # it answered 410
    FAILING = "failing"  # for days
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered, or why it didn't. `words` are the first of its body."""

    status: int | None = None
    words: str = ""
    problem: Problem | None = None
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver has it. A redirect isn't followed, so it has nothing."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Health:
    """How a webhook has done before this attempt."""

    failures: int = 0
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of it. `rest_until`: nothing is sent to the webhook before."""

    status: str
    next_at: datetime | None = None
    rest_until: datetime | None = None
    disabled: Disabled | None = None


def ending_of(
    answer: Answer, number: int, health: Health, now: datetime, chance: float = 0.5
) -> Ending:
    """After the nth attempt, counted from 1. `chance`, from 0 to 1, shifts the next one a little, so
    that what failed together doesn't come back together.
    """
    if answer.is_success:
        return Ending("delivered")
    if answer.status == GONE:
        return Ending("failed", disabled=Disabled.GONE)
    if health.failing_since is not None and now - health.failing_since >= FAILING_MAX:
        return Ending("failed", disabled=Disabled.FAILING)
    put_off = min(answer.retry_after or timedelta(), RETRY_AFTER_MAX)
    rest = max(put_off, min(REST_MAX, timedelta(seconds=2.0 ** min(health.failures, 10))))
    if number >= ATTEMPTS_MAX:
        return Ending("failed", rest_until=now + rest)
    wait = max(put_off, RETRIES[number - 1] * (1 + JITTER * chance))
    return Ending("waiting", now + wait, now + rest)
