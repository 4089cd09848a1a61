"""The tables of a report, in words and numbers of a language; the same ones for pages and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from babel.numbers import format_decimal

from bookonce.business.directory import Directory
from bookonce.desk.report import Figures, Report
from bookonce.desk.report_rows import Share
from bookonce.platform import money
from bookonce.platform.actor import ActorKind
from bookonce.platform.csv_text import BYTE_ORDER_MARK, lines
from bookonce.platform.languages import Language


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a name in addresses; the first cell of a row says what it is about. `shares`: of
    each row, how much of the whole, from 0 to 100.
    """

    key: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    shares: Sequence[int] = ()


class Tables:
    """Makes the tables of a report."""

    def __init__(self, report: Report, directory: Directory, language: Language) -> None:
        self.report, self.directory, self.language = report, directory, language
        self.currency = directory.business.business.currency

    def all(self) -> list[Table]:
        """Every table, in the order of the page."""
        return [self.overview(), self.staff(), self.services(), self.sources(), self.days()]

    def overview(self) -> Table:
        """The figures against the period before."""
        _ = self.language.words.gettext
        now, before = self.report.now, self.report.before
        rows = [
            self._compared(_("Visits"), now.totals.visits, before.totals.visits),
            *self._revenue(now, before),
            self._compared(_("Cancellations"), now.totals.cancelled, before.totals.cancelled),
            self._compared(_("Missed visits"), now.totals.missed, before.totals.missed),
            [
                _("Missed, of those that were due"),
                _missed_share(self.language, now),
                _missed_share(self.language, before),
                "",
            ],
            [
                _("Booked ahead, half of them at most"),
                self._ahead(now.totals.lead_h),
                self._ahead(before.totals.lead_h),
                "",
            ],
        ]
        head = ["", _("This period"), _("Before that"), _("Difference")]
        return Table("overview", _("At a glance"), head, rows)

    def _revenue(self, now: Figures, before: Figures) -> list[list[str]]:
        _ = self.language.words.gettext
        return [
            self._compared(
                _("Value of the visits"),
                now.amounts.get(currency, 0),
                before.amounts.get(currency, 0),
                lambda amount, currency=currency: self._amount(amount, currency),  # type: ignore[misc]
            )
            for currency in sorted({self.currency, *now.amounts, *before.amounts})
        ]

    def _compared(
        self, name: str, now: int, before: int, told: Callable[[int], str] | None = None
    ) -> list[str]:
        told = told or self._number
        change = ""
        if before:
            percent = round((now - before) * 100 / before)
            change = ("+" if percent > 0 else "") + self.language.percent(percent)
        return [name, told(now), told(before), change]

    def staff(self) -> Table:
        """Each person's visits, hours and use of their time."""
        _ = self.language.words.gettext
        now, before = self.report.now, self.report.before
        by_key = {share.key: share for share in now.staff}
        known = [*self.directory.staff_ids, *(key for key in by_key)]
        rows, uses = [], []
        for key in dict.fromkeys(known):
            share = by_key.get(key) or Share(key, 0, 0, 0)
            use = _use(share.minutes, now.open_min.get(key, 0))
            past = next((each.minutes for each in before.staff if each.key == key), 0)
            used_before = _use(past, before.open_min.get(key, 0))
            rows.append(
                [
                    self.directory.staff_name(key),
                    self._number(share.visits),
                    self._hours(share.minutes),
                    "–" if use is None else self.language.percent(use),
                    "–" if used_before is None else self.language.percent(used_before),
                    self._amount(share.amount_minor, self.currency),
                ]
            )
            uses.append(min(100, use or 0))
        head = [
            _("Person"), _("Visits"), _("Hours booked"), _("Use of their time"), _("Before that"),
            _("Value"),
        ]  # fmt: skip
        return Table("staff", _("By person"), head, rows, uses)

    def services(self) -> Table:
        """By service."""
        _ = self.language.words.gettext
        names = {each.key: each.name for each in self.directory.business.service}
        return self._shared(
            "services", _("By service"), _("Service"), self.report.now.services, names
        )

    def sources(self) -> Table:
        """By who booked it."""
        _ = self.language.words.gettext
        names = {
            ActorKind.VISITOR.value: _("Online, by the client"),
            ActorKind.ACCOUNT.value: _("At the desk"),
            ActorKind.KEY.value: _("By a program"),
            ActorKind.AGENT.value: _("By an agent"),
            ActorKind.SYSTEM.value: _("By Bookonce"),
        }
        title, who = _("By way of booking"), _("Way")
        return self._shared("sources", title, who, self.report.now.sources, names)

    def _shared(
        self,
        key: str,
        title: str,
        who: str,
        shares: Sequence[Share],
        names: dict[str, str],
    ) -> Table:
        _ = self.language.words.gettext
        whole = sum(share.visits for share in shares) or 1
        percents = [round(share.visits * 100 / whole) for share in shares]
        rows = [
            [
                names.get(share.key, share.key),
                self._number(share.visits),
                self.language.percent(percent),
                self._amount(share.amount_minor, self.currency),
            ]
            for share, percent in zip(shares, percents, strict=True)
        ]
        return Table(key, title, [who, _("Visits"), _("Share"), _("Value")], rows, percents)

    def days(self) -> Table:
        """Each date."""
        _ = self.language.words.gettext
        rows = [
            [
                self.language.day(each.day),
                self._number(each.visits),
                self._amount(each.amount_minor, self.currency),
            ]
            for each in self.report.by_day
        ]
        return Table("days", _("By day"), [_("Date"), _("Visits"), _("Value")], rows)

    def _number(self, number: int) -> str:
        return str(format_decimal(number, locale=self.language.locale))

    def _hours(self, minutes: int) -> str:
        return str(format_decimal(round(minutes / 60, 1), locale=self.language.locale))

    def _amount(self, amount_minor: int, currency: str) -> str:
        return self.language.amount(money.major(amount_minor, currency), currency)

    def _ahead(self, hours: float | None) -> str:
        return "–" if hours is None else self.language.span(max(60, round(hours) * 60))


def _use(minutes: int, open_min: int) -> int | None:
    """How much of the time that could be booked was, in percent; None: there was none."""
    return round(minutes * 100 / open_min) if open_min else None


def _missed_share(language: Language, figures: Figures) -> str:
    due = figures.totals.visits + figures.totals.missed
    return language.percent(round(figures.totals.missed * 100 / due)) if due else "–"


def as_csv(tables: Iterable[Table]) -> str:
    """Tables below each other, as a spreadsheet takes them: what it would compute is quoted."""
    return BYTE_ORDER_MARK + lines(
        row for table in tables for row in ([table.title], table.head, *table.rows, [])
    )
