"""What somebody said of a client, as it is looked for: words, and the digits of a number."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import dataclass

from bookonce.booking.phone import normal_phone, phone_digits

SAID_LENGTH_MAX = 200
WORDS_MAX = 4
"""Whatever is said after them narrows nothing."""
SHORT = 3
"""Digits of which there are fewer are no number yet."""
_OF_NUMBERS = frozenset(" +-/().–\N{NON-BREAKING HYPHEN}\N{NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True)
class Said:
    """`words` that all must be there, each anywhere; `numbers` of which one must be."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether anybody is meant."""
        return not self.words and not self.numbers


def read(text: str, country: str | None) -> Said:
    """What was said. `country` is where a number is dialled that says none.

    A number is found by any part of it, in whichever way it was written: with the country's code,
    with what one dials before an area code, or by its last digits.
    """
    text = "".join(map(_plain, text.replace("\0", " ")[:SAID_LENGTH_MAX])).strip()
    digits = "".join(each for each in text if each.isdigit())
    if len(digits) >= SHORT and all(each.isdigit() or each in _OF_NUMBERS for each in text):
        return Said(numbers=_numbers(text, digits, country))
    return Said(tuple(_word(word) for word in text.split()[:WORDS_MAX]))


def _plain(character: str) -> str:
    """A digit of any script as ours, a half of a surrogate pair as nothing."""
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Cs":
            return ""
    return character


def _numbers(text: str, digits: str, country: str | None) -> tuple[str, ...]:
    found = [digits, digits.lstrip("0") or digits]
    with suppress(ValueError):  # a part of a number is no number, and is found by its digits
        found.append(phone_digits(normal_phone(text, country)))
    return tuple(dict.fromkeys(found))


def _word(word: str) -> str:
    """Digits between words are a part of a number, which is kept without the zeros before it."""
    return word.lstrip("0") or word if word.isdigit() else word
