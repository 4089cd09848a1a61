"""The unguessable token that opens one appointment.

The token is 256 random bits; of it only a hash is stored. Yet a repeated request must get the same
answer, token and all, from any server. So the token is kept beside the idempotency key sealed with
that key, of which only a hash is stored too: whoever sends the key again opens the seal, and a
copy of the database alone opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from uuid import UUID

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
TOKEN_BYTES = 32


def new_token() -> str:
    """A capability, as it stands in links."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether a text could be a capability at all."""
    return _TOKEN.fullmatch(text) is not None


def token_hash(token: str) -> bytes:
    """What is stored to recognise a token."""
    return hashlib.sha256(token.encode()).digest()


def seal(token: str, appointment_id: UUID, idempotency_key: str, secret_key: str) -> bytes:
    """What is stored to give the token again to whoever sends the key again.

    `secret_key` is the installation's, or empty; with it, a guessable key and a copy of the
    database are not enough to open the seal.
    """
    return _masked(
        base64.urlsafe_b64decode(token + "="), appointment_id, idempotency_key, secret_key
    )


def unseal(sealed: bytes, appointment_id: UUID, idempotency_key: str, secret_key: str) -> str:
    """The token again."""
    bare = _masked(sealed, appointment_id, idempotency_key, secret_key)
    return base64.urlsafe_b64encode(bare).rstrip(b"=").decode()


def _masked(data: bytes, appointment_id: UUID, idempotency_key: str, secret_key: str) -> bytes:
    """Data under a pad that is used for one appointment only; twice gives the data back."""
    key = hmac.digest(secret_key.encode(), idempotency_key.encode(), "sha256")
    pad = hmac.digest(key, appointment_id.bytes, "sha256")
    return bytes(one ^ other for one, other in zip(data, pad, strict=True))
