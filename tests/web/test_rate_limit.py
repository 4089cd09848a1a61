"""How often one client may try to change something, and who counts as one client."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar.types import Scope

from bookonce.web.client_address import client_address, network_of
from tests.factories import a_business, tomorrow_at
from tests.running import RunningServer
from tests.web.visitors import a_wish, refused

LIMIT = 5
_hosts = itertools.count(1)


def serving(
    new_database: Callable[[], str], scratch: Path, **settings: str
) -> Iterator[tuple[httpx.Client, str]]:
    """A server of our own with a limit, a visitor of it, and the API of a business there."""
    environment = {"BOOKONCE_RATE_LIMIT": f"{LIMIT}/minute"} | settings
    running = RunningServer(new_database(), scratch / "limited", environment=environment)
    with running, httpx.Client(base_url=running.base_url, timeout=30) as client:
        business = a_business()
        running.apply(business)
        yield client, f"/api/v1/{business.business.slug}"


@pytest.fixture(scope="module")
def behind_proxy(
    new_database: Callable[[], str], scratch: Path
) -> Iterator[tuple[httpx.Client, str]]:
    """A server that trusts a proxy on this machine, and one at 10.0.0.9."""
    yield from serving(new_database, scratch, BOOKONCE_TRUSTED_PROXIES="127.0.0.1, 10.0.0.9/32")


@pytest.fixture
def address() -> str:
    """Somebody's address that no other test has used up."""
    return f"203.0.113.{next(_hosts)}"


def knock(visitor: httpx.Client, api: str, forwarded: str | None = None) -> httpx.Response:
    """A request that changes nothing but counts."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return visitor.post(f"{api}/book", json={}, headers=headers)


def knock_until_refused(visitor: httpx.Client, api: str, forwarded: str | None = None) -> None:
    for _ in range(LIMIT):
        assert knock(visitor, api, forwarded).status_code == 422
    refused(knock(visitor, api, forwarded), 429, "RATE_LIMITED")


class TestBehindATrustedProxy:
    def test_it_works(self, behind_proxy: tuple[httpx.Client, str], address: str) -> None:
        visitor, api = behind_proxy
        headers = {"X-Forwarded-For": address}
        for minutes in range(LIMIT):
            start = tomorrow_at(10 + minutes)
            answer = visitor.post(f"{api}/book", json=a_wish(start), headers=headers)
            assert answer.status_code == 201
        answer = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(20)), headers=headers)
        refused(answer, 429, "RATE_LIMITED")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.headers["x-request-id"]

    def test_each_answer_of_the_api_says_what_is_left(
        self, behind_proxy: tuple[httpx.Client, str], address: str
    ) -> None:
        visitor, api = behind_proxy
        headers = {"X-Forwarded-For": address}
        told = [visitor.post(f"{api}/book", json={}, headers=headers) for _ in range(LIMIT + 1)]
        assert {answer.headers["ratelimit-policy"] for answer in told} == {
            f'"default";q={LIMIT};w=60'
        }
        left = [f'"default";r={number};t=60' for number in (4, 3, 2, 1, 0, 0)]
        assert [answer.headers["ratelimit"] for answer in told] == left
        assert told[-1].status_code == 429
        page = visitor.get(api.replace("/api/v1", ""), headers=headers)
        assert "ratelimit" not in page.headers

    def test_reading_is_free(self, behind_proxy: tuple[httpx.Client, str], address: str) -> None:
        visitor, api = behind_proxy
        knock_until_refused(visitor, api, address)
        for path in (api, f"{api}/services", f"{api}/staff", "/healthz", "/readyz", "/schema"):
            for method in ("GET", "OPTIONS"):
                answer = visitor.request(method, path, headers={"X-Forwarded-For": address})
                assert answer.status_code in (200, 204)

    def test_every_verb_that_changes_counts(
        self, behind_proxy: tuple[httpx.Client, str], address: str
    ) -> None:
        visitor, api = behind_proxy
        headers = {"X-Forwarded-For": address}
        verbs = ["book", "appointments/x/cancellation", "appointments/x/move", "nothing"]
        for verb in [*verbs, "book"]:
            assert visitor.post(f"{api}/{verb}", headers=headers).status_code != 429
        for verb in verbs:
            refused(visitor.post(f"{api}/{verb}", headers=headers), 429, "RATE_LIMITED")

    def test_clients_are_told_apart(
        self, behind_proxy: tuple[httpx.Client, str], address: str
    ) -> None:
        visitor, api = behind_proxy
        knock_until_refused(visitor, api, address)
        knock_until_refused(visitor, api, f"203.0.113.{next(_hosts)}")

    def test_what_a_client_writes_left_of_its_own_address_changes_nothing(
        self, behind_proxy: tuple[httpx.Client, str], address: str
    ) -> None:
        visitor, api = behind_proxy
        for number in range(LIMIT):
            assert knock(visitor, api, f"198.51.100.{number}, {address}").status_code == 422
        for spoofed in (f"198.51.100.99, {address}", f"127.0.0.1,{address}", f"x, {address}"):
            refused(knock(visitor, api, spoofed), 429, "RATE_LIMITED")

    def test_trusted_proxies_on_the_way_are_passed_over(
        self, behind_proxy: tuple[httpx.Client, str], address: str
    ) -> None:
        visitor, api = behind_proxy
        knock_until_refused(visitor, api, f"198.51.100.1, {address}, 10.0.0.9")
        refused(knock(visitor, api, address), 429, "RATE_LIMITED")

    def test_an_ipv6_client_is_its_whole_network(
        self, behind_proxy: tuple[httpx.Client, str]
    ) -> None:
        visitor, api = behind_proxy
        for number in range(LIMIT):
            assert knock(visitor, api, f"2001:db8:1:2::{number:x}").status_code == 422
        refused(knock(visitor, api, "2001:db8:1:2:ffff::1"), 429, "RATE_LIMITED")
        assert knock(visitor, api, "2001:db8:1:3::1").status_code == 422


def test_without_the_setting_what_clients_write_of_themselves_changes_nothing(
    new_database: Callable[[], str], scratch: Path
) -> None:
    for visitor, api in serving(new_database, scratch):
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
        booked = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10)), headers=headers)
        assert booked.json()["manage_url"].startswith(str(visitor.base_url))
        for number in range(1, LIMIT):
            assert knock(visitor, api, f"203.0.113.{number}").status_code == 422
        for spoofed in ("203.0.113.99", "127.0.0.1", "::1", "", None):
            refused(knock(visitor, api, spoofed), 429, "RATE_LIMITED")


class TestKey:
    def test_an_ipv4_address_counts_for_itself(self) -> None:
        assert network_of("192.0.2.1") != network_of("192.0.2.2")

    @pytest.mark.parametrize(
        "one, other",
        [
            ("2001:db8::1", "2001:db8::2"),
            ("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff"),
            ("2001:DB8::1", "2001:db8:0:0:0:0:0:1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::2%eth0"),
        ],
    )
    def test_addresses_that_one_host_may_have_count_together(self, one: str, other: str) -> None:
        assert network_of(one) == network_of(other)

    @pytest.mark.parametrize(
        "one, other",
        [
            ("2001:db8::1", "2001:db8:0:1::1"),
            ("2001:db8::1", "2001:db9::1"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ],
    )
    def test_other_networks_count_apart(self, one: str, other: str) -> None:
        assert network_of(one) != network_of(other)

    def test_what_is_no_address_counts_for_itself(self) -> None:
        assert network_of("unknown") == "unknown"


class TestAddress:
    @staticmethod
    def asked(peer: str | None, *forwarded: str) -> Scope:
        scope: dict[str, Any] = {
            "client": None if peer is None else (peer, 1),
            "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
        }
        return cast("Scope", scope)

    PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))

    @pytest.mark.parametrize(
        "peer, forwarded, expected",
        [
            ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),  # the peer isn't a proxy
            ("10.0.0.1", [], "10.0.0.1"),
            ("10.0.0.1", [""], "10.0.0.1"),
            ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),  # two header lines
            ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", ["1.1.1.1, nonsense"], "10.0.0.1"),  # right of it nothing is known
            ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),  # as some proxies write it
            ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
            (None, ["198.51.100.1"], "unknown"),
        ],
    )
    def test_it_is_the_rightmost_that_is_no_trusted_proxy(
        self, peer: str | None, forwarded: list[str], expected: str
    ) -> None:
        assert client_address(self.asked(peer, *forwarded), self.PROXIES) == expected
