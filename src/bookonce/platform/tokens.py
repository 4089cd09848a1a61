"""Unguessable tokens: 256 random bits, of which only a hash is stored."""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
TOKEN_BYTES = 32


def new_token() -> str:
    """A capability, as it stands in links and cookies."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether a text could be a capability at all."""
    return _TOKEN.fullmatch(text) is not None


def token_hash(token: str) -> bytes:
    """What is stored to recognise a token."""
    return hashlib.sha256(token.encode()).digest()
