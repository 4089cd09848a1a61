"""Controls: how one value of the document is shown in a form, and read from it again.

Values are those of the document's tree: texts, numbers, lists and dicts. LACKING stands for an
option that isn't given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import msgspec

from bookonce.business.hours import WEEKDAYS
from bookonce.web.office.settings.typed import Typed

LACKING: Any = object()
Pairs = Iterator[tuple[str, str]]
_SEPARATORS = re.compile(r"[,;،؛\n]+")
_SPAN = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2})|h)?\s*[-–—−]\s*(\d{1,2})(?:[:.h](\d{2})|h)?", re.ASCII
)
_DECIMAL_COMMA = re.compile(r"(\d+)[,٫](\d{1,3})", re.ASCII)
ROWS_MAX = 400
ON = "on"


class Control(Protocol):
    """One kind of control. `kind` names the macro that shows it."""

    kind: ClassVar[str]

    def write(self, name: str, value: Any) -> Pairs:
        """The texts that show a value."""
        ...

    def read(self, name: str, typed: Typed) -> Any:
        """The value that was typed, as the business file would have it. What can't be read stays
        text, for the file's own rules to refuse.
        """
        ...


@dataclass(frozen=True)
class Text:
    """A line of text, or several."""

    kind: ClassVar[str] = "text"
    is_required: bool = False
    lines: int = 1
    length_max: int = 500
    looks: str = "text"
    """The type of the input: text, email, tel, url or date."""

    def write(self, name: str, value: Any) -> Pairs:
        """As it is."""
        if value is not LACKING:
            yield name, str(value)

    def read(self, name: str, typed: Typed) -> Any:
        """As it is; nothing is no value, unless there must be one."""
        return typed.text(name) or ("" if self.is_required else LACKING)


@dataclass(frozen=True)
class Amount(Text):
    """Money, with a point or a comma before the smaller unit."""

    kind: ClassVar[str] = "amount"

    def read(self, name: str, typed: Typed) -> Any:
        """With a point."""
        text = western(typed.text(name))
        if match := _DECIMAL_COMMA.fullmatch(text):
            return f"{match[1]}.{match[2]}"
        return text or LACKING


@dataclass(frozen=True)
class Key(Text):
    """What a thing is called in addresses and in the business file; made of its name at first."""

    kind: ClassVar[str] = "key"


@dataclass(frozen=True)
class Colour(Text):
    """A colour, or none."""

    kind: ClassVar[str] = "colour"
    NONE: ClassVar[str] = "._none"

    def write(self, name: str, value: Any) -> Pairs:
        """The colour, or that there is none: a browser shows black for nothing."""
        yield (f"{name}{self.NONE}", ON) if value is LACKING else (name, str(value))

    def read(self, name: str, typed: Typed) -> Any:
        """The colour unless there is to be none."""
        return LACKING if typed.is_on(f"{name}{self.NONE}") else typed.text(name) or LACKING


@dataclass(frozen=True)
class Number:
    """A number, whole or not."""

    kind: ClassVar[str] = "number"
    is_required: bool = False
    is_whole: bool = True

    def write(self, name: str, value: Any) -> Pairs:
        """In digits."""
        if value is not LACKING:
            yield name, f"{value:g}" if isinstance(value, float) else str(value)

    def read(self, name: str, typed: Typed) -> Any:
        """The number; another text stays what it is."""
        text = western(typed.text(name))
        if re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
            return int(text)
        if not self.is_whole and re.fullmatch(r"\d{1,9}[.,]\d{1,9}", text, re.ASCII):
            return float(text.replace(",", "."))
        return text or LACKING


@dataclass(frozen=True)
class Tick:
    """A box that is ticked or not."""

    kind: ClassVar[str] = "tick"

    def write(self, name: str, value: Any) -> Pairs:
        """A text if it is ticked."""
        if value is True:
            yield name, ON

    def read(self, name: str, typed: Typed) -> Any:
        """Whether it is."""
        return typed.is_on(name)


@dataclass(frozen=True)
class Choice(Text):
    """One of several; `source` names where they come from, `given` are what they are."""

    kind: ClassVar[str] = "choice"
    source: str = ""
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class Several:
    """Any of several, by boxes that share a name, which ends in [] as is the custom. `can_be_all`:
    all of them, those too that are added later.
    """

    kind: ClassVar[str] = "several"
    source: str = ""
    given: tuple[str, ...] = ()
    can_be_all: bool = False
    ALL: ClassVar[str] = "._all"

    def write(self, name: str, value: Any) -> Pairs:
        """Those that are ticked."""
        if value is LACKING and self.can_be_all:
            yield f"{name}{self.ALL}", ON
        for each in value if value is not LACKING else ():
            yield f"{name}[]", each

    def read(self, name: str, typed: Typed) -> Any:
        """Those that are ticked, unless it is all."""
        if self.can_be_all and typed.is_on(f"{name}{self.ALL}"):
            return LACKING
        return list(dict.fromkeys(typed.texts(f"{name}[]")))


@dataclass(frozen=True)
class Lines:
    """Texts, one a line."""

    kind: ClassVar[str] = "lines"

    def write(self, name: str, value: Any) -> Pairs:
        """One a line."""
        yield name, "\n".join(map(str, value)) if value is not LACKING else ""

    def read(self, name: str, typed: Typed) -> Any:
        """Those that say something."""
        lines = typed.text(name).splitlines()
        return [line.strip() for line in lines if line.strip()]


@dataclass(frozen=True)
class Spans:
    """The hours of a day: "09:00-12:30, 13:30-18:00"."""

    kind: ClassVar[str] = "spans"

    def write(self, name: str, value: Any) -> Pairs:
        """With commas between them."""
        yield name, ", ".join(value) if value is not LACKING else ""

    def read(self, name: str, typed: Typed) -> Any:
        """One by one, as the file writes them: "9-12.30" is "09:00-12:30"."""
        pieces = _SEPARATORS.split(western(typed.text(name)))
        return [span_text(piece.strip()) for piece in pieces if piece.strip()]


@dataclass(frozen=True)
class Week:
    """The hours of each weekday. `is_optional`: none at all is no value."""

    kind: ClassVar[str] = "week"
    is_optional: bool = False

    def write(self, name: str, value: Any) -> Pairs:
        """A text a day."""
        for day in WEEKDAYS:
            spans = LACKING if value is LACKING else value.get(day, LACKING)
            yield from Spans().write(f"{name}.{day}", spans)

    def read(self, name: str, typed: Typed) -> Any:
        """Those of days that have any."""
        days = {day: Spans().read(f"{name}.{day}", typed) for day in WEEKDAYS}
        found = {day: spans for day, spans in days.items() if spans}
        return LACKING if self.is_optional and not found else found


@dataclass(frozen=True)
class Raw:
    """A value that no other control knows, as JSON: a field that came later."""

    kind: ClassVar[str] = "raw"

    def write(self, name: str, value: Any) -> Pairs:
        """As JSON, indented."""
        if value is not LACKING:
            yield name, msgspec.json.format(msgspec.json.encode(value)).decode()

    def read(self, name: str, typed: Typed) -> Any:
        """What the JSON says; another text stays what it is."""
        text = typed.text(name)
        try:
            return msgspec.json.decode(text) if text else LACKING
        except (msgspec.DecodeError, RecursionError):
            return text


def western(text: str) -> str:
    """A text with the digits 0 to 9, whichever it was written with."""
    return "".join(
        str(unicodedata.decimal(each)) if unicodedata.category(each) == "Nd" else each
        for each in text
    )


def span_text(text: str) -> str:
    """A span as the file writes it; what isn't one stays what it is."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return text
    return f"{match[1]:0>2}:{match[2] or '00'}-{match[3]:0>2}:{match[4] or '00'}"
