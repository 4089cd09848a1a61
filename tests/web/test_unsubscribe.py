"""Where a summary's link leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from bookonce.business.document import Business
from bookonce.messages import address_rows
from bookonce.platform.tokens import new_token, token_hash
from tests.factories import a_business
from tests.running import RunningServer

OWNER = "hello@lumen.example"
Serve = Callable[[Business], str]


@pytest.fixture
async def link(server: RunningServer, serve_business: Serve) -> str:
    """The path of a summary's link."""
    business = a_business(messages={"owner_copy": [OWNER]})
    serve_business(business)
    slug, token = business.business.slug, new_token()
    connection = await asyncpg.connect(server.database_url)
    try:
        business_id = await connection.fetchval(
            "SELECT business_id FROM business_slug WHERE slug = $1", slug
        )
        await address_rows.link(
            connection,
            business_id,
            OWNER,
            token_hash(token),
            datetime.now(UTC),
        )
    finally:
        await connection.close()
    return f"/{slug}/unsubscribe/{token}"


async def unsubscribed(server: RunningServer, link: str) -> bool:
    connection = await asyncpg.connect(server.database_url)
    try:
        return bool(
            await connection.fetchval(
                """
                SELECT unsubscribed_at IS NOT NULL FROM mail_address
                JOIN unsubscribe_link USING (business_id, address) WHERE token_hash = $1
                """,
                token_hash(link.rpartition("/")[2]),
            )
        )
    finally:
        await connection.close()


async def test_looking_changes_nothing_and_the_button_ends_them(
    http: httpx.AsyncClient, server: RunningServer, link: str
) -> None:
    shown = await http.get(link)
    assert shown.status_code == 200
    assert 'method="post"' in shown.text
    await http.head(link)
    assert not await unsubscribed(server, link)
    done = await http.post(link)
    assert done.status_code == 200
    assert "You get no more summaries" in done.text
    assert await unsubscribed(server, link)


async def test_a_mail_program_does_it_with_one_click_and_again(
    http: httpx.AsyncClient, server: RunningServer, link: str
) -> None:
    for _ in range(2):
        done = await http.post(link, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    assert await unsubscribed(server, link)


async def test_another_link_and_another_business_s_lead_nowhere(
    http: httpx.AsyncClient, server: RunningServer, link: str, serve_business: Serve
) -> None:
    other = a_business()
    serve_business(other)
    token = link.rpartition("/")[2]
    for path in (
        f"/{other.business.slug}/unsubscribe/{token}",
        link[:-3] + "xyz",
        link + "%00",
    ):
        assert (await http.post(path)).status_code == 404
        assert (await http.get(path)).status_code == 404
    assert not await unsubscribed(server, link)
