"""What a password must be: long, and not one that is guessed first. No rules about characters, no
expiry (NIST SP 800-63B-4).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from zxcvbn import zxcvbn

from bookonce.platform.errors import FieldError, ValidationError

LENGTH_MIN = 15
LENGTH_MAX = 200
GUESSES_LOG10_MIN = 10
JUDGED_LENGTH_MAX = 72
"""Judging takes longer with every character; what begins well isn't made worse by what follows."""
TOO_SHORT, TOO_LONG, TOO_EASY = "too_short", "too_long", "too_easy"


def normal_password(text: str) -> str:
    """As it is hashed: keyboards write the same letter in different ways."""
    return unicodedata.normalize("NFC", text)


def password_problem(password: str, hints: Sequence[str] = ()) -> str | None:
    """What makes a password unfit, or None. `hints` are words that guessers try first: the name and
    the mail address, say.
    """
    if len(password) < LENGTH_MIN:
        return TOO_SHORT
    if len(password) > LENGTH_MAX:
        return TOO_LONG
    words = [word for hint in hints for word in (hint, *hint.replace("@", " ").split())]
    judged = zxcvbn(
        password[:JUDGED_LENGTH_MAX],
        user_inputs=["bookonce", *words],
        max_length=JUDGED_LENGTH_MAX,
    )
    return TOO_EASY if judged["guesses_log10"] < GUESSES_LOG10_MIN else None


_MESSAGES = {
    TOO_SHORT: f"at least {LENGTH_MIN} characters; a few words together are easy to keep in mind",
    TOO_LONG: f"at most {LENGTH_MAX} characters",
    TOO_EASY: "too easy to guess; a few words that don't belong together are better",
}


def require_password(password: str, hints: Sequence[str] = ()) -> str:
    """The password as it is hashed. Raises ValidationError."""
    password = normal_password(password)
    if problem := password_problem(password, hints):
        raise ValidationError([FieldError("password", _MESSAGES[problem])])
    return password
