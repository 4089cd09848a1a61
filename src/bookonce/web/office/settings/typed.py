"""What stands in a form: each field's texts, by its name.

A field is named as the place in the business file is, such as `dates[0].hours`, so that what is
wrong with the file is wrong with the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

ROW = re.compile(r"\[(\d{1,4})\]")


class Typed:
    """The texts of a form, as they were typed or as they are shown at first."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            self._texts.setdefault(name, []).append(text)

    def text(self, name: str) -> str:
        """A field without what surrounds it; empty if it wasn't sent."""
        return self._texts.get(name, [""])[-1].strip()

    def texts(self, name: str) -> list[str]:
        """All that was sent by a name, such as ticked boxes."""
        return self._texts.get(name, [])

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def rows(self, name: str) -> list[int]:
        """The numbers of the rows of a list, in order."""
        found = {
            int(match[1])
            for each in self._texts
            if each.startswith(f"{name}[") and (match := ROW.match(each, len(name)))
        }
        return sorted(found)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Names and texts, to be sent again."""
        for name, texts in self._texts.items():
            for text in texts:
                yield name, text

    def put(self, name: str, text: str) -> None:
        """Have a field say something else."""
        self._texts[name] = [text]

    def renumber(self, name: str, rows: list[int]) -> None:
        """Keep only these rows of a list, numbered from 0 in this order."""
        kept: dict[str, list[str]] = {}
        numbers = {row: number for number, row in enumerate(rows)}
        for each, texts in self._texts.items():
            match = ROW.match(each, len(name)) if each.startswith(f"{name}[") else None
            if match is None:
                kept[each] = texts
            elif int(match[1]) in numbers:
                kept[f"{name}[{numbers[int(match[1])]}]{each[match.end() :]}"] = texts
        self._texts = kept
