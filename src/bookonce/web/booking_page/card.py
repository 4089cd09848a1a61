"""The picture that goes with a shared link, and the icon beside a page's title; drawn by us from what
the business shows of itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from functools import cache, lru_cache
from importlib.resources import files

from litestar import Response, get
from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageOps

from bookonce.business.colours import accents
from bookonce.business.directory import Directory
from bookonce.business.logos import Logo
from bookonce.business.pictures import content_of
from bookonce.platform.errors import NotFoundError
from bookonce.web.booking_page.brand import logo_url
from bookonce.web.booking_page.pictures import FOR_EVER
from bookonce.web.dependencies import Here

WIDTH_PX, HEIGHT_PX, MARGIN_PX = 1200, 630, 72
NAME_PX, LINE_PX = 92, 36
LINES_MAX = 3
ICON_PX = 96
DEFAULT_COLOUR = "#2f5d50"
_FILE = re.compile(r"([0-9a-f]{16})\.(jpg|png)")
Facts = tuple[str, str, str, str | None]
"""What a card shows: name, address, colour and cover."""


@get("/{slug:str}/card/{file:str}", include_in_schema=False)
async def card(slug: str, file: str, installation: Here) -> Response[bytes]:
    """The card of a business as it is now, or its icon."""
    directory = await installation.current(slug)
    if f"/{slug}/card/{file}" == card_url(directory):
        content = await asyncio.to_thread(_drawn, _facts(directory))
        return _answer(content, "image/jpeg")
    logo = directory.logo
    if logo is not None and f"/{slug}/card/{file}" == icon_of(directory)[0]:
        return _answer(await asyncio.to_thread(_icon, logo), "image/png")
    raise NotFoundError("This business has no such picture.")


def card_url(directory: Directory) -> str:
    """Where the card is."""
    return f"/{directory.slug}/card/{_digest(_facts(directory))}.jpg"


def icon_of(directory: Directory) -> tuple[str, str]:
    """Where the icon is and of which kind; ours if the business has no logo."""
    logo = directory.logo
    if logo is None:
        return "/static/icon.svg", "image/svg+xml"
    if logo.media_type == "image/svg+xml":
        return logo_url(directory), logo.media_type
    digest = hashlib.blake2b(logo.content, digest_size=8).hexdigest()
    return f"/{directory.slug}/card/{digest}.png", "image/png"


def _answer(content: bytes, media_type: str) -> Response[bytes]:
    return Response(
        content,
        media_type=media_type,
        headers={
            "Cache-Control": FOR_EVER,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


def _facts(directory: Directory) -> Facts:
    profile, page = directory.business.business, directory.business.page
    places = list(directory.places.values())
    address = places[0].address if len(places) == 1 else ""
    return profile.name, ", ".join(address.split("\n")), page.colour or DEFAULT_COLOUR, page.cover


@lru_cache(maxsize=200)
def _digest(facts: Facts) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=24)
def _drawn(facts: Facts) -> bytes:
    """The card as JPEG: the cover under a shade, or the brand's colour, with the name."""
    name, address, colour, cover = facts
    accent = accents(colour)[0]
    ink = "#ffffff" if cover else accent.text
    if cover:
        with Image.open(io.BytesIO(content_of(cover))) as picture:
            ground = ImageOps.fit(picture.convert("RGB"), (WIDTH_PX, HEIGHT_PX))
        ground.paste("#000000", (0, 0), _shade())
    else:
        ground = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), ImageColor.getrgb(accent.colour))
    draw = ImageDraw.Draw(ground)
    bottom = HEIGHT_PX - MARGIN_PX
    if address and _can_write(address):
        font = _font(LINE_PX)
        line = _wrapped(address, font)[0]
        draw.text((MARGIN_PX, bottom), line, ink, font, anchor="ls")
        bottom -= 2 * LINE_PX
    if _can_write(name):
        font = _font(NAME_PX)
        for line in reversed(_wrapped(name, font)[:LINES_MAX]):
            draw.text((MARGIN_PX, bottom), line, ink, font, anchor="ls")
            bottom -= round(NAME_PX * 1.1)
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return out.getvalue()


@lru_cache(maxsize=64)
def _icon(logo: Logo) -> bytes:
    """A logo within a square, as PNG; one that can't be drawn is an empty square."""
    square = Image.new("RGBA", (ICON_PX, ICON_PX), (0, 0, 0, 0))
    try:
        with Image.open(io.BytesIO(logo.content), formats=("PNG", "JPEG", "WEBP")) as picture:
            small = ImageOps.contain(picture.convert("RGBA"), (ICON_PX, ICON_PX))
    except Exception as error:  # a logo is kept as it came, whatever a decoder says to it
        raise NotFoundError("This logo can't be drawn.") from error
    square.paste(small, ((ICON_PX - small.width) // 2, (ICON_PX - small.height) // 2))
    out = io.BytesIO()
    square.save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _shade() -> Image.Image:
    """Darker towards the bottom, so that white letters can be read on any picture."""
    column = Image.new("L", (1, HEIGHT_PX))
    for y in range(HEIGHT_PX):
        column.putpixel((0, y), round(40 + 175 * max(0.0, (y / HEIGHT_PX - 0.25) / 0.75)))
    return column.resize((WIDTH_PX, HEIGHT_PX))


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    content = files("bookonce.web").joinpath("assets/fonts/roboto-bold.ttf").read_bytes()
    return ImageFont.truetype(io.BytesIO(content), size_px)


def _can_write(text: str) -> bool:
    """Whether the font has every letter; it has Latin, Greek and Cyrillic ones."""
    font = _font(LINE_PX)
    unknown = bytes(font.getmask("\uffff"))
    return all(each == " " or bytes(font.getmask(each)) != unknown for each in set(text))


def _wrapped(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """A text in lines that fit beside the margins; a word that doesn't is cut."""
    lines: list[str] = []
    for word in text.split():
        together = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(together) <= WIDTH_PX - 2 * MARGIN_PX:
            lines[-1] = together
        else:
            lines.append(word)
    for number, line in enumerate(lines):
        while font.getlength(line) > WIDTH_PX - 2 * MARGIN_PX:
            line = line[:-2] + "…"
        lines[number] = line
    return lines or [""]
