"""A brand colour made legible: the nearest shade of it that keeps the contrast people need.

Contrast is that of WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of relative luminance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

TEXT_CONTRAST = 4.5
# The ground of notices, from which a colour stands out least: what is legible there is on the page.
LIGHT_PAGE, DARK_PAGE = "#fdf3dc", "#3a3222"
WHITE, BLACK = "#ffffff", "#111111"
_STEPS = 100

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Accent:
    """A colour for links and buttons on one kind of page, and the colour of text on it."""

    colour: str
    text: str


@lru_cache
def accents(brand: str) -> tuple[Accent, Accent]:
    """The accent on a light page, and on a dark one. `brand` is a colour such as "#7a3e9d"."""
    return _accent(brand, LIGHT_PAGE, BLACK), _accent(brand, DARK_PAGE, WHITE)


def contrast(one: str, other: str) -> float:
    """How well two colours can be told apart, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _accent(brand: str, page: str, towards: str) -> Accent:
    """The first shade from the brand's colour on that stands out from the page as text must."""
    for step in range(_STEPS + 1):
        colour = _mixed(brand, towards, step / _STEPS)
        if contrast(colour, page) >= TEXT_CONTRAST:
            return Accent(colour, max((WHITE, BLACK), key=lambda text: contrast(colour, text)))
    raise AssertionError("black and white stand out from any page")


def _mixed(one: str, other: str, share: float) -> str:
    mixed = (a + (b - a) * share for a, b in zip(_rgb(one), _rgb(other), strict=True))
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in mixed)


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
