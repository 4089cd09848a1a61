"""From a booking at a real server, by page and by API, to a real mail server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.factories import a_business, tomorrow_at
from tests.messages.conftest import SENDER
from tests.messages.post import Post, Received
from tests.running import RunningServer


def await_mail(post: Post, to: str) -> Received:
    """The first mail to an address, when it has come."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := post.to(to):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no mail to {to} came")


def test_a_booking_by_the_api_is_confirmed_in_the_language_of_its_request(
    new_database: Callable[[], str], tmp_path: Path, post: Post
) -> None:
    settings = {
        "BOOKONCE_SMTP_URL": post.url,
        "BOOKONCE_MAIL_FROM": SENDER,
        "BOOKONCE_PUBLIC_URL": "https://book.example",
    }
    running = RunningServer(new_database(), tmp_path / "server", environment=settings, jobs=True)
    with running as server:
        business = a_business(locale="de")
        server.apply(business)
        slug = business.business.slug
        for name, accepted in (("yan", "fr-CH, en;q=0.5"), ("kim", "")):
            answer = httpx.post(
                f"{server.base_url}/api/v1/{slug}/book",
                json={
                    "service": "cut",
                    "start": tomorrow_at(9 if name == "yan" else 11).isoformat(),
                    "client": {"name": name, "email": f"{name}@example.com"},
                },
                headers={"Accept-Language": accepted} if accepted else {},
                timeout=30,
            )
            assert answer.status_code == 201, answer.text
        french, own = await_mail(post, "yan@example.com"), await_mail(post, "kim@example.com")
    assert french.mail["Content-Language"] == "fr-CH"
    assert french.subject.startswith("Réservé")
    assert own.subject.startswith("Gebucht")
    assert f"https://book.example/{slug}/a/" in french.part("text/plain")
