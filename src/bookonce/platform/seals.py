"""Secrets that have to be read again, sealed: a copy of the database alone opens none where the
installation has a secret key.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class Purpose(StrEnum):
    """What a secret is for. A seal of one purpose opens for no other."""

    TOTP = "totp"  # an account's second factor
    WEBHOOK = "webhook"  # signs what a webhook is sent


def seal(secret: str, owner_id: UUID, secret_key: str, purpose: Purpose) -> bytes:
    """What is stored of a secret that belongs to an account, or to a webhook."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    cipher = _cipher(owner_id, secret_key, purpose)
    return nonce + cipher.encrypt(nonce, secret.encode(), owner_id.bytes)


def unseal(sealed: bytes, owner_id: UUID, secret_key: str, purpose: Purpose) -> str | None:
    """The secret; None if it was sealed under another key. One that was sealed before the
    installation got a secret key is opened, too.
    """
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in dict.fromkeys((secret_key, "")):
        try:
            return _cipher(owner_id, key, purpose).decrypt(nonce, body, owner_id.bytes).decode()
        except InvalidTag:
            continue
    return None


def _cipher(owner_id: UUID, secret_key: str, purpose: Purpose) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=owner_id.bytes, info=f"bookonce {purpose}".encode())
    return AESGCM(derived.derive(secret_key.encode() or b"no secret key is set"))
