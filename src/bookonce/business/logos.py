"""A logo as the business file has it: a small picture, written out as a data URL."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

BYTES_MAX = 64 * 1024
_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|webp|svg\+xml));base64,([A-Za-z0-9+/=\s]*)")
_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "image/svg+xml": (b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg"),
}


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture and what kind it is."""

    media_type: str
    content: bytes

    @classmethod
    def parse(cls, text: str) -> Logo:
        """Read "data:image/png;base64,…". Raises ValueError saying what was expected."""
        match = _DATA_URL.fullmatch(text.strip())
        if not match:
            raise ValueError(
                'expected a picture such as "data:image/png;base64,…" (png, jpeg, webp or svg+xml)'
            )
        try:
            content = base64.b64decode("".join(match[2].split()), validate=True)
        except binascii.Error:
            raise ValueError("the picture is not valid base64") from None
        if len(content) > BYTES_MAX:
            raise ValueError(f"the picture has {len(content)} bytes; at most {BYTES_MAX}")
        if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_BEGINNINGS[match[1]]):
            raise ValueError(f"the picture is not of the kind {match[1]}")
        return cls(match[1], content)
