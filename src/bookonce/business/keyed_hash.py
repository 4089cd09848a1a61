"""Hashes that only this installation can make, a different one for each business and purpose."""

from __future__ import annotations

import hashlib

from bookonce.business.directory import Directory


def keyed_hash(directory: Directory, secret_key: str, purpose: str, text: str) -> bytes:
    """16 bytes, by the business's own secret and the installation's, if it has one."""
    key = directory.secret.bytes + hashlib.sha256(secret_key.encode()).digest()
    return hashlib.blake2b(f"{purpose} {text}".encode(), key=key, digest_size=16).digest()
