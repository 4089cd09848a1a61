"""What a form of the settings sends: the texts of its fields, and what is to be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request

from bookonce.business.hours import WEEKDAYS
from bookonce.web.forms import form_fields
from bookonce.web.office.settings.typed import Typed
from bookonce.web.office.settings.view import SPARE_ROWS_MAX

OURS = ("form_token", "_do", "_version")
"""Fields of ours; those of the document begin otherwise."""
MORE_ROWS = 3


@dataclass(frozen=True, slots=True)
class Sent:
    """The texts, what to do with them, and the version of the business that they were typed for."""

    typed: Typed
    do: str
    version: int | None

    @classmethod
    async def of(cls, request: Request[Any, Any, Any]) -> Sent:
        """What a request sends."""
        fields = await form_fields(request)
        pairs = [(name, str(text)) for name, text in fields.multi_items()]
        version = str(fields.get("_version") or "")
        return cls(
            Typed((name, text) for name, text in pairs if name not in OURS),
            str(fields.get("_do") or "save"),
            int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None,
        )

    @property
    def verb(self) -> str:
        """What to do."""
        return self.do.partition(":")[0]

    @property
    def of_what(self) -> str:
        """With which field, if it is about one."""
        return self.do.partition(":")[2]

    @property
    def spare(self) -> dict[str, int]:
        """So many empty rows were asked for, by list."""
        return {self.of_what: min(MORE_ROWS, SPARE_ROWS_MAX)} if self.verb == "more" else {}

    def copy_day(self) -> None:
        """Have other days of a week say what one does."""
        week = self.of_what
        source = self.typed.text(f"{week}._from")
        if source not in WEEKDAYS:
            return
        text = self.typed.text(f"{week}.{source}")
        for day in self.typed.texts(f"{week}._to[]"):
            if day in WEEKDAYS:
                self.typed.put(f"{week}.{day}", text)


def known_version(sent: Sent, current: int) -> int:
    """The version that a form was made for; the current one if it says none."""
    return current if sent.version is None else sent.version
