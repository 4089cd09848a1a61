"""How many entries a page of a list has."""

from __future__ import annotations

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
