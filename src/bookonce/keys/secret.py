"""A key as a program sends it: `bko_`, 32 characters of chance, and a checksum.

The beginning tells scanners of source code what they have found; the checksum tells a key that was
cut off or mistyped from one that isn't known, without asking the database.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "bko_"
CHANCE_LENGTH = 32
CHECKSUM_LENGTH = 6
SHOWN_LENGTH = 8
"""So much of a key is kept to be shown: enough to find it in one's own list."""
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{CHANCE_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})")


def new_secret() -> str:
    """A key that nobody can guess: 190 bits of chance."""
    chance = "".join(secrets.choice(_ALPHABET) for _ in range(CHANCE_LENGTH))
    return f"{PREFIX}{chance}{_checksum(chance)}"


def is_secret(text: str) -> bool:
    """Whether a text could be a key at all."""
    match = _FORM.fullmatch(text)
    return match is not None and match[2] == _checksum(match[1])


def secret_hash(secret: str) -> bytes:
    """What is stored to recognise a key."""
    return hashlib.sha256(secret.encode()).digest()


def shown_part(secret: str) -> str:
    """The beginning of a key, by which its owner knows it again."""
    return secret[:SHOWN_LENGTH]


def _checksum(chance: str) -> str:
    number, digits = zlib.crc32(chance.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
