"""Text that people type: any script, any emoji, but nothing a database or a page can't hold.

It is cleaned before it is judged: what came along with a paste and nobody sees is taken away.
"""

from __future__ import annotations

import re
import string
import unicodedata

_DIRECTED = re.compile("[\u202a-\u202e\u2066-\u206f\ufeff]")
"""What turns the text after it round, or was once said about it, and a byte order mark."""
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")
_EDGES = (
    string.whitespace
    + "\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064"
)
_IN_ADDRESSES = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff]")
_UNSEEN = re.compile("[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
"""What shows nothing although its category doesn't say so."""
_UNSEEN_CATEGORIES = frozenset({"Cf", "Me", "Mn", "Zl", "Zp", "Zs"})


def text_problem(text: str, *, lines: bool = True) -> str | None:
    """What makes a text unacceptable, or None. `lines` says whether line breaks are allowed.

    Right-to-left marks, joiners and emoji are kept; control characters and lone surrogates,
    which PostgreSQL or UTF-8 refuse, are not.
    """
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            return "contains half of a surrogate pair"
        if category == "Cc" and not (lines and character in "\n\r\t"):
            return f"contains the control character U+{ord(character):04X}"
    return None


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of a text: spaces, joiners, marks without a letter."""
    return all(
        unicodedata.category(character) in _UNSEEN_CATEGORIES
        or character in "\t\n\r"
        or _UNSEEN.match(character)
        for character in text
    )


def clean_line(text: str) -> str:
    """A text of one line, such as a name: every kind of space is one space, and nothing turns the
    text after it round. Empty if there is nothing to be seen.

    Line breaks that are control characters stay, to be judged: no field of a form sends them.
    """
    text = _SPACES.sub(" ", _DIRECTED.sub("", text)).strip(_EDGES)
    return "" if is_blank(text) else text


def clean_lines(text: str) -> str:
    """A text that may have lines, such as a note: every kind of line end is one. Empty if there is
    nothing to be seen.
    """
    text = _LINE_ENDS.sub("\n", _DIRECTED.sub("", text)).strip(_EDGES)
    return "" if is_blank(text) else text


def clean_address(text: str) -> str:
    """A mail address without what a paste or another alphabet's keyboard puts in. What turns text
    round is taken from its ends only: in the middle it shows another address than it is.
    """
    text = text.strip(_EDGES + "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    return _IN_ADDRESSES.sub("", text).replace("\uff20", "@")
