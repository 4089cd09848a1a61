"""Text that people type: any script, any emoji, but nothing a database or a page can't hold."""

from __future__ import annotations

import unicodedata


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
