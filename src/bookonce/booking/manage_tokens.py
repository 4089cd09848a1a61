"""Keeping the unguessable token that opens one appointment.

Of a token only a hash is stored (`platform/tokens.py`). Yet a repeated request must get the same
answer, token and all, from any server. So the token is kept beside the idempotency key sealed with
that key, of which only a hash is stored too: whoever sends the key again opens the seal, and a
copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import hmac
from uuid import UUID

from bookonce.platform.tokens import TOKEN_BYTES

TAG_BYTES = 16


def seal(token: str, appointment_id: UUID, idempotency_key: str, secret_key: str) -> bytes:
    """What is stored to give the token again to whoever sends the key again.

    `secret_key` is the installation's, or empty; with it, a guessable key and a copy of the
    database are not enough to open the seal.
    """
    key = _key(idempotency_key, secret_key)
    sealed = _masked(base64.urlsafe_b64decode(token + "="), appointment_id, key)
    return sealed + _tag(sealed, key)


def unseal(
    sealed: bytes, appointment_id: UUID, idempotency_key: str, secret_key: str
) -> str | None:
    """The token again; None if it was sealed under another secret key."""
    key = _key(idempotency_key, secret_key)
    body, tag = sealed[:TOKEN_BYTES], sealed[TOKEN_BYTES:]
    if not hmac.compare_digest(tag, _tag(body, key)):
        return None
    return base64.urlsafe_b64encode(_masked(body, appointment_id, key)).rstrip(b"=").decode()


def _key(idempotency_key: str, secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), idempotency_key.encode(), "sha256")


def _masked(data: bytes, appointment_id: UUID, key: bytes) -> bytes:
    """Data under a pad that is used for one appointment only; twice gives the data back."""
    pad = hmac.digest(key, b"pad" + appointment_id.bytes, "sha256")
    return bytes(one ^ other for one, other in zip(data, pad, strict=True))


def _tag(sealed: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"tag" + sealed, "sha256")[:TAG_BYTES]
