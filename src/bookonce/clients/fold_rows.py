"""Texts as clients are searched by them: folded by the database, as `client.found_by` is."""

from __future__ import annotations

from collections.abc import Sequence

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_FOLD = Statement(
    """
    SELECT client_folded(text) FROM unnest(:texts::text[]) WITH ORDINALITY AS said (text, number)
    ORDER BY number
    """
)


async def folded(connection: Connection, texts: Sequence[str]) -> list[str]:
    """In small letters, without accents; in the same order."""
    return [row[0] for row in await _FOLD.rows(connection, texts=list(texts))]
