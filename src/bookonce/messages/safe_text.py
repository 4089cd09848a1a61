"""Text that strangers typed, made harmless where a mail shows it.

Escaping isn't enough: mail programs make links of what looks like one, and a header ends where its
line does.
"""

from __future__ import annotations

import re
import unicodedata

GREETED_LENGTH_MAX = 60
HEADER_LENGTH_MAX = 200
_DIRECTED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff]")
_GLUE = re.compile(r"(?<=\S)([.:/@\\．。｡：／＠․])(?=\S)")
_LINKISH = re.compile(r"\S[.:/@\\．。｡：／＠․]\S|www|https?|\d{5,}", re.IGNORECASE)


def header_text(text: str, length_max: int = HEADER_LENGTH_MAX) -> str:
    """A text as a header may hold it: one line, nothing that turns it round, not endless."""
    line = "".join(
        " " if unicodedata.category(character)[0] in "CZ" and character != "\u200d" else character
        for character in _DIRECTED.sub("", text)
    )
    line = " ".join(line.split())
    return line if len(line) <= length_max else line[: length_max - 1].rstrip() + "…"


def defanged(text: str) -> str:
    """A name of which no mail program makes a link; it reads the same."""
    return _GLUE.sub(r"\1 ", _DIRECTED.sub("", text))


def greeted(name: str) -> str:
    """The name that a client is greeted by; empty if it looks like anything but a name. Whoever books
    chooses both the name and who gets the mail.
    """
    name = header_text(name)
    if len(name) > GREETED_LENGTH_MAX or _LINKISH.search(name):
        return ""
    return name
