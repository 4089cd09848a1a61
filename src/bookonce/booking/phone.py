"""Telephone numbers: as people type and paste them, brought into the one form they are kept in."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
)

WRITTEN_LENGTH_MAX = 200
_WRITTEN = re.compile(
    r"(?P<number>(?=(?:[^0-9]*[0-9]){3})\+?[0-9 ()/.\-]{3,40}?)"
    r"(?: *(?:;ext=|,? *(?:extension|extn|ext|x|#)[.:]? *)(?P<extension>[0-9]{1,7}))?",
    re.IGNORECASE,
)
_NO_PHONE = 'expected a number such as "+49 30 1234567"'
_IMPOSSIBLE = 'no number has these digits; expected one such as "+49 30 1234567"'


@lru_cache(maxsize=1_000)
def normal_phone(phone: str, country: str | None) -> str:
    """A number in E.164, with ";ext=5" if it has an extension, as RFC 3966 writes it; empty if
    there is nothing to be seen.

    `country` is where it is dialled if it says no country itself. What can be dialled there but not
    from elsewhere (a number without its area code, a short one) is kept as its digits, and so is
    what says no country where none is known. Raises ValueError saying what was expected.
    """
    if len(phone) > WRITTEN_LENGTH_MAX:
        raise ValueError(_NO_PHONE)
    plain = _plain(phone)
    if not plain:
        return ""
    written = _WRITTEN.fullmatch(plain)
    if not written:
        raise ValueError(_NO_PHONE)
    extension = f";ext={written['extension']}" if written["extension"] else ""
    return _dialled(written["number"], country) + extension


def phone_digits(normal: str) -> str:
    """The digits by which a number is recognised. An extension tells nobody apart: behind it is
    whoever answers.
    """
    return normal.partition(";")[0].removeprefix("+")


def _plain(phone: str) -> str:
    """With ordinary digits, spaces and hyphens, and without what nobody sees."""
    found = []
    for character in unicodedata.normalize("NFKC", phone.strip()):
        match unicodedata.category(character):
            case "Cf" | "Mn":  # directions, joiners, the selectors of emoji
                continue
            case "Zs" | "Zl" | "Zp":
                found.append(" ")
            case "Pd":
                found.append("-")
            case "Nd":
                found.append(str(unicodedata.decimal(character)))
            case _:
                found.append("-" if character == "\N{MINUS SIGN}" else character)
    return "".join(found).strip()


def _dialled(text: str, country: str | None) -> str:
    digits = re.sub("[^0-9]", "", text)
    number = _parsed(text, digits, country)
    if number is None:
        return digits
    says_country = number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in (ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        if says_country or _is_whole(number, possible, digits, country or ""):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
        return digits
    is_short = phonenumbers.is_possible_short_number_for_region(number, country or "")
    if is_short and not says_country:
        return digits
    raise ValueError(_IMPOSSIBLE)


def _parsed(text: str, digits: str, country: str | None) -> PhoneNumber | None:
    """None if it can't be told which country is meant."""
    if country not in phonenumbers.SUPPORTED_REGIONS:
        country = None
    try:
        if country is not None or text.startswith("+"):
            number = phonenumbers.parse(text, country, keep_raw_input=True)
            says_country = number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY
            if says_country or not digits.startswith("00"):
                return number
        if digits.startswith("00"):  # from countries where other digits lead abroad, too
            return phonenumbers.parse(f"+{digits[2:]}", None, keep_raw_input=True)
    except NumberParseException:
        raise ValueError(_IMPOSSIBLE) from None
    return None


def _is_whole(number: PhoneNumber, possible: int, digits: str, country: str) -> bool:
    """Whether a number that was written as within a country has all that is dialled from another:
    it was written with what one dials before an area code, it is one that is given out, or all
    numbers there are of one length.
    """
    if possible != ValidationResult.IS_POSSIBLE:
        return False
    metadata = PhoneMetadata.metadata_for_region(country)
    lengths = metadata.general_desc.possible_length if metadata and metadata.general_desc else ()
    return (
        len(phonenumbers.national_significant_number(number)) < len(digits)
        or phonenumbers.is_valid_number(number)
        or len(lengths) == 1
    )
