"""A form as a template shows it: every control with its words, its texts and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bookonce.business.hours import WEEKDAYS
from bookonce.platform.languages import Language
from bookonce.web.office.settings.choices import Choices, Option
from bookonce.web.office.settings.composite import Everywhere, Group, Rows, joined
from bookonce.web.office.settings.controls import Choice, Control, Number, Several, Text, Week
from bookonce.web.office.settings.labels import Label, Labels, labels, named
from bookonce.web.office.settings.sections import ADVANCED
from bookonce.web.office.settings.typed import Typed

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9-]+")
SPARE_ROWS_MAX = 12


@dataclass(slots=True)
class Shown:
    """One control, ready to be shown; `inner` are those it is made of, `rows` its rows."""

    kind: str
    name: str
    label: str
    hint: str = ""
    unit: str = ""
    text: str = ""
    texts: list[str] = field(default_factory=list)
    error: str = ""
    is_required: bool = False
    looks: str = "text"
    lines: int = 1
    length_max: int = 500
    options: list[Option] = field(default_factory=list)
    can_be_all: bool = False
    is_on: bool = False
    """Whether a box is ticked; of several: whether it is all; of a colour: whether there is none."""
    inner: list[Shown] = field(default_factory=list)
    rows: list[list[Shown]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The control in the page."""
        return "f-" + _NOT_IN_IDS.sub("-", self.name).strip("-")


class Form:
    """The controls of a form, with what was typed in them and what is wrong with it."""

    def __init__(
        self,
        typed: Typed,
        errors: Mapping[str, str],
        choices: Choices,
        reader: Language,
        spare: Mapping[str, int],
    ) -> None:
        self._typed, self._errors, self._choices = typed, errors, choices
        self._reader, self._spare = reader, spare
        self._labels: Labels = labels(reader.words)

    def fields(self, group: Group, name: str = "") -> list[Shown]:
        """The controls of a group, in the order of the table; those it doesn't know come last."""
        known = self._labels.get(group.struct, {})
        order = [*(each for each in known if each in group.fields)]
        order += [each for each in group.fields if each not in known]
        last = ADVANCED.get(group.struct, ())
        order.sort(key=lambda each: each in last)
        return [
            self.shown(group.fields[each], joined(name, each), known.get(each, named(each)))
            for each in order
        ]

    def shown(self, control: Control, name: str, label: Label) -> Shown:
        """One control."""
        shown = Shown(
            control.kind, name, *label, text=self._typed.text(name), error=self._error(name)
        )
        is_several = isinstance(control, Several)
        shown.texts = self._typed.texts(f"{name}[]" if is_several else name)
        shown.is_on = bool(shown.text)
        if isinstance(control, Number):
            shown.is_required = control.is_required
        if isinstance(control, Text):
            shown.is_required, shown.looks = control.is_required, control.looks
            shown.lines, shown.length_max = control.lines, control.length_max
            shown.is_on = self._typed.is_on(f"{name}._none")
        if isinstance(control, Choice | Several):
            shown.options = self._options(control, shown.texts)
        if isinstance(control, Several):
            shown.can_be_all = control.can_be_all
            shown.is_on = self._typed.is_on(f"{name}{control.ALL}")
        self._add_inner(shown, control, name)
        return shown

    def _options(self, control: Choice | Several, texts: list[str]) -> list[Option]:
        """With what was chosen already, though it isn't offered any more."""
        found = self._choices.of(control.source, control.given)
        known = {value for value, _ in found}
        return found + [(text, text) for text in texts if text and text not in known]

    def _add_inner(self, shown: Shown, control: Control, name: str) -> None:
        if isinstance(control, Group):
            shown.inner = self.fields(control, name)
        elif isinstance(control, Rows):
            count = len(self._typed.rows(name))
            count += min(self._spare.get(name, control.spare), SPARE_ROWS_MAX)
            shown.rows = [self.fields(control.group, f"{name}[{row}]") for row in range(count)]
        elif isinstance(control, Everywhere):
            for row, (_, place) in enumerate(control.locations):
                inner = Shown("group", f"{name}[{row}]", place, error=self._error(f"{name}[{row}]"))
                inner.inner = self.fields(control.group, inner.name)
                shown.inner.append(inner)
        elif isinstance(control, Week):
            shown.inner = [self._day(f"{name}.{WEEKDAYS[n]}", full) for n, _, full in self._week()]

    def _week(self) -> list[tuple[int, str, str]]:
        return self._reader.weekdays()

    def _day(self, name: str, label: str) -> Shown:
        return Shown("spans", name, label, text=self._typed.text(name), error=self._error(name))

    def _error(self, name: str) -> str:
        return self._errors.get(name, "")


def placed(errors: Mapping[str, str], names: set[str]) -> dict[str, str]:
    """What is wrong, each by the nearest control: that of the place, else of what it lies in."""
    found: dict[str, str] = {}
    for place, message in errors.items():
        while place and place not in names:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        found[place] = f"{found[place]} {message}" if place in found else message
    return found


def names_of(fields: list[Shown]) -> set[str]:
    """The names of all controls of a form."""
    found = set()
    for each in fields:
        found |= {each.name} | names_of(each.inner)
        for row in each.rows:
            found |= names_of(row)
    return found
