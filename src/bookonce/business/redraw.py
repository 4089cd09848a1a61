"""Decodes pictures and draws them anew, as `pictures` keeps them."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PIL import Image, ImageOps

if TYPE_CHECKING:
    from bookonce.business.pictures import Frame

T = TypeVar("T")
PIXELS_MAX = 30_000_000
SIDE_PX_MIN = 16
_FORMATS = ("PNG", "JPEG", "WEBP")
_QUALITIES = (82, 65, 45)
_SHARES = (1, 0.7, 0.5, 0.35)
_KEPT = "data:image/webp;base64,"


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a picture as it is kept."""
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        return picture.size


def made(text: str, content: bytes, frame: Frame) -> str:
    """The data URL of a picture within its frame: the same if it is that already. Raises ValueError."""
    with _opened(content, frame) as picture:
        if _is_kept(text, picture, content, frame):
            return text
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((frame.width_px, frame.height_px), Image.Resampling.LANCZOS)
        return _KEPT + base64.b64encode(_drawn(upright, frame.bytes_max)).decode()


def no_wider(content: bytes, width_px: int) -> bytes:
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
