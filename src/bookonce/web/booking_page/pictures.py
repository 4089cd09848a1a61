"""Pictures of a business: at addresses that say their content, as wide as they are shown."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import lru_cache

from litestar import Response, get

from bookonce.business.directory import Directory
from bookonce.business.pictures import content_of, narrowed
from bookonce.platform.errors import NotFoundError
from bookonce.web.dependencies import Here

WIDTHS_PX = (160, 320, 640, 960, 1600)
FOR_EVER = "public, max-age=31536000, immutable"
_FILE = re.compile(r"([0-9a-f]{16})-([0-9]{3,4})\.webp")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as a page shows it: addresses by width, and its own sides in pixels."""

    base: str
    width_px: int
    height_px: int

    def url(self, width_px: int) -> str:
        """Its address, that wide."""
        return f"{self.base}-{width_px}.webp"

    @property
    def srcset(self) -> str:
        """Every width that there is, for the browser to choose from."""
        narrower = [width for width in WIDTHS_PX if width < self.width_px]
        widest = min(
            (width for width in WIDTHS_PX if width >= self.width_px), default=WIDTHS_PX[-1]
        )
        found = [f"{self.url(width)} {width}w" for width in narrower]
        return ", ".join([*found, f"{self.url(widest)} {self.width_px}w"])


def shown(directory: Directory, text: str | None) -> Shown | None:
    """A picture of a business, if there is one."""
    if text is None:
        return None
    known = directory.picture(text)
    return Shown(f"/{directory.slug}/picture/{known.digest}", known.width_px, known.height_px)


@get("/{slug:str}/picture/{file:str}", include_in_schema=False)
async def picture(slug: str, file: str, installation: Here) -> Response[bytes]:
    """A picture of the business as it is now, at most so wide."""
    named = _FILE.fullmatch(file)
    directory = await installation.current(slug)
    text = _texts(directory).get(named[1]) if named else None
    if named is None or text is None or int(named[2]) not in WIDTHS_PX:
        raise NotFoundError("This business has no such picture.")
    found = await asyncio.to_thread(_narrowed, text, int(named[2]))
    return Response(
        found,
        media_type="image/webp",
        headers={
            "Cache-Control": FOR_EVER,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _texts(directory: Directory) -> dict[str, str]:
    """The business's pictures, as its file has them, by their digests."""
    business = directory.business
    texts = [business.page.cover]
    texts += [each.picture for each in business.staff]
    texts += [each.picture for each in business.service]
    return {directory.picture(text).digest: text for text in texts if text}


# Each is at most 160 KiB, and its text as much again by a half: 25 MB in all.
@lru_cache(maxsize=64)
def _narrowed(text: str, width_px: int) -> bytes:
    return narrowed(content_of(text), width_px)
