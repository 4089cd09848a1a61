"""Which kinds of events have followers, so that an event is relayed to the queue only if it has.

Whoever appends an event doesn't know its followers. They are declared once for each process, by
`bookonce/followers.py`; adding one changes no statement.
"""

from __future__ import annotations

from collections.abc import Iterable

from bookonce.events.catalogue import KINDS

_followed: set[str] | None = None


def declare(kinds: Iterable[str]) -> None:
    """Say which kinds are followed. Raises ValueError on a kind that the catalogue lacks."""
    global _followed  # noqa: PLW0603
    named = set(kinds)
    if unknown := named - KINDS.keys():
        raise ValueError(f"no such kind of event: {', '.join(sorted(unknown))}")
    _followed = named


def is_followed(kind: str) -> bool:
    """Whether something is to be done about events of a kind."""
    if _followed is None:
        raise RuntimeError("import bookonce.followers before an event is appended")
    return kind in _followed
