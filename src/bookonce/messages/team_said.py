"""What a message about an appointment says first to a staff member or the owner."""

from __future__ import annotations

from collections.abc import Callable

from bookonce.business.messages import MessageKind


def said_to_team(kind: MessageKind, _: Callable[[str], str]) -> tuple[str, str, str]:
    """Subject, heading, and a paragraph; empty if the rest says it all."""
    return {
        MessageKind.MOVED: (_("Moved: %(service)s, %(when)s"), _("An appointment was moved"), ""),
        MessageKind.RESIZED: (
            _("New end: %(service)s, %(when)s"),
            _("An appointment ends at another time"),
            "",
        ),
        MessageKind.REZONED: (
            _("The time stays: %(service)s, %(when)s"),
            _("An appointment keeps its time"),
            rezoned(_),
        ),
        MessageKind.CHANGED: (
            _("Changed: %(service)s, %(when)s"),
            _("Whom an appointment is for was put right"),
            "",
        ),
        MessageKind.OVERBOOKED: (
            _("Overbooked: %(service)s, %(when)s"),
            _("An appointment lies over another"),
            _("It was put over another appointment of the same person on purpose."),
        ),
        MessageKind.CANCELLED: (
            _("Cancelled: %(service)s, %(when)s"),
            _("An appointment was cancelled"),
            "",
        ),
        MessageKind.TAKEN_OFF: (
            _("Not yours any more: %(service)s, %(when)s"),
            _("Somebody else has this appointment now"),
            "",
        ),
    }.get(kind, (_("New: %(service)s, %(when)s"), _("New appointment"), ""))


def rezoned(_: Callable[[str], str]) -> str:
    """That the clock's rules changed and the time didn't."""
    still = _("The rules of the clock there have changed. The time that you were told still holds.")
    again = _("If your calendar shows another time, add the appointment again.")
    return f"{still} {again}"
