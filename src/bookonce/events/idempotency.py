"""Idempotency keys: the same key gives the same answer, under any race or crash."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

import msgspec

from bookonce.platform.errors import FieldError, IdempotencyMismatchError, ValidationError

LATER_FIELDS = frozenset({"location", "services", "again", "answers"})
"""Fields that requests have got since the first version. Where they aren't used a request hashes
as it did before, so that a key is recognised across an upgrade.
"""
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A key and the request it came with; of both only hashes are stored.

    A request without a key gets one of its own, so that a lost connection can be resolved; but
    only a key that came from outside remembers refusals.
    """

    key: str
    request_hash: bytes
    from_outside: bool

    @property
    def key_hash(self) -> bytes:
        """What is stored of the key."""
        return hashlib.sha256(self.key.encode()).digest()

    @classmethod
    def of(cls, key: str | None, *request: Any) -> Idempotency:
        """`request` is everything that makes it this request and no other.

        Raises ValidationError if the key isn't 1 to 255 printable ASCII characters.
        """
        if key is not None and not _KEY.fullmatch(key):
            raise ValidationError(
                [FieldError("Idempotency-Key", "expected 1 to 255 printable ASCII characters")]
            )
        return cls(
            key or secrets.token_hex(32),
            hashlib.sha256(msgspec.json.encode([_as_ever(part) for part in request])).digest(),
            key is not None,
        )

    def require_same(self, request_hash: bytes | None) -> None:
        """Refuse a key that was used with another request. Raises IdempotencyMismatchError."""
        if request_hash != self.request_hash:
            raise IdempotencyMismatchError(
                "This Idempotency-Key was used with another request; make a new one."
            )


def _as_ever(part: Any) -> Any:
    if not isinstance(part, msgspec.Struct):
        return part
    return {
        name: value
        for name, value in msgspec.structs.asdict(part).items()
        if value is not None or name not in LATER_FIELDS
    }
