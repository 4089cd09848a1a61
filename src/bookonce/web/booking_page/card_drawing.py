"""Draws the card and the icon that `card` answers with."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageOps

from bookonce.business.colours import accents
from bookonce.business.logos import Logo
from bookonce.business.pictures import content_of
from bookonce.platform.errors import NotFoundError

if TYPE_CHECKING:
    from bookonce.web.booking_page.card import Facts

WIDTH_PX, HEIGHT_PX, MARGIN_PX = 1200, 630, 72
NAME_PX, LINE_PX = 92, 36
LINES_MAX = 3
ICON_PX = 96


@lru_cache(maxsize=24)
def drawn(facts: Facts) -> bytes:
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
def icon(logo: Logo) -> bytes:
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
