"""What one version of a business says differently from another, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bookonce.business.document import Business
from bookonce.business.tree import as_tree

SHOWN_LENGTH_MAX = 300


def changes(before: Business | None, after: Business) -> list[str]:
    """What `after` says differently, a line each; empty when nothing is."""
    if before is None:
        return [f"business {after.business.slug}: created"]
    old, new = _by_key(as_tree(before)), _by_key(as_tree(after))
    found = list(_differences(old, new, ""))
    if not found and before != after:
        return ["order: changed"]
    return found


def _by_key(value: Any) -> Any:
    """Lists of keyed tables as dicts, so that order and position don't count as a change."""
    if isinstance(value, dict):
        return {name: _by_key(item) for name, item in value.items()}
    if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value):
        keyed = {}
        for index, item in enumerate(value):
            name = next(
                (name for name in ("key", "date", "from", "location", "language") if name in item),
                "",
            )
            keyed[item.get(name, index)] = {
                other: _by_key(v) for other, v in item.items() if other != name
            }
        return keyed
    return value


def _differences(old: Any, new: Any, place: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            inner = f"{place}.{name}" if place else str(name)
            if name not in old:
                yield f"{inner}: added{_shown(new[name])}"
            elif name not in new:
                yield f"{inner}: removed{_shown(old[name])}"
            else:
                yield from _differences(old[name], new[name], inner)
    elif old != new:
        yield f"{place}: {_plain(old)} → {_plain(new)}"


def _shown(value: Any) -> str:
    return "" if isinstance(value, dict) else f" {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, str) and len(value) > SHOWN_LENGTH_MAX:
        return f"{value[:SHOWN_LENGTH_MAX]}…"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)
