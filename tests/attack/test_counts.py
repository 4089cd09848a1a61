"""Counts that workers share, and what they bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from bookonce.platform.errors import PaymentDeclinedError, RateLimitedError
from bookonce.platform.settings import Settings
from bookonce.web import counts
from bookonce.web.automation import Automation
from bookonce.web.booking_page.bots import Bots
from bookonce.web.client_address import wider_networks
from bookonce.web.counts import FILE_BYTES, Counts, Kind

MINUTE_S = 60
NOON_S = 1_800_000_000 // MINUTE_S * MINUTE_S
DECLINES_MAX = 10


def allowed(counted: Counts, client: str, now_s: float, tries: int = 50, times: int = 1) -> int:
    return sum(not counted.wait_s(client, now_s, times) for _ in range(tries))


class TestCounts:
    def test_it_works(self) -> None:
        counted = Counts(Kind.CHANGES, "5/minute")
        assert allowed(counted, "a", NOON_S) == 5
        assert allowed(counted, "b", NOON_S) == 5

    def test_the_window_before_counts_as_far_as_it_is_near(self) -> None:
        counted = Counts(Kind.CHANGES, "10/minute")
        assert allowed(counted, "a", NOON_S) == 10
        assert allowed(counted, "a", NOON_S + MINUTE_S) == 0
        assert allowed(counted, "a", NOON_S + MINUTE_S + 30) == 5
        assert allowed(counted, "a", NOON_S + 3 * MINUTE_S) == 10

    @pytest.mark.parametrize("later_s", [0, 1, 20, 59])
    def test_who_waits_as_long_as_told_gets_through(self, later_s: int) -> None:
        counted = Counts(Kind.CHANGES, "7/minute")
        assert allowed(counted, "a", NOON_S) == 7
        now_s = NOON_S + later_s
        wait_s = counted.wait_s("a", now_s)
        assert 1 <= wait_s <= MINUTE_S * 2
        assert counted.wait_s("a", now_s + wait_s) == 0

    def test_a_wider_network_may_do_more(self) -> None:
        counted = Counts(Kind.CHANGES, "5/minute")
        assert allowed(counted, "a", NOON_S, times=4) == 20

    def test_what_is_given_back_counts_no_more(self) -> None:
        counted = Counts(Kind.CHANGES, "1/day")
        for _ in range(3):
            assert counted.wait_s("a", NOON_S) == 0
            counted.add("a", NOON_S, -1)

    def test_large_rates_are_counted_in_steps(self) -> None:
        counted = Counts(Kind.READS, "1000000/day")
        assert allowed(counted, "a", NOON_S) == 50
        counted.add("a", NOON_S, 2_000_000)
        assert counted.wait_s("a", NOON_S) > 0

    def test_workers_with_one_file_count_together(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(counts.FILE, counts.make_file(str(tmp_path)))
        one, other = Counts(Kind.CHANGES, "5/minute"), Counts(Kind.CHANGES, "5/minute")
        assert allowed(one, "a", NOON_S, tries=3) == 3
        assert allowed(other, "a", NOON_S) == 2
        assert allowed(Counts(Kind.READS, "5/minute"), "a", NOON_S) == 5
        (file,) = tmp_path.iterdir()
        assert file.stat().st_size == FILE_BYTES
        assert file.stat().st_mode & 0o077 == 0

    def test_a_flood_of_clients_refuses_nobody_else(self) -> None:
        counted = Counts(Kind.CHANGES, "60/minute")
        for number in range(20_000):
            counted.wait_s(f"2001:db8:{number:x}::/64", NOON_S)
        assert allowed(counted, "192.0.2.1", NOON_S) == 50


@pytest.mark.parametrize(
    "network, expected",
    [
        ("192.0.2.1", [("192.0.2.1", 1)]),
        ("unknown", [("unknown", 1)]),
        (
            "2001:db8:1:2ff::/64",
            [("2001:db8:1:2ff::/64", 1), ("2001:db8:1:200::/56", 2), ("2001:db8:1::/48", 4)],
        ),
    ],
)
def test_networks_around(network: str, expected: list[tuple[str, int]]) -> None:
    assert wider_networks(network) == expected


def automation_with(settings: Settings) -> Automation:
    return Automation(settings, Bots(settings))


class TestDeclines:
    @staticmethod
    def decline(automation: Automation, network: str) -> None:
        with pytest.raises(PaymentDeclinedError), automation.payment(network):
            raise PaymentDeclinedError("no", attempts_left=1)

    def test_so_many_are_let_through(self, tmp_path: Path) -> None:
        automation = automation_with(Settings(data_dir=tmp_path))
        for _ in range(2 * DECLINES_MAX):
            with automation.payment("192.0.2.1"):
                pass  # it was paid, so it counts for nothing
        for _ in range(DECLINES_MAX):
            self.decline(automation, "192.0.2.1")
        with pytest.raises(RateLimitedError) as caught, automation.payment("192.0.2.1"):
            pass
        assert caught.value.facts["wait_s"] > 0
        self.decline(automation, "192.0.2.2")

    def test_where_rates_are_not_limited_all_are(self, tmp_path: Path) -> None:
        automation = automation_with(Settings(data_dir=tmp_path, rate_limit=None))
        for _ in range(5 * DECLINES_MAX):
            self.decline(automation, "192.0.2.1")
