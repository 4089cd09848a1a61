"""What the business's rules say in their own words, in the reader's: what is wrong with a field, and
why an appointment no longer fits. A sentence that isn't known here is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from babel.support import NullTranslations

from bookonce.booking.fit import Unfit

Gettext = Callable[[str], str]


def wrong(message: str, words: NullTranslations) -> str:
    """What is wrong with a field."""
    return _told(message, _wrongs(words))


def misfit(reason: str, words: NullTranslations) -> str:
    """Why an appointment no longer fits."""
    return _told(reason, _misfits(words))


def misfits(unfit: Unfit, words: NullTranslations) -> list[str]:
    """All that is wrong with one."""
    return [misfit(reason, words) for reason in unfit.reasons]


def _told(message: str, known: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, text in known:
        if match := pattern.fullmatch(message):
            return text % match.groupdict() if match.groupdict() else text
    return message[:1].upper() + message[1:]


@lru_cache(8)
def _wrongs(words: NullTranslations) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.DOTALL), text) for pattern, text in _wrong_texts(words.gettext)]


def _wrong_texts(_: Gettext) -> list[tuple[str, str]]:
    return [
        (
            r"is required|is blank|expected one of .*|expected `str` of length >= 1",
            _("Please fill this in."),
        ),
        (r"expected `(?:int|float)`, got .*", _("Please enter a number.")),
        (
            r"expected `(?:int|float)` >= (?P<least>.+)",
            _("Please enter at least %(least)s."),
        ),
        (
            r"expected `(?:int|float)` <= (?P<most>.+)",
            _("Please enter at most %(most)s."),
        ),
        (
            r"expected `str` of length <= (?P<most>\d+)",
            _("Please write at most %(most)s characters."),
        ),
        (
            r"expected a span such as .*, got (?P<text>.+)",
            _("Please write times such as 09:00-12:30, not %(text)s."),
        ),
        (
            r"the span (?P<text>.+) is empty; .*",
            _("%(text)s is empty. A whole day is 00:00-24:00."),
        ),
        (
            r"spans overlap: (?P<one>\S+) and (?P<other>\S+)",
            _("%(one)s and %(other)s overlap."),
        ),
        (
            r"(?P<text>.+) stands here (?:\d+ times|twice); once is enough",
            _("%(text)s stands here more than once."),
        ),
        (
            r"no such IANA time zone: (?P<text>.+)",
            _("There is no time zone %(text)s."),
        ),
        (
            r"expected an amount such as \"(?P<example>[^\"]+)\", got .+",
            _("Please enter an amount such as %(example)s."),
        ),
        (
            r"expected an amount such as \"(?P<example>[^\"]+)\", a share such as .+",
            _("Please enter an amount such as %(example)s, a share such as 30%%, or “full”."),
        ),
        (
            r"(?P<currency>[A-Z]{3}) has (?P<count>\d+) decimal digits, got .+",
            _("Amounts in %(currency)s have %(count)s digits after the point."),
        ),
        (
            r"is more than the price, (?P<price>.+)",
            _("That is more than the price, %(price)s."),
        ),
        (r"needs a price to be a part of", _("Without a price there is no share of it.")),
        (r"needs a deposit", _("Enter a deposit first.")),
        (
            r"last (?P<one>\d+) minutes together, but duration_min is (?P<other>\d+)",
            _("Together they last %(one)s minutes, but the service lasts %(other)s."),
        ),
        (r"at least one must be with staff", _("At least one must be with the performer.")),
        *_more_wrong_texts(_),
    ]


def _more_wrong_texts(_: Gettext) -> list[tuple[str, str]]:
    return [
        (
            r"expected lower-case letters and digits, .*",
            _("Please use small letters and digits, with single hyphens between them."),
        ),
        (
            r"expected letters, digits, - and _, .*",
            _("Please use Latin letters, digits and hyphens."),
        ),
        (
            r"(?P<text>.+) (?:is reserved|stands for \w+); choose another",
            _("%(text)s is reserved. Please choose another."),
        ),
        (
            r"(?P<text>.+) is the address of another business, or was",
            _("%(text)s is the address of another business, or was. Please choose another."),
        ),
        (
            r"expected a telephone number such as \"(?P<example>[^\"]+)\"",
            _("Please enter a telephone number such as %(example)s."),
        ),
        (
            r"expected an address such as \"(?P<example>[^\"]+)\"",
            _("Please enter an address such as %(example)s."),
        ),
        (
            r"expected a site such as \"(?P<example>[^\"]+)\".*",
            _("Please enter a site such as %(example)s, without a path."),
        ),
        (
            r"expected a colour such as \"(?P<example>[^\"]+)\"",
            _("Please enter a colour such as %(example)s."),
        ),
        (
            r".*(?:email address|@-sign|The part (?:before|after) the @).*",
            _("Please enter an email address such as anna@example.com."),
        ),
        (
            r"expected how long before the start, .*",
            _("Please write how long before the start: 24h, 30m, 2d or evening."),
        ),
        (
            r"expected a stretch of the local day such as .*|begins when it ends: .*",
            _("Please write when it begins and ends, such as 21:00-08:00."),
        ),
        (
            r"no such placeholder (?P<text>\{.*?\}); there are (?P<known>.+)",
            _("There is no %(text)s. You can use %(known)s."),
        ),
        (
            r"a brace without its other; placeholders are (?P<known>.+)",
            _("A brace stands alone. You can use %(known)s."),
        ),
        (r"expected one line|has several lines; .*", _("Please write one line.")),
        (
            r"the pictures? (?:has|take) .*(?:at most|smaller|small).*",
            _("The picture is too large."),
        ),
        (
            r"the picture (?:is|can't).*|expected a picture .*",
            _("Please choose a picture: PNG, JPEG, WebP or SVG."),
        ),
        (
            r"expected a language such as \"(?P<example>[^\"]+)\", got .*",
            _("Please write a language as a code such as %(example)s."),
        ),
        (r"is required: one of .*", _("Please choose a location.")),
        (r"no (?:staff|location) has the key .*", _("It isn't there any more.")),
        (
            r"no resource is of the kind (?P<kind>.+)",
            _("There is nothing of the kind %(kind)s."),
        ),
        (r"at most (?P<most>\d+)(?:, got \d+)?", _("At most %(most)s.")),
    ]


@lru_cache(8)
def _misfits(words: NullTranslations) -> list[tuple[re.Pattern[str], str]]:
    _ = words.gettext
    texts = [
        (r"(?P<what>.+) is no longer a location", _("%(what)s is no longer a location")),
        (
            r"(?P<what>.+) is no longer offered at (?P<place>.+)",
            _("%(what)s is no longer offered at %(place)s"),
        ),
        (r"(?P<what>.+) is no longer offered", _("%(what)s is no longer offered")),
        (r"(?P<what>.+) is no longer listed", _("%(what)s is no longer listed")),
        (
            r"(?P<what>.+) is no longer at (?P<place>.+)",
            _("%(what)s is no longer at %(place)s"),
        ),
        (r"(?P<what>.+) is outside the hours", _("%(what)s is outside the hours")),
        (
            r"(?P<who>.+) no longer performs (?P<what>.+)",
            _("%(who)s no longer performs %(what)s"),
        ),
        (
            r"(?P<what>.+) takes (?P<new>\d+) minutes now, booked are (?P<old>\d+)",
            _("%(what)s takes %(new)s minutes now, booked are %(old)s"),
        ),
        (r"(?P<what>.+) needs a (?P<kind>\S+) now", _("%(what)s needs %(kind)s now")),
    ]
    return [(re.compile(pattern, re.DOTALL), text) for pattern, text in texts]
