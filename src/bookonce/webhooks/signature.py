"""Secrets and signatures as Standard Webhooks 1.0 has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """What sender and receiver share."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(event_id: UUID, body: bytes, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that go with a body: its id, the time of this attempt, a signature by each secret."""
    at = str(int(now.timestamp()))
    signed = b".".join([str(event_id).encode(), at.encode(), body])
    return {
        "webhook-id": str(event_id),
        "webhook-timestamp": at,
        "webhook-signature": " ".join(_signature(key, signed) for key in keys),
    }


def _signature(key: str, signed: bytes) -> str:
    plain = base64.b64decode(key.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(plain, signed, hashlib.sha256).digest()).decode()
