"""Text messages: short, and how many segments a network makes of one."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
SEGMENTS_MAX = 3


def segments(text: str) -> int:
    """How many messages a network bills for a text: 160 characters of the GSM alphabet, 153 in each
    of several; 70 or 67 units of UCS-2 where the alphabet lacks a character.
    """
    if all(character in _BASIC or character in _EXTENDED for character in text):
        return _parts([1 + (character in _EXTENDED) for character in text], 160, 153)
    return _parts([len(character.encode("utf-16-le")) // 2 for character in text], 70, 67)


def _parts(sizes: list[int], alone: int, each: int) -> int:
    """No character is cut in two."""
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > each:
            count, used = count + 1, 0
        used += size
    return count


def shortened(text: str, segments_max: int = SEGMENTS_MAX) -> str:
    """As much of a text as fits, with an ellipsis of the GSM alphabet where it was cut."""
    if segments(text) <= segments_max:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if segments(text[:middle].rstrip() + "...") <= segments_max:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "..."
