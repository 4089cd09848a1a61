"""Pictures as the business file has them: written out as data URLs, and made as small as they are shown.

Whatever comes in is decoded and drawn anew as WebP within its frame, so that nothing but what can
be seen is kept: no place where it was taken, no colour profile, nothing behind the picture's end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass

UPLOAD_BYTES_MAX = 2 * 1024 * 1024
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=\s]*)")
_SOUND_MAX = 10_000
_sound: OrderedDict[bytes, None] = OrderedDict()
"""Digests of what is as `kept` makes it. A change of a business brings all its pictures again, and
to decode one takes milliseconds.
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """How large a kind of picture may be kept: its sides in pixels, and what it may weigh."""

    width_px: int
    height_px: int
    bytes_max: int


COVER = Frame(1600, 900, 160 * 1024)
PORTRAIT = Frame(480, 480, 32 * 1024)
OF_SERVICE = Frame(640, 480, 40 * 1024)


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a page has to know of a kept picture. `digest` tells it from any other."""

    digest: str
    width_px: int
    height_px: int


def facts_of(text: str) -> PictureFacts:
    """Of a picture as it is kept."""
    # Here and below: who never meets a picture doesn't wait for what decodes it.
    from bookonce.business.redraw import size_of

    content = content_of(text)
    return PictureFacts(hashlib.blake2b(content, digest_size=8).hexdigest(), *size_of(content))


def kept(text: str, frame: Frame) -> str:
    """A picture as it is kept: the same text if it is that already, else drawn anew in its frame.

    Raises ValueError saying what is wrong with it.
    """
    if _key(text, frame) in _sound:
        return text
    from bookonce.business.redraw import made

    found = made(text, content_of(text), frame)
    _sound[_key(found, frame)] = None
    while len(_sound) > _SOUND_MAX:
        _sound.popitem(last=False)
    return found


def _key(text: str, frame: Frame) -> bytes:
    return hashlib.blake2b(f"{frame}{text}".encode(errors="replace"), digest_size=16).digest()


def content_of(text: str) -> bytes:
    """The bytes of a data URL. Raises ValueError saying what was expected."""
    match = _DATA_URL.fullmatch(text.strip())
    if not match:
        raise ValueError(
            'expected a picture such as "data:image/jpeg;base64,…" (png, jpeg or webp)'
        )
    try:
        content = base64.b64decode("".join(match[1].split()), validate=True)
    except binascii.Error:
        raise ValueError("the picture is not valid base64") from None
    if len(content) > UPLOAD_BYTES_MAX:
        raise ValueError(f"the picture has {len(content)} bytes; at most {UPLOAD_BYTES_MAX}")
    return content


def narrowed(content: bytes, width_px: int) -> bytes:
    """A kept picture at most so wide, as WebP."""
    from bookonce.business.redraw import no_wider

    return no_wider(content, width_px)
