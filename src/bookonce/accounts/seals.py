"""Secrets that have to be read again, sealed: a copy of the database alone opens none where the
installation has a secret key.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


def seal(secret: str, account_id: UUID, secret_key: str) -> bytes:
    """What is stored of an account's secret."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(account_id, secret_key).encrypt(nonce, secret.encode(), account_id.bytes)


def unseal(sealed: bytes, account_id: UUID, secret_key: str) -> str | None:
    """The secret; None if it was sealed under another key. One that was sealed before the
    installation got a secret key is opened, too.
    """
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in dict.fromkeys((secret_key, "")):
        try:
            return _cipher(account_id, key).decrypt(nonce, body, account_id.bytes).decode()
        except InvalidTag:
            continue
    return None


def _cipher(account_id: UUID, secret_key: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=account_id.bytes, info=b"bookonce totp")
    return AESGCM(derived.derive(secret_key.encode() or b"no secret key is set"))
