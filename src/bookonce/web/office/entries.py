"""The entries of the bar at the top: what there is in the office of a business, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

from babel.support import NullTranslations

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the office: its part of the address, and the right that shows it."""

    path: str
    right: Right


ENTRIES = (
    Entry("", Right.SEE_CALENDAR),
    Entry("calendar", Right.SEE_CALENDAR),
    Entry("clients", Right.SEE_CLIENTS),
    Entry("messages", Right.SEE_CLIENTS),
    Entry("reports", Right.MONEY),
    Entry("history", Right.HISTORY),
    Entry("team", Right.TEAM),
    Entry("keys", Right.KEYS),
    Entry("webhooks", Right.SETTINGS),
    Entry("settings", Right.SETTINGS),
)
"""In the order of the bar. Who adds a page adds a line here, and its name below."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as somebody sees it."""

    name: str
    url: str
    is_here: bool


def _names(words: NullTranslations) -> dict[str, str]:
    _ = words.gettext
    return {
        "": _("Today"),
        "calendar": _("Calendar"),
        "clients": _("Clients"),
        "messages": _("Messages"),
        "reports": _("Reports"),
        "history": _("History"),
        "team": _("Team"),
        "keys": _("API keys"),
        "webhooks": _("Webhooks"),
        "settings": _("Settings"),
    }


def shown(slug: str, access: Access, path: str, words: NullTranslations) -> list[Shown]:
    """The entries that an account sees, and which of them it is at. `path` is that of the page."""
    home, names = f"/office/{slug}", _names(words)
    part = path.removeprefix(home).strip("/").partition("/")[0]
    return [
        Shown(
            names[entry.path],
            f"{home}/{entry.path}" if entry.path else home,
            entry.path == part,
        )
        for entry in ENTRIES
        if access.may(entry.right)
    ]
