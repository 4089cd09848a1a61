"""Pictures as the business file has them: written out as data URLs, and made as small as they are shown.

Whatever comes in is decoded and drawn anew as WebP within its frame, so that nothing but what can
be seen is kept: no place where it was taken, no colour profile, nothing behind the picture's end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageOps

T = TypeVar("T")
UPLOAD_BYTES_MAX = 2 * 1024 * 1024
PIXELS_MAX = 30_000_000
SIDE_PX_MIN = 16
_FORMATS = ("PNG", "JPEG", "WEBP")
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=\s]*)")
_QUALITIES = (82, 65, 45)
_SHARES = (1, 0.7, 0.5, 0.35)
_KEPT = "data:image/webp;base64,"
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
    content = content_of(text)
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        return PictureFacts(hashlib.blake2b(content, digest_size=8).hexdigest(), *picture.size)


def kept(text: str, frame: Frame) -> str:
    """A picture as it is kept: the same text if it is that already, else drawn anew in its frame.

    Raises ValueError saying what is wrong with it.
    """
    if _key(text, frame) in _sound:
        return text
    found = _made(text, frame)
    _sound[_key(found, frame)] = None
    while len(_sound) > _SOUND_MAX:
        _sound.popitem(last=False)
    return found


def _key(text: str, frame: Frame) -> bytes:
    return hashlib.blake2b(f"{frame}{text}".encode(errors="replace"), digest_size=16).digest()


def _made(text: str, frame: Frame) -> str:
    content = content_of(text)
    with _opened(content, frame) as picture:
        if _is_kept(text, picture, content, frame):
            return text
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((frame.width_px, frame.height_px), Image.Resampling.LANCZOS)
        return _KEPT + base64.b64encode(_drawn(upright, frame.bytes_max)).decode()


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
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        if picture.width <= width_px:
            return content
        height_px = max(1, round(picture.height * width_px / picture.width))
        smaller = picture.resize((width_px, height_px), Image.Resampling.LANCZOS)
        return _encoded(smaller, _QUALITIES[0])


def _opened(content: bytes, frame: Frame) -> Image.Image:
    """The picture, decoded whole. Raises ValueError."""
    picture = _read(lambda: Image.open(io.BytesIO(content), formats=_FORMATS))
    width_px, height_px = picture.size
    if width_px * height_px > PIXELS_MAX:
        raise ValueError(f"the picture has {width_px} × {height_px} pixels; make it smaller")
    if min(width_px, height_px) < SIDE_PX_MIN:
        raise ValueError(f"the picture is smaller than {SIDE_PX_MIN} pixels")
    if picture.format == "JPEG":  # not larger in memory than it will be drawn from
        picture.draft("RGB", (2 * frame.width_px, 2 * frame.height_px))
    _read(picture.load)
    return picture


def _read(step: Callable[[], T]) -> T:
    """What a decoder makes of bytes that may be anything. Raises ValueError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return step()
    except Image.DecompressionBombError:
        raise ValueError("the picture has too many pixels; make it smaller") from None
    except Exception:
        # On hostile bytes decoders raise whatever they come across; all of it means the same.
        raise ValueError("the picture can't be read; it is damaged, or of another kind") from None


def _is_kept(text: str, picture: Image.Image, content: bytes, frame: Frame) -> bool:
    """Whether a picture is as `kept` makes it, so that what was exported comes back the same."""
    return (
        text == _KEPT + base64.b64encode(content).decode()
        and picture.format == "WEBP"
        and getattr(picture, "n_frames", 1) == 1
        and not {"exif", "xmp", "icc_profile"} & picture.info.keys()
        and _has_nothing_behind(content)
        and picture.width <= frame.width_px
        and picture.height <= frame.height_px
        and len(content) <= frame.bytes_max
    )


def _has_nothing_behind(content: bytes) -> bool:
    """Whether a WebP ends where it says that it does."""
    return len(content) == 8 + int.from_bytes(content[4:8], "little")


def _drawn(picture: Image.Image, bytes_max: int) -> bytes:
    """The picture as WebP, as good and then as large as it may weigh. Raises ValueError if it can't
    be so light.
    """
    for share in _SHARES:
        sides = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
        smaller = picture.resize(sides, Image.Resampling.LANCZOS) if share < 1 else picture
        for quality in _QUALITIES:
            content = _encoded(smaller, quality)
            if len(content) <= bytes_max:
                return content
    raise ValueError("the picture has too much detail to be kept small")


def _encoded(picture: Image.Image, quality: int) -> bytes:
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    plain = picture.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=quality, method=4)
    return out.getvalue()
