"""What roles and rights are called."""

from __future__ import annotations

from babel.support import NullTranslations

from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Status
from bookonce.keys.scopes import Scope
from bookonce.platform.actor import Role


def role_name(role: Role, words: NullTranslations) -> str:
    """A role, as people call it."""
    _ = words.gettext
    return {
        Role.OWNER: _("Owner"),
        Role.MANAGER: _("Manager"),
        Role.RECEPTION: _("Reception"),
        Role.STAFF: _("Staff"),
    }[role]


def role_summary(role: Role, words: NullTranslations) -> str:
    """What a role is for."""
    _ = words.gettext
    return {
        Role.OWNER: _("May do everything, and decides who else may."),
        Role.MANAGER: _("Runs the business: calendars, clients, settings, team."),
        Role.RECEPTION: _("Everyone's calendar and the clients."),
        Role.STAFF: _("Their own calendar."),
    }[role]


def right_name(right: Right, words: NullTranslations) -> str:
    """A right, as people call it."""
    _ = words.gettext
    return {
        Right.SEE_CALENDAR: _("See the own calendar"),
        Right.SEE_ALL_CALENDARS: _("See everyone's calendar"),
        Right.BOOK: _("Book appointments"),
        Right.MOVE: _("Move appointments"),
        Right.CANCEL: _("Cancel appointments"),
        Right.MARK: _("Mark as done or missed"),
        Right.BLOCK: _("Block time"),
        Right.BREAK_RULES: _("Book outside the rules"),
        Right.OVERBOOK: _("Overbook"),
        Right.SEE_CLIENTS: _("See clients"),
        Right.EDIT_CLIENTS: _("Change clients"),
        Right.SETTINGS: _("Change settings"),
        Right.MONEY: _("Money"),
        Right.EXPORT: _("Export"),
        Right.TEAM: _("Manage the team"),
        Right.HISTORY: _("See the history"),
        Right.KEYS: _("Manage keys for programs"),
    }[right]


def status_name(status: Status, words: NullTranslations) -> str:
    """The state of an appointment, as people call it."""
    _ = words.gettext
    return {
        Status.HELD: _("held"),
        Status.CONFIRMED: _("confirmed"),
        Status.COMPLETED: _("done"),
        Status.CANCELLED: _("cancelled"),
        Status.NO_SHOW: _("missed"),
        Status.EXPIRED: _("expired"),
    }[status]


def scope_name(scope: Scope, words: NullTranslations) -> str:
    """What a key is for, as people call it."""
    _ = words.gettext
    return {
        Scope.READ: _("Read"),
        Scope.BOOK: _("Book"),
        Scope.OFFICE: _("Office"),
        Scope.SETTINGS: _("Settings"),
    }[scope]


def scope_summary(scope: Scope, words: NullTranslations) -> str:
    """What a key may do with it."""
    _ = words.gettext
    return {
        Scope.READ: _("Calendars, clients, what happened."),
        Scope.BOOK: _("Book, move and cancel appointments."),
        Scope.OFFICE: _("Everything that is done at the desk."),
        Scope.SETTINGS: _("Hours, services, prices, rules."),
    }[scope]
